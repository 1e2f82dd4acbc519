"""The trainers there are: one line each."""

from __future__ import annotations

import importlib
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
        If there is no such trainer.
    """
    trainer: Trainer = trainer_class(name)(**parameters)
    return trainer


def trainer_class(name: str) -> type[Trainer]:
    """The class of a trainer, without making one; see `get_trainer`."""
    if name not in TRAINERS:
        raise InputError(f"there is no trainer called {name!r}", did_you_mean(name, list(TRAINERS)))
    module, attribute = TRAINERS[name].split(":")
    cls: type[Trainer] = getattr(importlib.import_module(module), attribute)
    return cls
