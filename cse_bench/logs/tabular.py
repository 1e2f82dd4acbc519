"""Any shop's log in tables: events, and where there are some, a catalogue."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from cse_bench.errors import InputError, did_you_mean
from cse_bench.logs.files import TableFiles, find_files, locate, read_table, unreadable
from cse_bench.logs.schema import CATALOGUE, EVENTS, PAIRS, Drop, Log

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

COLUMNS = {
    "events": (("user", "product", "timestamp"), ("shop", "session")),
    "catalogue": (("product",), ("shop", "title", "category", "content")),
}
"""Table → columns that must be there, columns that may."""

SESSION_GAP_MINUTES = 30.0


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
    mapping : Path, optional
        A TOML file whose tables ``[events]`` and ``[catalogue]`` say ``ours = "theirs"``.
    session_gap : float
        Minutes without an event after which a new session begins, where the log has no sessions.
    ordered : bool
        Whether timestamps order the products of a session.
    """

    events: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()
    mapping: Path | None = None
    session_gap: float = SESSION_GAP_MINUTES
    ordered: bool = True


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
        raise InputError("a tabular log needs its events", "cse-bench build tabular --events FILE")
    if options.session_gap <= 0:
        raise InputError(f"a session gap of {options.session_gap:g} minutes is none")
    mapping = _read_mapping(options.mapping)
    parts, drops = [], []
    for reference in options.events:
        shop, files = _split_shop(reference)
        table, dropped = _events_of(engine, files, mapping["events"], shop)
        parts.append(table)
        drops += dropped
    events = ibis.union(*parts) if len(parts) > 1 else parts[0]
    events = cut_sessions(events, options.session_gap)
    catalogue, dropped = _catalogue(engine, options.catalogue, mapping["catalogue"], events)
    return Log(
        name="tabular",
        events=events.select(*EVENTS),
        catalogue=catalogue,
        ordered=options.ordered,
        licence="other",
        redistributable=False,
        source="a private log",
        citation="none",
        drops=tuple(drops + dropped),
    )


def _read_mapping(path: Path | None) -> dict[str, dict[str, str]]:
    """Our column → theirs, for each table; their names are ours where nothing is said."""
    plain = {t: {c: c for part in columns for c in part} for t, columns in COLUMNS.items()}
    if path is None:
        return plain
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
    return plain


def _split_shop(reference: str) -> tuple[str | None, TableFiles]:
    """``SHOP=files`` or ``files``."""
    name, equals, rest = reference.partition("=")
    if equals and "/" not in name and not Path(reference).exists():
        return name, find_files(rest)
    return None, find_files(reference)


def _events_of(
    engine: BaseBackend, files: TableFiles, mapping: dict[str, str], shop: str | None
) -> tuple[ir.Table, list[Drop]]:
    """Events of some files, typed and checked; anonymous rows and rows of no product are out."""
    required = COLUMNS["events"][0] + (() if shop else ("shop",))
    table = read_table(engine, files, mapping, required)
    raw = table.timestamp
    typed = table.select(
        shop=ibis.literal(shop) if shop else _text(table.shop),
        user=_text(table.user),
        session=_text(table.session) if "session" in table.columns else ibis.null("string"),
        product=_text(table["product"]),
        timestamp=parse_timestamp(raw),
        raw=raw,
    )
    counts = typed.aggregate(
        rows=typed.count(),
        no_shop=typed.shop.isnull().sum(),
        no_user=typed.user.isnull().sum(),
        no_product=(typed.user.notnull() & typed["product"].isnull()).sum(),
        no_time=typed.timestamp.isnull().sum(),
    )
    found = _one_row(counts, files)
    if not found["rows"]:
        raise InputError(f"{files} holds no event")
    if found["no_shop"]:
        where = locate(files, mapping["shop"], lambda v: v in (None, ""))
        raise InputError(f"{where}; every event needs a shop", "or name it: --events SHOP=FILE")
    if found["no_time"]:
        where = locate(files, mapping["timestamp"], _is_no_time(engine))
        raise InputError(
            f"{where} is no timestamp", "wanted: 2020-01-31T23:59:59, or seconds since 1970"
        )
    kept = typed.filter(typed.user.notnull() & typed["product"].notnull()).drop("raw")
    drops = [
        Drop("events", "no user", int(found["no_user"] or 0)),
        Drop("events", "no product", int(found["no_product"] or 0)),
    ]
    return kept, [drop for drop in drops if drop.rows]


def _text(column: ir.Column) -> ir.StringValue:
    """As a string; an empty one is none."""
    return column.cast("string").nullif("")


def parse_timestamp(column: ir.Column) -> ir.TimestampValue:
    """A timestamp from what logs hold: timestamps, ISO 8601 text, seconds or ms since 1970."""
    if column.type().is_timestamp() or column.type().is_date():
        return column.cast("timestamp")
    text = column.cast("string")
    number = text.try_cast("float64")
    seconds = ibis.ifelse(number.abs() > 1e11, number / 1000, number)
    return ibis.coalesce(text.try_cast("timestamp"), seconds.cast("int64").as_timestamp("s"))


def _is_no_time(engine: BaseBackend) -> Any:
    """Whether a raw value is no timestamp, by the engine's own rule."""

    def check(value: Any) -> bool:
        if value in (None, ""):
            return True
        table = ibis.memtable({"t": [str(value)]})
        return bool(engine.to_pyarrow(parse_timestamp(table.t).isnull())[0].as_py())

    return check


def _one_row(counts: ir.Table, files: TableFiles) -> dict[str, Any]:
    """Run a check over whole files; a file that breaks off shows here."""
    try:
        row: dict[str, Any] = counts.to_pyarrow().to_pylist()[0]
    except Exception as error:
        raise unreadable(files, error) from error
    return row


def cut_sessions(events: ir.Table, gap_minutes: float) -> ir.Table:
    """Give a session to events that have none: a new one after each pause.

    Parameters
    ----------
    events : ibis Table
        Events whose ``session`` may be null.
    gap_minutes : float
        A pause longer than this ends a session.
    """
    loose = ["shop", "user", events.session.isnull()]
    in_time = ibis.window(group_by=loose, order_by=["timestamp", "product"])
    seconds = events.timestamp.epoch_seconds()
    pause = seconds - seconds.lag().over(in_time)
    begun = events.mutate(begins=(pause > gap_minutes * 60).fill_null(False).cast("int64"))
    so_far = ibis.window(
        group_by=["shop", "user", begun.session.isnull()],
        order_by=["timestamp", "product"],
        preceding=None,
        following=0,
    )
    number = begun.begins.sum().over(so_far).cast("string")
    # Marked apart, so that a cut session never meets one of the log's own names.
    named = ibis.coalesce(ibis.literal("log ") + begun.session, ibis.literal("cut ") + number)
    return begun.mutate(session=named).drop("begins")


def _catalogue(
    engine: BaseBackend, references: tuple[str, ...], mapping: dict[str, str], events: ir.Table
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
        table = read_table(engine, files, mapping, COLUMNS["catalogue"][0])
        columns = {
            "product": _text(table["product"]),
            "title": _optional(table, "title"),
            "category": _optional(table, "category"),
        }
        if "content" in table.columns:
            columns["content"] = table.content
        typed = table.select(**columns)
        if shop:
            typed = typed.mutate(shop=ibis.literal(shop))
        elif "shop" in table.columns:
            typed = table.select(shop=_text(table.shop), **columns)
        else:
            typed = typed.cross_join(shops)
        rows = typed.aggregate(
            rows=typed.count(), none=(typed["product"].isnull() | typed.shop.isnull()).sum()
        )
        missing = int(_one_row(rows, files)["none"] or 0)
        if missing:
            drops.append(Drop("catalogue", "no shop or product", missing))
        parts.append(typed.filter(typed["product"].notnull() & typed.shop.notnull()))
    whole = ibis.union(*parts) if len(parts) > 1 else parts[0]
    values = {"title": whole.title.min(), "category": whole.category.min()}
    if "content" in whole.columns:
        values["content"] = whole.content.arbitrary()
    single = whole.group_by("shop", "product").agg(**values)
    twice = int((whole.count().to_pyarrow()).as_py()) - int(single.count().to_pyarrow().as_py())
    if twice:
        drops.append(Drop("catalogue", "a second row of the same product", twice))
    return single, drops


def _optional(table: ir.Table, name: str) -> ir.StringValue:
    return _text(table[name]) if name in table.columns else ibis.null("string")


def read_pairs(engine: BaseBackend, file: str) -> ir.Table:
    """Gold pairs from a file with the columns `PAIRS`, each pair in the order of its shops."""
    files = find_files(file)
    table = read_table(engine, files, {c: c for c in PAIRS}, PAIRS)
    typed = table.select(**{c: _text(table[c]) for c in PAIRS})
    found = _one_row(
        typed.aggregate(
            none=ibis.or_(*(typed[c].isnull() for c in PAIRS)).sum(),
            same=(typed.left_shop == typed.right_shop).sum(),
        ),
        files,
    )
    if found["none"]:
        raise InputError(
            f"{files}: {found['none']} rows lack a shop or a product", "fill or drop them"
        )
    if found["same"]:
        raise InputError(
            f"{files}: {found['same']} pairs are of one shop", "a pair joins two shops"
        )
    swap = typed.left_shop > typed.right_shop
    return typed.select(
        left_shop=ibis.ifelse(swap, typed.right_shop, typed.left_shop),
        left=ibis.ifelse(swap, typed.right, typed.left),
        right_shop=ibis.ifelse(swap, typed.left_shop, typed.right_shop),
        right=ibis.ifelse(swap, typed.left, typed.right),
    ).distinct()
