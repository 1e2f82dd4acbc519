"""Ragged: round trips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.ragged import Ragged

lists = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=8)


def as_lists(ragged):
    return [row.tolist() for row in ragged]


@given(lists, st.data())
def test_round_trips(rows, data):
    ragged = Ragged.from_lists(rows)
    assert as_lists(ragged) == rows
    assert as_lists(ragged + ragged) == rows + rows
    index = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9)) if rows else []
    assert as_lists(ragged.take(np.array(index, np.int64))) == [rows[i] for i in index]
    assert as_lists(ragged.map(np.arange(10) * 3)) == [[3 * v for v in row] for row in rows]
    assert ragged.rows.tolist() == [i for i, row in enumerate(rows) for _ in row]


@given(lists)
def test_rows_are_counted_from_the_end_too(rows):
    ragged = Ragged.from_lists(rows)
    for place in range(len(rows)):
        assert ragged[place - len(rows)].tolist() == rows[place]
    for beyond in (len(rows), -len(rows) - 1):
        with pytest.raises(IndexError):
            ragged[beyond]
