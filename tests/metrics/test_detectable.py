"""Noise over groups: against known cases, the bootstrap, and the power that is promised."""

import numpy as np
import pytest
from scipy.stats import sem

from cse_bench.metrics.bootstrap import Resampler
from cse_bench.metrics.detectable import clustered_error, smallest_detectable


def test_groups_of_one_are_the_plain_error():
    values = np.random.default_rng(0).standard_normal(50)
    assert clustered_error(values, np.arange(50)) == pytest.approx(sem(values))


def test_repeated_rows_tell_nothing_new():
    values = np.random.default_rng(0).standard_normal(50)
    plain = clustered_error(values, np.arange(50))
    again = clustered_error(values.repeat(8), np.arange(50).repeat(8))
    assert again == pytest.approx(plain)
    assert clustered_error(values.repeat(8), np.arange(400)) < plain / 2


def test_it_is_what_the_bootstrap_says():
    rng = np.random.default_rng(1)
    share = 1 / (5 + np.arange(150))  # a tenth of the groups holds two fifths
    group = rng.choice(150, 3000, p=share / share.sum())
    values = rng.standard_normal(150)[group] + rng.standard_normal(3000)
    values[rng.random(3000) < 0.1] = np.nan
    drawn = Resampler.over(group, replicates=4000).means(values)
    assert clustered_error(values, group) == pytest.approx(drawn.std(), rel=0.15)


def test_one_group_has_no_error():
    assert np.isnan(clustered_error(np.arange(5.0), np.zeros(5, np.int64)))
    assert np.isnan(clustered_error(np.full(3, np.nan), np.arange(3)))


def test_a_difference_of_that_size_is_found_four_times_in_five():
    rng = np.random.default_rng(0)
    group = np.arange(80).repeat(4)

    def draw():
        return rng.standard_normal(80)[group] + rng.standard_normal(320)

    size = np.mean([smallest_detectable(draw(), group) for _ in range(200)])
    found = 0
    for _ in range(1000):
        values = draw() + size
        found += abs(values.mean()) > 1.96 * clustered_error(values, group)
    assert 760 <= found <= 840


def test_the_mean_plays_no_part():
    values = np.random.default_rng(0).standard_normal(50)
    group = np.arange(50) // 2
    moved = smallest_detectable(values + 3, group)
    assert moved == pytest.approx(smallest_detectable(values, group))
