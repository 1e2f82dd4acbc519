"""The checked tables that every reader of a log gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cse_bench.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

EVENTS = ("shop", "user", "session", "product", "timestamp")
"""Columns of `Log.events`; all strings but `timestamp`; none is ever null. There may be further
columns, such as ``kind``, which the builder does not read."""

QUERIES = ("shop", "user", "session", "timestamp", "text")
"""Columns of `Log.queries`; all strings but `timestamp`; only `session` may be null."""

CATALOGUE = ("shop", "product", "title", "category")
"""Columns of `Log.catalogue`; all strings, `title` and `category` may be null. A further column
``content`` (array of floats) takes the place of vectors made from the title."""

PAIRS = ("left_shop", "left", "right_shop", "right")
"""Columns of `Log.pairs`, raw ids; `left_shop` sorts before `right_shop`."""


@dataclass(frozen=True)
class Drop:
    """Rows of a log that were left out, and why.

    Attributes
    ----------
    table : str
        Which table.
    reason : str
        Why.
    rows : int
        How many.
    """

    table: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Log:
    """Private raw tables of two or more shops, as lazy Ibis expressions on one engine.

    Attributes
    ----------
    name : str
        What the source is called on the command line.
    events : ibis Table
        One row for every product that a user met, with the columns `EVENTS`.
    catalogue : ibis Table
        At most one row for each shop and product, with the columns `CATALOGUE`.
    ordered : bool
        Whether a session's timestamps order its products; if not, sessions are baskets.
    licence : str
        SPDX-like licence of a release built from this log.
    redistributable : bool
        Whether a release may be passed on at all.
    source : str
        Where the log comes from, for the card.
    citation : str
        How to cite the log.
    pairs : ibis Table or None
        Pairs known to be the same product, with the columns `PAIRS`.
    pairs_basis : str or None
        Why the pairs may be released: ``consent`` or ``public``.
    queries : ibis Table or None
        What users typed, with the columns `QUERIES`.
    session_gap : float
        A query that names no session belongs to the one that is nearest, no more than so many
        minutes away.
    waivers : dict of str to str
        Privacy gate → why it need not hold: for public logs only.
    drops : tuple of Drop
        What the reader left out.
    """

    name: str
    events: ir.Table
    catalogue: ir.Table
    ordered: bool
    licence: str
    redistributable: bool
    source: str
    citation: str
    pairs: ir.Table | None = None
    pairs_basis: str | None = None
    queries: ir.Table | None = None
    session_gap: float = 30.0
    waivers: dict[str, str] = field(default_factory=dict)
    drops: tuple[Drop, ...] = ()

    def __post_init__(self) -> None:
        tables = [("events", self.events, EVENTS), ("catalogue", self.catalogue, CATALOGUE)]
        if self.pairs is not None:
            tables.append(("pairs", self.pairs, PAIRS))
        if self.queries is not None:
            tables.append(("queries", self.queries, QUERIES))
        for name, table, wanted in tables:
            missing = [column for column in wanted if column not in table.columns]
            if missing:
                raise InputError(
                    f"the log's table '{name}' lacks the column {missing[0]!r}",
                    f"its columns are {', '.join(table.columns)}",
                )
