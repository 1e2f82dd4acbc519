"""Real results on the small slice, written once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cse_bench

SCORED = ("procrustes", "random-rotation", "ridge")


@pytest.fixture(scope="session")
def written(small_release, tmp_path_factory) -> Path:
    """A directory with a result of each of `SCORED`."""
    place = tmp_path_factory.mktemp("results")
    for name in SCORED:
        cse_bench.evaluate(name, small_release, out=place / name)
    return place


class Edited:
    """A copy of a result that a test may spoil."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "result.json"
        self.ranks_path = directory / "ranks.parquet"

    def record(self, change) -> Path:
        """Change the record."""
        raw = json.loads(self.path.read_text())
        change(raw)
        self.path.write_text(json.dumps(raw))
        return self.path

    def ranks(self, change) -> Path:
        """Change the ranks; `change` takes and gives a table."""
        table = change(pq.read_table(self.ranks_path))
        pq.write_table(table, self.ranks_path)
        return self.path


def with_column(table: pa.Table, name: str, values) -> pa.Table:
    """The table with other values in a column."""
    place = table.column_names.index(name)
    return table.set_column(place, name, pa.array(values, table.schema.field(name).type))


@pytest.fixture
def copied(written, tmp_path):
    """Copies a result to where it may be spoiled."""

    def copy(name: str = "procrustes", to: str = "copy") -> Edited:
        shutil.copytree(written / name, tmp_path / to)
        return Edited(tmp_path / to)

    return copy
