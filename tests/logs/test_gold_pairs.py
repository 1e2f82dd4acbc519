"""Gold pairs from a file."""

from __future__ import annotations

import ibis
import pytest

from cse_bench.errors import InputError
from cse_bench.logs.gold_pairs import read_pairs
from cse_bench.logs.schema import PAIRS
from tests.conftest import need

need("ibis")


def write(path, *rows):
    path.write_text("\n".join([",".join(PAIRS), *rows]) + "\n")
    return str(path)


def test_pairs_are_turned_to_one_order(tmp_path):
    engine = ibis.duckdb.connect()
    path = write(tmp_path / "p.csv", "B,1,A,2", "A,2,B,1")
    assert engine.to_pyarrow(read_pairs(engine, path)).to_pylist() == [
        {"left_shop": "A", "left": "2", "right_shop": "B", "right": "1"}
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [("A,1,A,2", "1 pairs are of one shop"), ("A,,B,2", "1 rows lack a shop or a product")],
)
def test_what_is_no_pair_is_refused(tmp_path, row, message):
    path = write(tmp_path / "q.csv", "A,1,B,2", row)
    with pytest.raises(InputError, match=message):
        read_pairs(ibis.duckdb.connect(), path)
