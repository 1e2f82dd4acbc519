"""Tables in files, read on an engine: Parquet, CSV or JSON Lines, and where one is damaged."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from cse_bench.errors import InputError, did_you_mean
from cse_bench.logs.find import TableFiles

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


NO_UTF8 = "not UTF-8 text"
RAGGED = "cells, where the header has"

ENCODING = "utf-8-sig"
"""UTF-8, with or without the mark that spreadsheets put first."""

AT_ONCE = 10_000
"""Rows in which a wrong value is looked for at a time."""


def read_table(
    engine: BaseBackend, files: TableFiles, mapping: dict[str, str], required: tuple[str, ...]
) -> ir.Table:
    """Read a table with our column names.

    Columns of CSV and JSON Lines come as strings; those of Parquet have their own types.

    Parameters
    ----------
    engine : ibis backend
        DuckDB or PySpark.
    files : TableFiles
        The files.
    mapping : dict of str to str
        Our column name → theirs, of every column wanted.
    required : tuple of str
        Which of ours must be there; the others are left out where they are not.

    Raises
    ------
    InputError
        If a file cannot be read, or a required column is missing.
    """
    _reach(engine, files)
    raw = _guarded(files, lambda: _open(engine, files, None))
    columns = list(raw.columns)
    missing = [ours for ours in required if mapping[ours] not in columns]
    if missing:
        names = ", ".join(
            f"{mapping[ours]!r}" + ("" if mapping[ours] == ours else f" (our {ours!r})")
            for ours in missing
        )
        raise InputError(
            f"{files} has no column {names}",
            f"{did_you_mean(mapping[missing[0]], columns)}; or --mapping FILE.toml, with "
            f'{missing[0]} = "…" for the name that it has',
        )
    there = {ours: theirs for ours, theirs in mapping.items() if theirs in columns}
    if files.format == "json":
        raw = _guarded(files, lambda: _open(engine, files, sorted(set(there.values()))))
    return raw.select(**{ours: raw[theirs] for ours, theirs in there.items()})


def _open(engine: BaseBackend, files: TableFiles, strings: list[str] | None) -> ir.Table:
    """Open the files on an engine; for JSON, `strings` names the columns, all read as text."""
    paths, spark = list(files.paths), engine.name == "pyspark"
    if files.format == "parquet":
        if not spark or len(paths) == 1:
            return engine.read_parquet(paths[0] if spark else paths)
        import ibis

        return ibis.union(*(engine.read_parquet(path) for path in paths))
    if files.format == "csv":
        if spark:
            how = {"header": True, "inferSchema": False, "multiLine": True, "escape": '"'}
            return engine.read_csv(paths, mode="FAILFAST", **how)
        # Told, not guessed: a sniffer would take a ragged row for a header.
        columns = dict.fromkeys(_csv_header(files), "VARCHAR")
        how = {"delim": ",", "quote": '"', "escape": '"', "strict_mode": True}
        return engine.read_csv(paths, header=True, auto_detect=False, columns=columns, **how)
    if spark:
        schema = None if strings is None else ", ".join(f"`{name}` string" for name in strings)
        return engine.read_json(paths, mode="FAILFAST", **({"schema": schema} if schema else {}))
    texts = {} if strings is None else {"columns": dict.fromkeys(strings, "VARCHAR")}
    return engine.read_json(paths, format="newline_delimited", **texts)


def _csv_header(files: TableFiles) -> list[str]:
    """The columns of CSV files, which all must have the same.

    Raises
    ------
    InputError
        If they differ, or a name stands twice.
    """
    first: list[str] | None = None
    for path in files.paths:
        try:
            with _text(path) as stream:
                header = next(csv.reader(stream, strict=True), [])
        except (csv.Error, OSError, EOFError, ValueError) as error:
            raise unreadable(files, error) from error
        if first is None:
            first = header
        if header != first:
            raise InputError(f"{path} has the columns {header}, {files.paths[0]} has {first}")
    columns = first or []
    if not columns:
        raise InputError(f"{files} is empty", "the first row names the columns")
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        raise InputError(
            f"{files} has one column, {columns[0]!r}", "columns are separated by commas"
        )
    if len(set(columns)) != len(columns):
        raise InputError(f"{files}: the header is {columns}", "wanted: names, each once")
    return columns


def _reach(engine: BaseBackend, files: TableFiles) -> None:
    """Let DuckDB read URLs through fsspec; Spark has its own ways."""
    if "://" not in files.paths[0] or engine.name != "duckdb":
        return
    import fsspec

    system, _ = fsspec.core.url_to_fs(files.paths[0])
    if not engine.con.filesystem_is_registered(
        system.protocol if isinstance(system.protocol, str) else system.protocol[0]
    ):
        engine.con.register_filesystem(system)


def _guarded(files: TableFiles, work: Callable[[], Any]) -> Any:
    """Do something with files, and tell which of them an engine stumbled over."""
    try:
        return work()
    except Exception as error:
        if isinstance(error, InputError | KeyboardInterrupt):
            raise
        raise unreadable(files, error) from error


def unreadable(files: TableFiles, error: Exception) -> InputError:
    """What to say of files that an engine could not read: which one, where, why."""
    for path in files.paths:
        problem = _first_problem(path, files.format)
        if problem:
            return InputError(f"{path}{problem}", _mend(problem))
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(f"{files} cannot be read: {reason}")


def _mend(problem: str) -> str:
    """What to do about a problem of `_first_problem`."""
    if NO_UTF8 in problem:
        return "save it as UTF-8, such as by: iconv -f cp1252 -t utf-8"
    if RAGGED in problem:
        return 'a text that holds a comma or a line break stands in "quotation marks"'
    return "is it complete, and of the format of its name?"


def _first_problem(path: str, format: str) -> str | None:
    """The first thing wrong with one file, found by reading it plainly."""
    try:
        if format == "parquet":
            for _ in _rows(path, format):
                pass
            return None
        width = None
        for number, row in _rows(path, format):
            if isinstance(row, dict) and format == "csv":
                width = len(row) if width is None else width
                if None in row or None in row.values():
                    found = sum(v is not None for k, v in row.items() if k is not None)
                    found += len(row.get(None) or ())
                    return f", row {number}: {found} {RAGGED} {len(row) - (None in row)}"
    except json.JSONDecodeError as error:
        return f", row {error.lineno}: not JSON ({error.msg})"
    except UnicodeDecodeError as error:
        return f": {NO_UTF8} ({error.reason} at byte {error.start})"
    except (csv.Error, OSError, EOFError, ValueError) as error:
        return f": {error}"
    return None


def _rows(path: str, format: str) -> Iterator[tuple[int, dict[Any, Any]]]:
    """Number and cells of every row of one file; numbers as a text editor shows them."""
    if format == "parquet":
        import fsspec
        import pyarrow.parquet as pq

        with fsspec.open(path, "rb") as stream, pq.ParquetFile(stream) as file:
            number = 0
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
        return
    with _text(path) as stream:
        if format == "csv":
            reader = csv.DictReader(stream, strict=True)
            for row in reader:
                yield reader.line_num, row
        else:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except json.JSONDecodeError as error:
                        raise json.JSONDecodeError(
                            error.msg, "\n" * (number - 1), number - 1
                        ) from None


def _text(path: str) -> IO[str]:
    """Open a text file, plain or gzipped, local or by URL."""
    if "://" in path:
        import fsspec

        stream: IO[str] = fsspec.open(path, "rt", encoding=ENCODING, compression="infer").open()
        return stream
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding=ENCODING, newline="")
    return open(path, encoding=ENCODING, newline="")


def locate(files: TableFiles, column: str, are_bad: Callable[[list[Any]], Iterable[bool]]) -> str:
    """Where a cell stands: file, row, column, and what it holds.

    Parameters
    ----------
    files : TableFiles
        Where to look.
    column : str
        Their name of the column.
    are_bad : callable
        Which of some values are such as are looked for: asked of many at once, since an engine
        takes as long for one.
    """
    for path in files.paths:
        rows = _rows(path, files.format)
        while some := list(islice(rows, AT_ONCE)):
            values = [row.get(column) for _, row in some]
            for (number, _), value, bad in zip(some, values, are_bad(values), strict=True):
                if bad:
                    shown = "empty" if value in (None, "") else repr(value)
                    return f"{path}, row {number}, column {column!r}: {shown}"
    return f"{files}, column {column!r}"
