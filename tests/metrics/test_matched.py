"""Popularity neighbours: against a plain search, and what they are for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cse_bench.metrics import matched
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.matched import (
    MIN_WIDTH,
    WIDTH,
    auc,
    count_neighbours,
    find_neighbours,
    hits_in_top_tenth,
    place_among_neighbours,
    popularity_order,
)
from cse_bench.ragged import Ragged


def plain_search(popularity, targets, masked):
    """The definition, word for word."""
    order = popularity_order(popularity).tolist()
    found = []
    for query, own in enumerate(targets):
        out = set(own.tolist()) | set(masked[query].tolist())
        for item in own.tolist():
            place = order.index(item)
            above = [i for i in order[:place][::-1] if i not in out]
            below = [i for i in order[place + 1 :] if i not in out]
            width = min(WIDTH, len(above), len(below))
            if width >= MIN_WIDTH:
                found.append((query, item, width, above[:width] + below[:width]))
    return found


@given(n=st.integers(6, 260), seed=st.integers(0, 10**6))
def test_neighbours_follow_the_definition(n, seed):
    rng = np.random.default_rng(seed)
    popularity = (np.round(rng.random(n) * 8) / 4).astype(np.float32)
    drawn = [rng.permutation(n)[:6] for _ in range(8)]
    targets = Ragged.from_lists([d[:3] for d in drawn])
    masked = Ragged.from_lists([d[3 : 3 + rng.integers(0, 4)] for d in drawn])
    near = find_neighbours(popularity, targets, masked)
    ours = [
        (q, i, w, [*line[:w].tolist(), *line[WIDTH : WIDTH + w].tolist()])
        for q, i, w, line in zip(near.row, near.item, near.width, near.index, strict=True)
    ]
    assert ours == plain_search(popularity, targets, masked)


def test_ranking_by_popularity_gains_nothing():
    rng = np.random.default_rng(0)
    popularity = rng.random(1000).astype(np.float32)
    # Targets are popular products, as in a shop: popularity alone would find them.
    targets = Ragged.from_lists([[i] for i in popularity_order(popularity)[:400]])
    near = find_neighbours(popularity, targets, Ragged.from_lists([[]] * 400))
    greater, ties = count_neighbours(popularity[near.item], popularity[near.index], near.width)
    np.testing.assert_allclose(auc(greater, ties, near.width), 0.5)


def test_a_constant_scorer_is_at_chance():
    popularity = np.arange(40, dtype=np.float32)
    near = find_neighbours(popularity, Ragged.from_lists([[12], [7]]), Ragged.from_lists([[], []]))
    scores = np.ones(40, np.float32)
    greater, ties = count_neighbours(scores[near.item], scores[near.index], near.width)
    np.testing.assert_array_equal(ties, 2 * near.width)
    np.testing.assert_allclose(auc(greater, ties, near.width), 0.5)
    k = (2 * near.width + 1) // 10
    np.testing.assert_allclose(
        hits_in_top_tenth(greater, ties, near.width), k / (2 * near.width + 1)
    )


@settings(max_examples=25)
@given(n=st.integers(11, 200), q=st.integers(0, 40), k=st.integers(1, 30), seed=st.integers(0, 99))
def test_both_ways_of_placing_follow_the_definition(n, q, k, seed):
    rng = np.random.default_rng(seed)
    popularity = (np.round(rng.random(n) * 8) / 4).astype(np.float32)
    drawn = [rng.permutation(n)[: rng.integers(1, 8)] for _ in range(q)]
    targets, masked = ([d[i::2] for d in drawn] for i in (0, 1))
    near = find_neighbours(popularity, Ragged.from_lists(targets), Ragged.from_lists(masked))
    candidates, queries = (unit(rng.standard_normal((m, k)).astype(np.float32)) for m in (n, q))
    candidates[1::7] = candidates[0]  # exact ties
    greater, ties = [], []
    for i, (row, item, width) in enumerate(zip(near.row, near.item, near.width, strict=True)):
        others = np.r_[near.index[i, :width], near.index[i, WIDTH : WIDTH + width]]
        gap = candidates[others] @ queries[row] - candidates[item] @ queries[row]
        greater.append(np.sum(gap > 1e-6))
        ties.append(np.sum(np.abs(gap) <= 1e-6))
    for place in (matched._place_alone, matched._place_in_blocks, place_among_neighbours):
        found = place(queries, candidates, near)
        np.testing.assert_array_equal(found, (greater, ties))


def test_the_cheaper_way_is_taken(monkeypatch):
    monkeypatch.delattr(matched, "_place_in_blocks")
    rng = np.random.default_rng(0)
    for n, gathered in ((100, False), (4000, True)):  # 100 queries, one product each
        popularity = rng.random(n).astype(np.float32)
        targets = Ragged.from_lists(rng.integers(20, n - 20, (100, 1)))
        near = find_neighbours(popularity, targets, Ragged.from_lists([[]] * 100))
        vectors = unit(rng.standard_normal((n, 5)).astype(np.float32))
        if gathered:
            place_among_neighbours(vectors[:100], vectors, near)
        else:
            with pytest.raises(NameError):
                place_among_neighbours(vectors[:100], vectors, near)
