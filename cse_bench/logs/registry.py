"""The logs that `cse-bench build` can read: one line each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from cse_bench.errors import InputError, did_you_mean
from cse_bench.logs.schema import Log

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

READERS = {
    "completejourney": "The Complete Journey (84.51°): a year of 2,469 households in 457 stores",
}


def read_log(source: str, engine: BaseBackend) -> Log:
    """Open a log on an engine.

    Parameters
    ----------
    source : str
        One of `READERS`.
    engine : ibis backend
        Where the log's tables shall be read.

    Returns
    -------
    Log

    Raises
    ------
    InputError
        If there is no such reader.
    """
    if source not in READERS:
        raise InputError(f"there is no log called {source!r}", did_you_mean(source, list(READERS)))
    module = importlib.import_module(f"cse_bench.logs.{source}")
    log: Log = module.read(engine)
    return log
