"""Write a result: ``result.json`` and the files beside it, all or nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.errors import InputError
from cse_bench.files import staged_directory
from cse_bench.results.record import Result

FILES = ("result.json", "ranks.parquet", "aligned.parquet")
"""What a result's directory holds, and nothing else."""


def check_result_directory(directory: Path) -> None:
    """Refuse a place where a result would overwrite something that is not an earlier result.

    Raises
    ------
    InputError
        If the directory holds a foreign file, or is none.
    """
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory} is a file, not a directory", "name another --out")
    foreign = (
        [p.name for p in directory.iterdir() if p.name not in FILES] if directory.is_dir() else []
    )
    if foreign:
        raise InputError(
            f"{directory} holds {foreign[0]!r}, which is no result of ours, so it is left alone",
            "name a new or an empty directory with --out",
        )


def write_result(
    directory: Path, result: Result, ranks: pa.Table, aligned: pa.Table | None = None
) -> None:
    """Write a result, replacing an earlier one in the same place.

    Parameters
    ----------
    directory : Path
        Where to.
    result : Result
        The record.
    ranks : Arrow table
        The places behind its primary metrics.
    aligned : Arrow table, optional
        The aligned vectors.
    """
    check_result_directory(directory)
    with staged_directory(directory, replace=True) as stage:
        text = result.model_dump_json(indent=1) + "\n"
        (stage / FILES[0]).write_text(text, encoding="utf-8")
        _write(ranks, stage / FILES[1])
        if aligned is not None:
            _write(aligned, stage / FILES[2])


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=6)
