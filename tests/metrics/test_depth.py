"""Places to a depth, and means of the best: against sorting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.metrics.depth import best_members, count_above_to_depth, mean_of_best
from cse_bench.metrics.ranking import count_above

SHAPES = [3, 10, 11, 79, 80, 81, 90, 801, 1003]


@pytest.mark.parametrize("n", SHAPES)
@pytest.mark.parametrize("depth", [1, 10, 100])
@pytest.mark.parametrize("ties", [False, True])
def test_mean_and_bound_equal_sorting(n, depth, ties):
    scores = np.random.default_rng(n).standard_normal((7, n)).astype(np.float32)
    scores = np.round(scores) if ties else scores
    best = np.sort(scores.astype(np.float64), axis=1)[:, -min(depth, n) :]
    np.testing.assert_allclose(mean_of_best(scores, depth), best.mean(axis=1), atol=1e-6)
    members, bound = best_members(scores, min(depth, n))
    assert np.all((scores >= bound[:, None]).sum(axis=1) >= min(depth, n))
    for row, found, least in zip(scores, members, bound, strict=True):
        above = np.sort(row[row > least])
        np.testing.assert_array_equal(np.sort(found[found > least]), above)


@given(n=st.integers(1, 400), depth=st.integers(1, 50), seed=st.integers(0, 99))
def test_places_are_exact_down_to_the_depth(n, depth, seed):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.standard_normal((4, n)) * 20).astype(np.float32) / 20
    row, item = rng.integers(0, 4, 12), rng.integers(0, n, 12)
    exact, exact_ties = count_above(scores[row], scores[row, item])
    greater, ties = count_above_to_depth(scores, row, scores[row, item], depth)
    within = exact < depth
    np.testing.assert_array_equal(greater[within], exact[within])
    np.testing.assert_array_equal(ties[within], exact_ties[within])
    assert np.all(greater[~within] >= depth)
