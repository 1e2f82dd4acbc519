"""The benchmark on the embedded release: chance where it must be, order where it must be."""

from __future__ import annotations

import json
from itertools import pairwise

import jsonschema
import numpy as np
import pytest

from cse_bench.aligners.loading import find_aligner
from cse_bench.harness.cache import RunCache, cache_directory
from cse_bench.harness.record import make_result
from cse_bench.harness.run import evaluate_aligner
from cse_bench.harness.sandbox.backends import choose
from cse_bench.harness.tracks import TRACKS
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.results.read import read_result
from cse_bench.results.record import Result, json_schema

DIRECTIONS = [("SHOP1", "SHOP2"), ("SHOP2", "SHOP1")]
PRIMARY = {("rendered", "auc"), ("real", "auc"), ("cosine", "mrr")}


@pytest.fixture(scope="module")
def procrustes(release):
    """Scored now, on the fewest pairs and on all."""
    return evaluate_aligner(
        find_aligner("procrustes"),
        release,
        [TRACKS["pairs-50"], TRACKS["pairs-all"]],
        cache=RunCache(cache_directory()),
        isolation=choose().backend,  # as `evaluate` does: who has run it already has it
    )


@pytest.fixture(scope="module")
def now(release, procrustes):
    """The record of that."""
    return make_result(find_aligner("procrustes"), {}, release, procrustes, "test")


@pytest.fixture(scope="module")
def results(root):
    """As the board has them: see `tests/leaderboard/test_entries.py`."""
    entries = root / "leaderboard" / "entries"
    return {
        name: read_result(next((entries / name).glob("*/result.json")))
        for name in ("content-seeds", "random-rotation", "procrustes")
    }


def test_what_is_scored_now_is_what_the_board_has(now, results):
    then = {s.cell: s.value for s in results["procrustes"].scores}
    assert len(now.scores) > 100
    for s in now.scores:
        assert s.value == pytest.approx(then[s.cell], abs=1e-3), s


def score(result, track, direction, variant, metric):
    found = [
        s
        for s in result.scores
        if (s.track, s.source_shop, s.target_shop) == (track, *direction)
        and (s.variant, s.metric) == (variant, metric)
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_random_rotation_is_at_chance_within_its_interval(results, release, direction):
    n = len(release.shops[direction[1]])
    chance = {
        ("rendered", "auc"): 0.5,
        ("real", "auc"): 0.5,
        ("real-novel", "auc"): 0.5,
        ("cosine", "mrr"): np.sum(1 / np.arange(1, n + 1)) / n,
        ("csls", "mrr"): np.sum(1 / np.arange(1, n + 1)) / n,
    }
    for (variant, metric), expected in chance.items():
        s = score(results["random-rotation"], "unsupervised", direction, variant, metric)
        assert s.ci_low <= expected <= s.ci_high, (variant, s)
        assert s.ci_high - s.ci_low < 0.04


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("variant", ["rendered", "real"])
def test_mean_and_smooth_maximum_are_both_in_the_record(results, direction, variant):
    for track in ("pairs-50", "pairs-500", "pairs-all"):
        by_mean = score(results["procrustes"], track, direction, variant, "auc")
        smooth = score(results["procrustes"], track, direction, f"{variant}-smooth-maximum", "auc")
        assert by_mean.n == smooth.n
        assert smooth.ci_low > 0.5
        assert abs(by_mean.value - smooth.value) < 0.03
        assert by_mean.value != smooth.value


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_more_pairs_translate_better(results, direction):
    tracks = [
        score(results["procrustes"], t, direction, "cosine", "mrr")
        for t in ("pairs-50", "pairs-500", "pairs-all")
    ]
    for few, many in pairwise(tracks):
        assert few.ci_high < many.ci_low


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_content_seeds_are_level_with_500_pairs_or_better(results, direction):
    seeds = score(results["content-seeds"], "content", direction, "cosine", "mrr")
    pairs = score(results["procrustes"], "pairs-500", direction, "cosine", "mrr")
    assert seeds.ci_high >= pairs.value


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_oracle_is_1_on_translation_and_no_bound_elsewhere(results, direction):
    s = score(results["procrustes"], "pairs-all", direction, "cosine", "mrr")
    assert s.oracle == 1
    assert s.reference == s.value
    assert s.gap_closed == 1


def difference(procrustes, variant, better, worse):
    """Interval of the mean paired difference of two entrants, both directions together."""
    values, groups = [], []
    for direction in DIRECTIONS:
        context = procrustes.context[direction]
        runs = {
            "floor": context.floor,
            "oracle": context.oracle,
            "pairs-50": procrustes.runs["pairs-50", *direction],
            "pairs-all": procrustes.runs["pairs-all", *direction],
        }
        auc = {}
        for name in (better, worse):
            cells = [
                next(s for s in run.scores["next_event"] if s.variant == variant)
                for run in runs[name]
            ]
            auc[name] = np.mean([c.metrics["auc"] for c in cells], axis=0)
        values.append(auc[better] - auc[worse])
        groups.append(cells[0].group)
    return interval(Resampler.over(np.concatenate(groups)).means(np.concatenate(values)))


@pytest.mark.parametrize(
    ("variant", "order"),
    [
        ("rendered", ["floor", "pairs-50", "pairs-all", "oracle"]),
        ("real", ["floor", "pairs-50", "pairs-all"]),
    ],
)
def test_next_event_separates(procrustes, variant, order):
    for worse, better in pairwise(order):
        low, _ = difference(procrustes, variant, better, worse)
        assert low > 0, (worse, better)


def test_every_number_has_its_interval_and_context(results, now):
    for result in (*results.values(), now):
        seen = set()
        for s in result.scores:
            key = (s.track, s.source_shop, s.task, s.variant, s.metric)
            assert key not in seen
            seen.add(key)
            assert s.n > 500
            assert s.ci_low - 1e-6 <= s.value <= s.ci_high + 1e-6, s
            assert s.reference is not None
            assert s.oracle is not None
            if s.gap_closed is not None:
                assert s.gap_ci_low - 1e-6 <= s.gap_closed <= s.gap_ci_high + 1e-6, s
        assert {k[1] for k in seen} == {"SHOP1", "SHOP2"}


def test_runs_are_recorded(results):
    runs = results["procrustes"].runs
    assert len([r for r in runs if r.track == "pairs-50"]) == 10
    assert len([r for r in runs if r.track == "pairs-all"]) == 2
    assert not any(r.failed for r in runs)
    assert len(results["random-rotation"].runs) == 10
    assert any(r.failed for r in results["random-rotation"].runs)


def test_the_record_validates_against_the_exported_schema(results, now, root):
    exported = json.loads((root / "leaderboard" / "schema" / "result.json").read_text())
    assert exported == json_schema(), "run: python benchmarks/export_schema.py"
    validator = jsonschema.Draft202012Validator(exported)
    for result in (*results.values(), now):
        raw = json.loads(result.model_dump_json())
        validator.validate(raw)
        assert Result.model_validate(raw) == result
    raw["scores"][0].pop("ci_low")
    assert not validator.is_valid(raw)
