"""Rank metrics: against brute force over tie orders, against chance, against ir-measures."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.metrics.ranking import (
    TIE,
    count_above,
    discounted_gain_at,
    first_hit_at,
    hits_at,
    ndcg_at,
    recall_at,
    reciprocal_rank,
)
from cse_bench.ragged import Ragged


def places(scores, items):
    """Greater and ties of some items among one row of scores."""
    rows = np.repeat(np.asarray([scores], dtype=np.float32), len(items), axis=0)
    return count_above(rows, rows[0, items])


@given(
    scores=st.lists(st.integers(0, 3), min_size=2, max_size=6),
    data=st.data(),
)
def test_closed_forms_are_means_over_tie_orders(scores, data):
    n = len(scores)
    items = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
    k = data.draw(st.integers(1, n))
    orders = [
        order
        for order in permutations(range(n))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    greater, ties = places(scores, items)
    rows = Ragged.from_lists([items])
    ranks = np.array([[order.index(i) + 1 for i in items] for order in orders])
    first = ranks.min(axis=1)
    ideal = sum(1 / np.log2(r + 1) for r in range(1, min(k, len(items)) + 1))
    gain = np.where(ranks <= k, 1 / np.log2(ranks + 1), 0)

    np.testing.assert_allclose(reciprocal_rank(greater, ties), (1 / ranks).mean(axis=0))
    np.testing.assert_allclose(hits_at(k, greater, ties), (ranks <= k).mean(axis=0))
    np.testing.assert_allclose(discounted_gain_at(k, greater, ties), gain.mean(axis=0))
    np.testing.assert_allclose(ndcg_at(k, greater, ties, rows), [gain.sum(axis=1).mean() / ideal])
    np.testing.assert_allclose(recall_at(k, greater, ties, rows), [(ranks <= k).mean()])
    hit, reciprocal = first_hit_at(k, greater, ties, rows)
    np.testing.assert_allclose(hit, [(first <= k).mean()])
    np.testing.assert_allclose(reciprocal, [np.where(first <= k, 1 / first, 0).mean()])


@given(n=st.integers(1, 300))
def test_a_constant_scorer_is_at_chance(n):
    greater, ties = places([1.0] * n, [n // 2])
    assert reciprocal_rank(greater, ties)[0] == pytest.approx(np.sum(1 / np.arange(1, n + 1)) / n)
    assert hits_at(1, greater, ties)[0] == pytest.approx(1 / n)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=30), st.data())
def test_hits_grow_with_depth_and_hits_at_1_is_mrr_at_1(scores, data):
    item = data.draw(st.integers(0, len(scores) - 1))
    place = places(scores, [item])
    hits = [hits_at(k, *place)[0] for k in range(1, len(scores) + 1)]
    assert all(a <= b for a, b in pairwise(hits))
    assert hits[-1] == 1
    _, mrr_at_1 = first_hit_at(1, *place, Ragged.from_lists([[item]]))
    assert hits[0] == pytest.approx(mrr_at_1[0])


@pytest.mark.parametrize("n", [1, 7, 8, 255, 2040, 2041, 5000])
def test_every_candidate_of_a_long_row_is_counted_once(n):
    rng = np.random.default_rng(n)
    scores = rng.choice(np.array([0.1, 0.2, 0.2000001, 0.3], np.float32), (6, n))
    scores[1], scores[2, 1:], scores[3, :-1] = 0.2, 0.3, 0.1  # all tied, last, first
    greater, ties = count_above(scores, scores[:, n // 2])
    gap = scores.astype(np.float64) - scores[:, n // 2].astype(np.float64)[:, None]
    np.testing.assert_array_equal(greater, np.sum(gap > 1e-6, axis=1))
    np.testing.assert_array_equal(ties, np.sum(np.abs(gap) <= 1e-6, axis=1) - 1)


def test_no_rows_are_no_places():
    for shape in ((0, 5), (0, 0)):
        greater, ties = count_above(np.empty(shape, np.float32), np.empty(0, np.float32))
        assert len(greater) == len(ties) == 0


def test_what_is_closer_than_rounding_is_tied():
    greater, ties = places([0.5, 0.5 + float(TIE) / 2, 0.5 + 10 * float(TIE)], [0])
    assert (greater[0], ties[0]) == (1, 1)


def test_rank_metrics_equal_ir_measures():
    from tests.conftest import need

    need("ir_measures")
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    rng = np.random.default_rng(0)
    queries, n = 40, 200
    scores = np.argsort(rng.random((queries, n)), axis=1).astype(np.float32)  # no ties
    relevant = Ragged.from_lists(
        [rng.choice(n, rng.integers(1, 9), replace=False) for _ in range(queries)]
    )
    row = relevant.rows
    greater, ties = count_above(scores[row], scores[row, relevant.values])
    qrels = [ir_measures.Qrel(str(q), str(i), 1) for q, i in zip(row, relevant.values, strict=True)]
    run = [
        ir_measures.ScoredDoc(str(q), str(i), float(scores[q, i]))
        for q in range(queries)
        for i in range(n)
    ]
    hit, reciprocal = first_hit_at(10, greater, ties, relevant)
    ours = {
        nDCG @ 10: ndcg_at(10, greater, ties, relevant),
        R @ 100: recall_at(100, greater, ties, relevant),
        Success @ 10: hit,
        RR @ 10: reciprocal,
    }
    for value in ir_measures.iter_calc(list(ours), qrels, run):
        assert value.value == pytest.approx(ours[value.measure][int(value.query_id)], abs=1e-9), (
            str(value.measure)
        )
