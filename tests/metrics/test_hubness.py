"""Hubness against plain counting and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.metrics import blocks
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.hubness import k_occurrence, skewness


def spaces(seed, *sizes, d=12):
    rng = np.random.default_rng(seed)
    return [unit(rng.standard_normal((n, d)).astype(np.float32)) for n in sizes]


@given(n=st.integers(1, 60), m=st.integers(1, 300), k=st.integers(1, 15), seed=st.integers(0, 99))
def test_k_occurrence_is_a_count_of_nearest(n, m, k, seed):
    source, target = spaces(seed, n, m)
    nearest = np.argsort(-(source @ target.T), axis=1)[:, :k]
    np.testing.assert_array_equal(
        k_occurrence(source, target, k), np.bincount(nearest.ravel(), minlength=m)
    )


def test_rows_in_another_order_are_met_as_often(monkeypatch):
    source, target = spaces(0, 80, 200)
    target[50:70] = target[3]  # duplicates: ties at the last place
    counts = k_occurrence(source, target)
    rng = np.random.default_rng(1)
    theirs = rng.permutation(200)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4)  # other blocks too
    monkeypatch.setattr(blocks, "LEAST_ROWS", 7)
    again = k_occurrence(source[rng.permutation(80)], target[theirs])
    np.testing.assert_array_equal(again, counts[theirs])


def test_all_ties_are_no_hubs():
    same = np.ones((20, 3), np.float32)
    counts = k_occurrence(unit(same), unit(same))
    np.testing.assert_array_equal(counts, 20)
    assert skewness(counts) == 0


def test_nothing_has_no_hubs():
    empty = np.empty((0, 3), np.float32)
    assert skewness(k_occurrence(empty, empty)) == 0
    np.testing.assert_array_equal(k_occurrence(empty, np.ones((4, 3), np.float32)), 0)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40).filter(lambda x: len(set(x)) > 1))
def test_skewness_is_scipys(counts):
    from scipy.stats import skew

    assert skewness(np.array(counts)) == pytest.approx(skew(counts), abs=1e-9)


def test_a_hub_is_seen():
    source, target = spaces(0, 500, 500, d=50)
    source = unit(source + np.float32(0.05))
    plain = skewness(k_occurrence(source, target))
    target[:5] = unit(target[:5] + np.float32(2))  # near what all sources share
    assert skewness(k_occurrence(source, target)) > plain + 3
