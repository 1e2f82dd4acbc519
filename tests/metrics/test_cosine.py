"""Unit vectors of anything, and session means."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cse_bench.metrics.cosine import session_means, unit
from cse_bench.ragged import Ragged


@given(arrays(np.float32, (5, 3), elements=st.floats(-(2.0**127), 2.0**127, width=32)))
def test_unit_has_length_one_or_zero_whatever_the_scale(vectors):
    norms = np.linalg.norm(unit(vectors), axis=1)
    zero = ~vectors.any(axis=1)
    np.testing.assert_allclose(norms[~zero], 1, rtol=1e-5)
    assert np.all(norms[zero] == 0)


def test_session_means_are_unit_means():
    vectors = unit(np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32))
    means = session_means(vectors, Ragged.from_lists([[0, 1, 2], [5]]))
    expected = vectors[:3].mean(axis=0)
    np.testing.assert_allclose(means[0], expected / np.linalg.norm(expected), rtol=1e-5)
    np.testing.assert_allclose(means[1], vectors[5], rtol=1e-5)
