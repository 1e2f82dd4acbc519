"""Intervals: coverage, groups, missing values."""

import numpy as np

from cse_bench.metrics import bootstrap
from cse_bench.metrics.bootstrap import Resampler, interval


def test_the_interval_covers_the_truth_about_19_times_in_20():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        group = np.repeat(np.arange(60), 3)
        values = rng.standard_normal(60)[group] + 0.2 * rng.standard_normal(180)
        low, high = interval(Resampler.over(group, random_state=trial).means(values))
        covered += low <= 0 <= high
    assert 180 <= covered <= 199


def test_grouped_rows_widen_the_interval():
    values = np.random.default_rng(0).standard_normal(50).repeat(8)
    widths = []
    for group in (np.arange(400), np.arange(50).repeat(8)):
        low, high = interval(Resampler.over(group).means(values))
        widths.append(high - low)
    assert widths[1] > 2 * widths[0]


def test_missing_values_do_not_count():
    values = np.array([1.0, np.nan, 1.0, np.nan])
    means = Resampler.over(np.arange(4)).means(values)
    assert np.nanmin(means) == np.nanmax(means) == 1


def test_draws_do_not_depend_on_how_many_are_counted_at_a_time(monkeypatch):
    group = np.random.default_rng(0).integers(0, 90, 400)
    values = np.random.default_rng(1).random((400, 3))
    whole = Resampler.over(group)
    assert np.all(whole.weights.sum(axis=1) == 90)
    monkeypatch.setattr(bootstrap, "CHUNK", 7 * 90)
    again = Resampler.over(group)
    np.testing.assert_array_equal(again.weights, whole.weights)
    by_hand = [
        np.average(values, axis=0, weights=weights[group].astype(float))
        for weights in whole.weights
    ]
    np.testing.assert_allclose(again.means(values), by_hand)
