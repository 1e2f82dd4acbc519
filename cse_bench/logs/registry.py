"""The logs that `cse-bench build` can read: one line each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.errors import InputError, did_you_mean
from cse_bench.logs.schema import Log

if TYPE_CHECKING:
    from ibis.backends import BaseBackend


@dataclass(frozen=True)
class Reader:
    """A reader of logs.

    Attributes
    ----------
    module : str
        Its module, in this package; it has ``read(engine, options)``.
    options : str
        The dataclass there that says what the reader can be told.
    about : str
        One line.
    """

    module: str
    options: str
    about: str


READERS = {
    "completejourney": Reader(
        "completejourney",
        "JourneyOptions",
        "The Complete Journey (84.51°): a year of 2,469 households in 457 stores",
    ),
    "tabular": Reader("tabular", "TabularOptions", "any shop's tables: Parquet, CSV or JSON Lines"),
    "synthetic": Reader(
        "synthetic", "SyntheticOptions", "an invented log of any size, whose truth is known"
    ),
}

ARCHIVES = {"coveo": "the archive released with the paper (version 1.1.0), for those who hold it"}
"""Sources that already are pseudonymous vectors and sessions; see `building.archive`."""


def find_reader(source: str) -> Reader:
    """A reader by name.

    Raises
    ------
    InputError
        If there is none.
    """
    if source not in READERS:
        hint = did_you_mean(source, [*READERS, *ARCHIVES])
        if Path(source).suffix or Path(source).exists():
            hint = f"a log of your own is read by tabular: build tabular --events {source}"
        raise InputError(f"there is no log called {source!r}", hint)
    return READERS[source]


def make_options(source: str, given: dict[str, Any]) -> Any:
    """The options of a reader, from what the user gave.

    Parameters
    ----------
    source : str
        Name of the reader.
    given : dict of str to value
        Options by name; those that are None were not given.

    Raises
    ------
    InputError
        If the reader knows no such option.
    """
    reader = find_reader(source)
    cls = getattr(importlib.import_module(f"cse_bench.logs.{reader.module}"), reader.options)
    known = [f.name for f in fields(cls)]
    # The command line gives every option that it has, most of them as None: name no others there.
    told = [name for name in known if name in given] if None in given.values() else known
    wanted = {name: value for name, value in given.items() if value not in (None, ())}
    for name in wanted:
        if name not in known:
            raise InputError(
                f"the log {source!r} takes no --{spelled(name)}",
                f"it takes: {', '.join('--' + spelled(n) for n in told) or 'nothing'}",
            )
    return cls(**wanted)


def spelled(name: str) -> str:
    """An option as the command line spells it."""
    return {"kinds": "kind", "ordered": "unordered"}.get(name, name).replace("_", "-")


def refuse_without_log(meant: dict[str, Any]) -> None:
    """Refuse an option that is about a log where none is given.

    Raises
    ------
    InputError
        Naming the first that has a value.
    """
    for name, value in meant.items():
        if value not in (None, ()):
            raise InputError(
                f"--{spelled(name)} is about a log, and none is given",
                "--log SOURCE --key-file FILE",
            )


def read_log(source: str, engine: BaseBackend, options: Any = None) -> Log:
    """Open a log on an engine.

    Parameters
    ----------
    source : str
        One of `READERS`.
    engine : ibis backend
        Where the log's tables shall be read.
    options : object, optional
        From `make_options`; the reader's defaults without.

    Returns
    -------
    Log

    Raises
    ------
    InputError
        If there is no such reader, or the log cannot be read.
    """
    reader = find_reader(source)
    module = importlib.import_module(f"cse_bench.logs.{reader.module}")
    log: Log = module.read(engine, make_options(source, {}) if options is None else options)
    return log
