"""Aligners that know nothing stay at chance: each was a way to win somewhere."""

from __future__ import annotations

import numpy as np
import pytest

from cse_bench import Aligner
from cse_bench.aligners.loading import find_aligner
from cse_bench.harness.direction import Direction, fit_direction

N_SEEDS = 4


class Constant(Aligner):
    """All products are one."""

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, source, target, evidence):
        return self

    def transform(self, shop):
        return np.ones((len(shop), 8), np.float32)

    transform_target = transform


class Random(Constant):
    """Vectors out of the air."""

    def transform(self, shop):
        rng = np.random.default_rng([self.random_state, len(shop)])
        return rng.standard_normal((len(shop), 8)).astype(np.float32)

    def transform_target(self, shop):
        return -self.transform(shop)


class RowOrder(Constant):
    """Row i of one shop is row i of the other: wins where rows stand in a telling order."""

    def transform(self, shop):
        rng = np.random.default_rng(self.random_state)
        return rng.standard_normal((20_000, 32)).astype(np.float32)[: len(shop)]

    transform_target = transform


class ShuffledRows(Constant):
    """A good alignment, put on the wrong products."""

    uses = frozenset({"pairs"})

    def fit(self, source, target, evidence):
        self.good_ = find_aligner("procrustes").make(0).fit(source, target, evidence)
        return self

    def transform(self, shop):
        rows = np.random.default_rng(self.random_state).permutation(len(shop))
        return self.good_.transform(shop)[rows]

    def transform_target(self, shop):
        return self.good_.transform_target(shop)


@pytest.fixture(scope="module")
def direction(release):
    return Direction.prepare(release, "validation", "SHOP1", "SHOP2")


def scored(direction, aligner):
    aligned = fit_direction(aligner, direction, direction.evidence, 0).aligned
    return {
        (task, s.variant, metric): values[~np.isnan(values)].mean()
        for task, variants in direction.score(aligned, full=False).items()
        for s in variants
        for metric, values in s.metrics.items()
    }


def mean_over_seeds(direction, aligner):
    found = [scored(direction, aligner(seed)) for seed in range(N_SEEDS)]
    return {name: np.mean([one[name] for one in found]) for name in found[0]}


@pytest.mark.parametrize("probe", [Constant, Random, RowOrder, ShuffledRows])
def test_who_knows_nothing_is_at_chance(direction, probe):
    values = scored(direction, probe()) if probe is Constant else mean_over_seeds(direction, probe)
    n = len(direction.release.shops["SHOP2"])
    chance = (1 / np.arange(1, n + 1)).mean()
    for variant in ("rendered", "real"):
        near = 1e-12 if probe is Constant else 0.012
        assert values["next_event", variant, "auc"] == pytest.approx(0.5, abs=near)
        assert values["type_ahead", variant, "bits"] < 0.003
    assert values["translation", "cosine", "mrr"] < 1.5 * chance
    if probe is Constant:
        assert values["translation", "cosine", "mrr"] == pytest.approx(chance, rel=1e-9)
        assert values["type_ahead", "rendered", "bits"] == 0


def test_who_knows_something_is_not(direction):
    """So the test above can fail."""
    values = scored(direction, find_aligner("procrustes").make(0))
    assert values["next_event", "rendered", "auc"] > 0.6
    assert values["translation", "cosine", "mrr"] > 0.05
    assert values["type_ahead", "rendered", "bits"] > 0.2


def test_no_score_stands_under_two_names(direction):
    """Two metrics of equal value on every query would be one metric, counted twice."""
    aligned = fit_direction(
        find_aligner("procrustes").make(0), direction, direction.evidence, 0
    ).aligned
    seen: dict[bytes, str] = {}
    fixed = ("mrr@10-of-popularity",)  # the same from every side, by its meaning
    for task, variants in direction.score(aligned).items():
        for s in variants:
            for metric, values in s.metrics.items():
                name = f"{task} {s.variant} {metric}"
                # The lower ratio is that of one of the shops, and a shop's own space, left as it
                # is, keeps 1: these are equal by their meaning.
                if metric in fixed or task == "retention":
                    continue
                other = seen.setdefault(np.nan_to_num(values, nan=-9).tobytes(), name)
                assert other == name, f"{name} is {other} over again"
