"""Write a result: ``result.json`` and the files beside it, all or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.errors import InputError
from cse_bench.results.record import Result
from cse_bench.results.rescore import NAMES

STAGE = ".writing-"
"""Begins the name of what is being written; a run that was killed leaves it."""

RECORD, RANKS, VECTORS = FILES = ("result.json", "ranks.parquet", "aligned.parquet")
"""What a result's directory holds, and nothing else."""


@contextmanager
def result_directory(directory: Path) -> Iterator[Path]:
    """Make sure, before any work, that a result can be written here.

    Parameters
    ----------
    directory : Path
        Where the result shall go. What is made for it goes again if the block fails.

    Yields
    ------
    Path
        The directory.

    Raises
    ------
    InputError
        If it cannot be written to, or holds anything but an earlier result.
    """
    made = [d for d in (directory, *directory.parents) if not d.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        _remove(made)
        raise InputError(
            f"cannot write to {directory}: {error.strerror}", "name another --out"
        ) from None
    for left in directory.glob(f"{STAGE}*"):
        shutil.rmtree(left, ignore_errors=True)
    foreign = sorted(p.name for p in directory.iterdir() if p.name not in FILES)
    if foreign:
        raise InputError(
            f"{directory} holds {foreign[0]!r}, which is no result of ours, so it is left alone",
            "name a new or an empty directory with --out",
        )
    try:
        yield directory
    except BaseException:
        _remove(made)
        raise


def _remove(directories: list[Path]) -> None:
    """Take empty directories away again, innermost first."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()


def write_result(
    directory: Path, result: Result, ranks: pa.Table, aligned: pa.Table | None = None
) -> None:
    """Write a result, replacing an earlier one in the same place.

    All files are written under temporary names first, then renamed, the record last.

    Parameters
    ----------
    directory : Path
        From `result_directory`.
    result : Result
        The record.
    ranks : Arrow table
        The places behind its primary metrics.
    aligned : Arrow table, optional
        The aligned vectors.
    """
    record, ranks_file, aligned_file = (directory / name for name in FILES)
    with tempfile.TemporaryDirectory(prefix=STAGE, dir=directory) as place:
        stage = Path(place)
        text = result.model_dump_json(indent=1) + "\n"
        (stage / record.name).write_text(text, encoding="utf-8")
        _write_ranks(ranks, stage / ranks_file.name)
        if aligned is not None:
            _write(aligned, stage / aligned_file.name)
            (stage / aligned_file.name).replace(aligned_file)
        else:
            aligned_file.unlink(missing_ok=True)
        (stage / ranks_file.name).replace(ranks_file)
        (stage / record.name).replace(record)


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=6)


def _write_ranks(ranks: pa.Table, path: Path) -> None:
    """Write ranks so that the same query of all runs stands together, which packs better.

    Boards keep them in git for good.
    """
    codes = np.zeros(len(ranks), np.int64)
    for name in NAMES:
        column = ranks[name].combine_chunks()
        codes = codes * len(column.dictionary) + column.indices.to_numpy()
    item = ranks["item"].fill_null(-1).to_numpy()
    keys = (ranks["seed"], ranks["draw"], item, ranks["query"], codes)  # the last counts most
    order = np.lexsort([np.asarray(key) for key in keys])
    near = ("query", "item", "group")
    pq.write_table(
        ranks.take(pa.array(order)),
        path,
        compression="zstd",
        compression_level=6,
        use_dictionary=[name for name in ranks.column_names if name not in (*near, "value")],
        column_encoding=dict.fromkeys(near, "DELTA_BINARY_PACKED"),
    )
