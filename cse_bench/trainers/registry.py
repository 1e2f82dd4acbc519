"""The trainers there are: one line each."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from cse_bench.errors import InputError, did_you_mean
from cse_bench.trainers.base import Trainer

TRAINERS = {
    "ppmi-svd": "cse_bench.trainers.ppmi_svd:PpmiSvd",
    "prod2vec-cbow": "cse_bench.trainers.prod2vec_cbow:Prod2vecCbow",
    "prod2vec-sgns": "cse_bench.trainers.prod2vec_sgns:Prod2vecSgns",
    "ials": "cse_bench.trainers.ials:Ials",
    "random": "cse_bench.trainers.random:Random",
}


def get_trainer(name: str, **parameters: Any) -> Trainer:
    """Make a trainer by name.

    Parameters
    ----------
    name : str
        One of `TRAINERS`.
    **parameters
        Passed to its ``__init__``.

    Raises
    ------
    InputError
        If there is no such trainer or parameter, or one is beyond its limits.
    """
    cls = trainer_class(name)
    known = inspect.signature(cls).parameters
    for parameter in parameters:
        if parameter not in known:
            raise InputError(
                f"{name} has no parameter {parameter!r}", did_you_mean(parameter, sorted(known))
            )
    trainer = cls(**parameters)
    trainer.check_limits()
    return trainer


def trainer_class(name: str) -> type[Trainer]:
    """The class of a trainer, without making one; see `get_trainer`."""
    if name not in TRAINERS:
        raise InputError(f"there is no trainer called {name!r}", did_you_mean(name, list(TRAINERS)))
    module, attribute = TRAINERS[name].split(":")
    cls: type[Trainer] = getattr(importlib.import_module(module), attribute)
    return cls


def read_settings(trainer: str, given: dict[str, str]) -> dict[str, Any]:
    """Parameters of a trainer from text, of the types that their defaults have.

    Parameters
    ----------
    trainer : str
        Its name.
    given : dict of str to str
        Parameter → value.

    Raises
    ------
    InputError
        If there is no such trainer or parameter, or a value is none.
    """
    known = inspect.signature(trainer_class(trainer)).parameters
    settings: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise InputError(
                f"{trainer} has no parameter {name!r}", did_you_mean(name, sorted(known))
            )
        kind = type(known[name].default)
        try:
            settings[name] = kind(text)
        except ValueError:
            raise InputError(
                f"{name} = {text!r} is no {kind.__name__}",
                f"the default is {known[name].default!r}",
            ) from None
    return settings
