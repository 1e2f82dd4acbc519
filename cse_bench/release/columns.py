"""A release's Parquet files and their columns, as Arrow tables and NumPy arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cse_bench.ragged import Ragged
from cse_bench.release.tables import ShopTable
from cse_bench.types import Ints, Matrix


def read_file(path: Path) -> pa.Table:
    """One file, without pyarrow's `read_table`, whose dataset layer would import pandas."""
    with pq.ParquetFile(path) as file:
        return file.read()


def as_matrix(column: pa.ChunkedArray, width: int) -> Matrix:
    """A fixed-size list column as a read-only (n, width) view of Arrow's memory."""
    flat = column.combine_chunks().flatten()
    matrix: Matrix = flat.to_numpy(zero_copy_only=True).reshape(-1, width)
    return matrix


def as_rows(column: pa.ChunkedArray, shop: ShopTable) -> Ragged:
    """A column of lists of ids as rows of their shop."""
    lists = column.combine_chunks()
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return Ragged(shop.rows_of(lists.flatten()), offsets - offsets[0])


def as_groups(column: pa.ChunkedArray) -> Ints:
    """The groups that intervals resample; -1 where there is none."""
    groups: Ints = column.fill_null(-1).to_numpy().astype(np.int64)
    return groups


def of_direction(table: pa.Table, source: str, target: str) -> pa.Table:
    """The rows of a table that lead from one shop to another."""
    return table.filter(
        pc.and_(pc.equal(table["source_shop"], source), pc.equal(table["target_shop"], target))
    )


def of_shop(ids: pa.Array, shop: str) -> pa.Array:
    """Which ids are those of a shop's products."""
    return pc.starts_with(ids, f"{shop}_")
