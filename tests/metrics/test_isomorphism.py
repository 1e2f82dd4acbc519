"""Measures of isomorphism: invariances, and plain re-computation with scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cse_bench.metrics.isomorphism import (
    effective_condition,
    eigenvector_similarity,
    laplacian_spectrum,
    singular_value_gap,
    singular_values,
)

MEASURES = [eigenvector_similarity, singular_value_gap, effective_condition]


def space(seed, n=120, d=8, stretch=2.0):
    rng = np.random.default_rng(seed)
    scale = np.linspace(1, stretch, d)
    return (rng.standard_normal((n, d)) * scale).astype(np.float32)


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_axes_and_order_of_rows_do_not_count(measure, seed):
    first, second = space(seed), space(seed + 1, stretch=4.0)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    turned = (first @ rotation)[rng.permutation(120)].astype(np.float32)
    assert measure(turned, second) == pytest.approx(measure(first, second), rel=1e-3)
    assert measure(second, turned) == pytest.approx(measure(first, second), rel=1e-3)


@pytest.mark.parametrize("measure", [eigenvector_similarity, singular_value_gap])
@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_zero_for_a_space_and_itself_only(measure, seed):
    first = space(seed)
    assert measure(first, first) == 0
    assert measure(first, first[::-1]) == pytest.approx(0, abs=1e-6)
    assert measure(first, space(seed, stretch=9.0)) > 1e-3


def test_the_spectrum_is_that_of_scipys_laplacian():
    from scipy.sparse.csgraph import laplacian
    from sklearn.neighbors import kneighbors_graph

    vectors = space(3)
    near = kneighbors_graph(vectors, 10, metric="cosine").toarray()
    expected = np.linalg.eigvalsh(laplacian(np.maximum(near, near.T)))[::-1]
    np.testing.assert_allclose(laplacian_spectrum(vectors), expected, atol=1e-9)


def test_the_eigenvalues_that_carry_nine_tenths_are_compared():
    first, second = space(0), space(1)
    second[60:] = second[0]
    spectra = [laplacian_spectrum(v) for v in (first, second)]
    ks = []
    for spectrum in spectra:
        ks.append(next(k for k in range(121) if spectrum[:k].sum() >= 0.9 * spectrum.sum()))
    expected = np.sum((spectra[0][: min(ks)] - spectra[1][: min(ks)]) ** 2)
    assert eigenvector_similarity(first, second) == pytest.approx(expected)
    assert min(ks) < max(ks) < 120


def test_singular_values_are_those_of_the_unit_vectors():
    vectors = space(0)
    own = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.linalg.svd(own, compute_uv=False) / np.sqrt(120)
    np.testing.assert_allclose(singular_values(vectors), expected, rtol=1e-5)
    assert len(singular_values(np.hstack([vectors, vectors]))) == 8  # the rank, not the width


def test_twice_as_many_products_of_the_same_kind_are_no_gap():
    vectors = space(0)
    assert singular_value_gap(vectors, np.vstack([vectors, vectors])) == pytest.approx(0, abs=1e-9)


def test_the_effective_condition_of_known_spaces():
    sphere = np.vstack([np.eye(4), -np.eye(4)]).astype(np.float32)
    assert effective_condition(sphere, sphere) == pytest.approx(1)
    rows = np.repeat(np.eye(3, dtype=np.float32), [16, 4, 1], axis=0)
    values = np.sqrt(np.array([16, 4, 1]) / 21)
    shares = values / values.sum()
    rank = int(np.exp(-np.sum(shares * np.log(shares))))
    assert rank == 2
    assert effective_condition(rows, rows) == pytest.approx(values[0] / values[1])
    assert effective_condition(rows, sphere) == pytest.approx(2 / (1 / 2 + 1 / 1))


def test_degenerate_spaces():
    zeros, one = np.zeros((5, 3), np.float32), np.ones((1, 3), np.float32)
    empty = np.empty((0, 3), np.float32)
    for vectors in (zeros, one, empty):
        assert eigenvector_similarity(vectors, vectors) == 0
        assert singular_value_gap(vectors, vectors) == 0
    assert np.isnan(effective_condition(zeros, one))
    huge = np.full((6, 3), 1e38, np.float32)
    assert np.isfinite(singular_value_gap(huge, space(0, d=3)))
