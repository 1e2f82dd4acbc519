"""Counts of pairs: against a plain count, whatever the blocks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.ragged import Ragged
from cse_bench.trainers.cooccurrence import count_pairs, distinct

SESSIONS = st.lists(st.lists(st.integers(0, 6), max_size=6), min_size=1, max_size=25)


def plain_count(rows, length_weight):
    """The definition, word for word."""
    weight, sessions = np.zeros((2, 7, 7))
    for row in rows:
        own = sorted(set(row))
        for i in own:
            for j in own:
                if i != j:
                    weight[i, j] += (len(own) - 1) ** -length_weight
                    sessions[i, j] += 1
    return weight, sessions


@given(SESSIONS, st.sampled_from([0.0, 0.7, 1.0]), st.integers(1, 3), st.integers(0, 1))
def test_counts_are_those_of_a_plain_count(rows, length_weight, fewest, megabytes):
    weight, sessions = plain_count(rows, length_weight)
    counts = count_pairs(
        Ragged.from_lists(rows),
        7,
        length_weight=length_weight,
        fewest=fewest,
        megabytes=megabytes,  # with none, each product is a block of its own
    )
    np.testing.assert_allclose(counts.total, weight.sum(axis=1), rtol=1e-9)
    found = np.zeros((2, 7, 7))
    blocks = 0
    for met in counts.blocks:
        blocks += 1
        assert not found[:, met.row, met.column].any()
        found[:, met.row, met.column] = met.weight, met.sessions
    kept = sessions >= fewest
    np.testing.assert_allclose(found[0], np.where(kept, weight, 0), rtol=1e-5)
    np.testing.assert_array_equal(found[1], np.where(kept, sessions, 0))
    assert blocks == (7 if megabytes == 0 else 1)


@given(SESSIONS)
def test_distinct_keeps_each_product_once(rows):
    found = distinct(Ragged.from_lists(rows))
    assert [sorted(set(row)) for row in rows] == [sorted(row.tolist()) for row in found]
    assert [len(set(row)) for row in rows] == found.lengths.tolist()
