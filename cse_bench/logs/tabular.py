"""Any shop's log in tables: events, and where there are some, a catalogue and queries."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from cse_bench.errors import InputError, did_you_mean
from cse_bench.logs.files import read_table
from cse_bench.logs.find import TableFiles, find_files
from cse_bench.logs.pauses import cut_sessions
from cse_bench.logs.schema import CATALOGUE, EVENTS, QUERIES, Drop, Log
from cse_bench.logs.typed import one_row, optional_text, read_rows, text_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

COLUMNS = {
    "events": (("user", "product", "timestamp"), ("shop", "session", "kind")),
    "catalogue": (("product",), ("shop", "title", "category", "content")),
    "queries": (("user", "timestamp", "text"), ("shop", "session")),
}
"""Table → columns that must be there, columns that may."""

SESSION_GAP_MINUTES = 30.0

NUMBERS = r"^[-+]?[0-9.]+([eE][-+]?[0-9]+)?(,[-+]?[0-9.]+([eE][-+]?[0-9]+)?)*$"
"""A list of numbers, without brackets and spaces."""

LICENCE = re.compile(r"(?!(other|unknown|none)$)[a-z0-9][a-z0-9.+-]{1,40}")
"""A licence that says something, as the Hub names it."""


@dataclass(frozen=True)
class TabularOptions:
    """What the reader is told.

    Attributes
    ----------
    events : tuple of str
        Files, globs, directories or URLs; ``SHOP=…`` names the shop of a log that has no column
        of it.
    catalogue : tuple of str
        Likewise; without a shop, a row describes the product in every shop.
    queries : tuple of str
        Likewise; what users typed, and when.
    kinds : tuple of str
        Keep only the events of these kinds; empty for all.
    mapping : Path, optional
        A TOML file whose tables ``[events]``, ``[catalogue]`` and ``[queries]`` say
        ``ours = "theirs"``.
    session_gap : float
        Minutes without an event after which a new session begins, where the log has no sessions.
    ordered : bool
        Whether timestamps order the products of a session.
    licence : str, optional
        Under which its owner lets a release be passed on, as the Hub names it (``cc-by-4.0``);
        without one it may not be.
    """

    events: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    mapping: Path | None = None
    session_gap: float = SESSION_GAP_MINUTES
    ordered: bool = True
    licence: str | None = None


def read(engine: BaseBackend, options: TabularOptions) -> Log:
    """Read a log, and refuse what cannot be right before any work is done.

    Parameters
    ----------
    engine : ibis backend
        DuckDB or PySpark.
    options : TabularOptions
        What to read, and how.

    Returns
    -------
    Log

    Raises
    ------
    InputError
        Naming file, row and column of what is wrong.
    """
    if not options.events:
        raise InputError(
            "a tabular log needs its events", "--events FILE, as often as there are files"
        )
    if options.licence is not None and not LICENCE.fullmatch(options.licence):
        raise InputError(
            f"{options.licence!r} names no licence",
            "as the Hub names them: cc0-1.0, cc-by-4.0, mit",
        )
    if not options.session_gap > 0:
        raise InputError(f"a session gap of {options.session_gap:g} minutes is none")
    mapping, named = _read_mapping(options.mapping)
    if options.kinds:
        named["events"].add("kind")
    events, drops = _rows(engine, "events", "product", options.events, mapping, named)
    if options.kinds:
        events, dropped = _of_kinds(events, options.kinds)
        drops += dropped
    events = cut_sessions(events, options.session_gap)
    queries = None
    if options.queries:
        queries, dropped = _rows(engine, "queries", "text", options.queries, mapping, named)
        queries = queries.mutate(session=ibis.literal("log ") + queries.session)
        drops += dropped
    catalogue, dropped = _catalogue(
        engine, options.catalogue, mapping["catalogue"], named["catalogue"], events
    )
    return Log(
        name="tabular",
        events=events.select(*EVENTS),
        catalogue=catalogue,
        ordered=options.ordered,
        licence=options.licence or "other",
        redistributable=options.licence is not None,
        source="a private log",
        citation="none",
        queries=None if queries is None else queries.select(*QUERIES),
        session_gap=options.session_gap,
        drops=tuple(drops + dropped),
    )


def _read_mapping(path: Path | None) -> tuple[dict[str, dict[str, str]], dict[str, set[str]]]:
    """For each table: our column → theirs, ours where nothing is said; and which were named."""
    plain = {t: {c: c for part in columns for c in part} for t, columns in COLUMNS.items()}
    named: dict[str, set[str]] = {t: set() for t in COLUMNS}
    if path is None:
        return plain, named
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the mapping {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from None
    for table, columns in given.items():
        if table not in plain:
            raise InputError(f"{path}: there is no table [{table}]", did_you_mean(table, [*plain]))
        if not isinstance(columns, dict):
            raise InputError(f"{path}: [{table}] is no table", 'write [events] and user = "…"')
        for ours, theirs in columns.items():
            if ours not in plain[table]:
                hint = did_you_mean(ours, [*plain[table]])
                raise InputError(f"{path}: [{table}] has no column {ours!r} of ours", hint)
            if not isinstance(theirs, str):
                raise InputError(f"{path}: [{table}] {ours} = {theirs!r} is no column name")
            plain[table][ours] = theirs
            named[table].add(ours)
    return plain, named


def _split_shop(reference: str) -> tuple[str | None, TableFiles]:
    """``SHOP=files`` or ``files``."""
    name, equals, rest = reference.partition("=")
    if equals and "/" not in name and not Path(reference).exists():
        return name, find_files(rest)
    return None, find_files(reference)


def _rows(
    engine: BaseBackend,
    table: str,
    thing: str,
    references: tuple[str, ...],
    mapping: dict[str, dict[str, str]],
    named: dict[str, set[str]],
) -> tuple[ir.Table, list[Drop]]:
    """All rows of a table of what users did, from all its files."""
    parts, drops = [], []
    for reference in references:
        shop, files = _split_shop(reference)
        must = frozenset(named[table])
        rows, dropped = read_rows(engine, files, mapping[table], table, thing, shop, must)
        parts.append(rows)
        drops += dropped
    return ibis.union(*parts) if len(parts) > 1 else parts[0], drops


def _of_kinds(events: ir.Table, kinds: tuple[str, ...]) -> tuple[ir.Table, list[Drop]]:
    """The events of the given kinds."""
    wanted = events.kind.isin(kinds).fill_null(False)
    counts = events.aggregate(kept=wanted.sum(), rows=events.count()).to_pyarrow().to_pylist()[0]
    if not counts["kept"]:
        found = events.select("kind").distinct().limit(20).to_pyarrow()["kind"].to_pylist()
        if found == [None]:
            raise InputError("the column 'kind' of the events is empty in every row")
        raise InputError(
            f"no event is of the kind {' or '.join(kinds)}",
            f"the log has: {', '.join(sorted(map(str, found)))}",
        )
    dropped = int(counts["rows"] - counts["kept"])
    return events.filter(wanted), [Drop("events", "of another kind", dropped)] * (dropped > 0)


def _numbers_of(table: ir.Table, files: TableFiles, theirs: str) -> ir.ArrayValue:
    """Content vectors as lists of numbers; from text such as ``[0.1, 0.2]`` too."""
    content = table.content
    if content.type().is_array():
        return content.cast("array<float64>")
    bare = content.cast("string").re_replace(r"[\[\]\s]", "").nullif("")
    unread = (~bare.re_search(NUMBERS)).sum()  # null where there is none
    found = one_row(table.aggregate(unread=unread), files)
    if found["unread"]:
        raise InputError(
            f"{files}, column {theirs!r}: {found['unread']} cells are no lists of numbers",
            "wanted: [0.1, 0.2, …], all of one length",
        )
    return bare.split(",").try_cast("array<float64>")


def _catalogue(
    engine: BaseBackend,
    references: tuple[str, ...],
    mapping: dict[str, str],
    named: set[str],
    events: ir.Table,
) -> tuple[ir.Table, list[Drop]]:
    """At most one row for each shop and product; an empty catalogue where none is given."""
    if not references:
        sold = events.select("shop", "product").distinct()
        nothing = ibis.null("string")
        return sold.mutate(title=nothing, category=nothing).select(*CATALOGUE), []
    shops = events.select("shop").distinct()
    parts, drops = [], []
    for reference in references:
        shop, files = _split_shop(reference)
        always, _ = COLUMNS["catalogue"]
        must = named - {*always} - ({"shop"} if shop else set())
        table = read_table(engine, files, mapping, (*always, *sorted(must)))
        columns = {
            "product": text_of(table["product"]),
            "title": optional_text(table, "title"),
            "category": optional_text(table, "category"),
        }
        if "content" in table.columns:
            columns["content"] = _numbers_of(table, files, mapping["content"])
        typed = table.select(**columns)
        if shop:
            typed = typed.mutate(shop=ibis.literal(shop))
        elif "shop" in table.columns:
            typed = table.select(shop=text_of(table.shop), **columns)
        else:
            typed = typed.cross_join(shops)
        rows = typed.aggregate(
            rows=typed.count(), none=(typed["product"].isnull() | typed.shop.isnull()).sum()
        )
        missing = int(one_row(rows, files)["none"] or 0)
        if missing:
            drops.append(Drop("catalogue", "no shop or product", missing))
        parts.append(typed.filter(typed["product"].notnull() & typed.shop.notnull()))
    if any("content" in part.columns for part in parts):
        nothing = ibis.null("array<float64>")
        parts = [p if "content" in p.columns else p.mutate(content=nothing) for p in parts]
        parts = [p.select("shop", "product", "title", "category", "content") for p in parts]
    whole = ibis.union(*parts) if len(parts) > 1 else parts[0]
    order = [c for c in ("title", "category", "content") if c in whole.columns]
    first = ibis.row_number().over(ibis.window(group_by=["shop", "product"], order_by=order))
    single = whole.mutate(place=first).filter(lambda t: t.place == 0).drop("place")
    twice = int((whole.count().to_pyarrow()).as_py()) - int(single.count().to_pyarrow().as_py())
    if twice:
        drops.append(Drop("catalogue", "a second row of the same product", twice))
    return single, drops
