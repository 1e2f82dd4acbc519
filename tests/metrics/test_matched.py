"""Popularity neighbours: against a plain search, and what they are for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.metrics.matched import (
    MIN_WIDTH,
    WIDTH,
    auc,
    count_neighbours,
    find_neighbours,
    hits_in_top_tenth,
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
