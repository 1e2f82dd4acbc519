"""Rows of what users did, typed and checked: a wrong one is named by file, row and column."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from cse_bench.errors import InputError
from cse_bench.logs.files import locate, read_table, unreadable
from cse_bench.logs.find import TableFiles
from cse_bench.logs.schema import Drop

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


LAST_SECOND = 7_258_118_400
"""The end of the year 2199, in seconds since 1970."""


def read_rows(
    engine: BaseBackend,
    files: TableFiles,
    mapping: dict[str, str],
    table: str,
    thing: str,
    shop: str | None,
    named: frozenset[str] = frozenset(),
) -> tuple[ir.Table, list[Drop]]:
    """Events or queries of some files; rows of no user, and of nothing, are out.

    Parameters
    ----------
    engine : ibis backend
        DuckDB or PySpark.
    files : TableFiles
        The files.
    mapping : dict of str to str
        Our column name → theirs.
    table : str
        What the table is called, in errors and drops.
    thing : str
        The column of what was met or typed: ``product`` or ``text``.
    shop : str or None
        The shop, where the files have no column of it.
    named : frozenset of str
        Our optional columns that must be there, since somebody named them.

    Returns
    -------
    rows : ibis Table
        ``shop, user, session, <thing>, timestamp``, and ``kind`` where the mapping has it.
    drops : list of Drop

    Raises
    ------
    InputError
        Naming file, row and column of what is wrong.
    """
    always = ("user", thing, "timestamp", "shop")
    required = (*(always[:3] if shop else always), *sorted(named.difference(always)))
    raw = read_table(engine, files, mapping, required)
    columns = {
        "shop": ibis.literal(shop) if shop else text_of(raw.shop),
        "user": text_of(raw.user),
        "session": optional_text(raw, "session"),
        thing: text_of(raw[thing]),
        "timestamp": parse_timestamp(raw.timestamp),
    }
    if "kind" in mapping:
        columns["kind"] = optional_text(raw, "kind")
    typed = raw.select(**columns)
    counts = typed.aggregate(
        rows=typed.count(),
        no_shop=typed.shop.isnull().sum(),
        no_user=typed.user.isnull().sum(),
        nothing=(typed.user.notnull() & typed[thing].isnull()).sum(),
        no_time=typed.timestamp.isnull().sum(),
    )
    found = one_row(counts, files)
    row = {"events": "event", "queries": "query"}[table]
    if not found["rows"]:
        raise InputError(f"{files} holds no {row}")
    if found["no_shop"]:
        where = locate(files, mapping["shop"], lambda some: [v in (None, "") for v in some])
        raise InputError(f"{where}; every {row} needs a shop", f"or name it: --{table} SHOP=FILE")
    if found["no_time"]:
        where = locate(files, mapping["timestamp"], partial(_are_no_times, engine))
        raise InputError(
            f"{where} is no timestamp",
            "wanted: 2020-01-31T23:59:59, the year first, or seconds since 1970",
        )
    kept = typed.filter(typed.user.notnull() & typed[thing].notnull())
    drops = [
        Drop(table, "no user", int(found["no_user"] or 0)),
        Drop(table, f"no {thing}", int(found["nothing"] or 0)),
    ]
    return kept, [drop for drop in drops if drop.rows]


def text_of(column: ir.Column) -> ir.StringValue:
    """As a string; an empty one is none."""
    return column.cast("string").nullif("")


def optional_text(table: ir.Table, name: str) -> ir.StringValue:
    """A column as strings; all null where the table lacks it."""
    return text_of(table[name]) if name in table.columns else ibis.null("string")


def parse_timestamp(column: ir.Column) -> ir.TimestampValue:
    """A timestamp from what logs hold: timestamps, ISO 8601 text, seconds or ms since 1970.

    Eight digits such as 20200131 are a day, not a second of 1970.
    """
    if column.type().is_timestamp() or column.type().is_date():
        return column.cast("timestamp")
    text = column.cast("string")
    number = text.try_cast("float64")
    seconds = ibis.ifelse(number > 1e11, number / 1000, number)
    sane = (seconds >= 0) & (seconds < LAST_SECOND)  # not a number is beyond any bound
    whole = ibis.ifelse(sane, seconds, ibis.null("float64")).cast("int64")
    dashed = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2)
    is_day = text.re_search("^(19|20)[0-9]{6}$").fill_null(False)
    read = ibis.ifelse(is_day, dashed, text).try_cast("timestamp")
    return ibis.coalesce(read, ibis.ifelse(is_day, ibis.null("timestamp"), whole.as_timestamp("s")))


def _are_no_times(engine: BaseBackend, values: list[Any]) -> list[bool]:
    """Which raw values are no timestamps, by the engine's own rule."""
    texts = pa.table({"t": pa.array([None if v is None else str(v) for v in values], pa.string())})
    numbered = ibis.memtable(texts.append_column("i", pa.array(range(len(texts)))))
    bad = numbered.filter(parse_timestamp(numbered.t).isnull()).i
    found = set(engine.to_pyarrow(bad).to_pylist())
    return [i in found for i in range(len(values))]


def one_row(counts: ir.Table, files: TableFiles) -> dict[str, Any]:
    """Run a check over whole files; a file that breaks off shows here."""
    try:
        row: dict[str, Any] = counts.to_pyarrow().to_pylist()[0]
    except Exception as error:
        raise unreadable(files, error) from error
    return row
