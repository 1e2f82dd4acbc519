"""Paired differences: of a result and itself none, of a better one the difference of the means."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench.errors import InputError
from cse_bench.results.paired import paired_difference
from cse_bench.results.ranked import markdown, ranked

RENDERED = ("next_event", "rendered", "auc")
TRANSLATION = ("translation", "cosine", "mrr")


@pytest.fixture(scope="module")
def scored(small_release, tmp_path_factory):
    place = tmp_path_factory.mktemp("results")
    results = {
        name: cse_bench.evaluate(name, small_release, out=place / name)
        for name in ("procrustes", "random-rotation", "ridge")
    }
    return results, {name: pq.read_table(place / name / "ranks.parquet") for name in results}


def mean(result, track, task, variant, metric):
    own = [
        (s.value, s.n)
        for s in result.scores
        if (s.track, s.task, s.variant, s.metric) == (track, task, variant, metric)
    ]
    return np.average([v for v, _ in own], weights=[n for _, n in own])


@pytest.mark.parametrize("primary", [RENDERED, TRANSLATION])
def test_the_difference_is_that_of_the_scores(scored, primary):
    results, tables = scored
    tracks = ("pairs-all", "unsupervised")
    found = paired_difference(tables["procrustes"], tables["random-rotation"], tracks, *primary)
    wanted = [
        mean(results[name], track, *primary)
        for name, track in zip(("procrustes", "random-rotation"), tracks, strict=True)
    ]
    assert found.value == pytest.approx(wanted[0] - wanted[1], abs=1e-6)
    assert found.low < found.value < found.high
    assert found.sure
    back = paired_difference(
        tables["random-rotation"], tables["procrustes"], tracks[::-1], *primary
    )
    assert (back.value, back.low, back.high) == pytest.approx(
        (-found.value, -found.high, -found.low), abs=2e-3
    )


def test_a_result_does_not_differ_from_itself(scored):
    table = scored[1]["procrustes"]
    found = paired_difference(table, table, ("pairs-50", "pairs-50"), *RENDERED)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert not found.sure


def test_other_queries_are_refused(scored):
    table = scored[1]["procrustes"]
    few = table.filter(pc.less(table["query"], 50))
    with pytest.raises(InputError, match="not hold the same queries"):
        paired_difference(table, few, ("pairs-50", "pairs-50"), *RENDERED)
    with pytest.raises(InputError, match="no next_event, rendered auc, on the track open"):
        paired_difference(table, table, ("open", "open"), *RENDERED)


def test_ranked_by_the_mean_gap(scored):
    results = scored[0]
    lines = ranked(list(results.values()), [RENDERED], ["unsupervised", "pairs-50", "pairs-all"])
    assert [line.aligner for line in lines if line.track == "unsupervised"] == ["random-rotation"]
    own = [line for line in lines if line.track == "pairs-all"]
    assert {line.aligner for line in own} == {"procrustes", "ridge"}
    assert own[0].gap >= own[1].gap
    reference = next(line for line in own if line.aligner == "procrustes")
    assert reference.gap == pytest.approx(1)
    text = markdown(lines)
    assert "### pairs-all: next_event, rendered auc" in text
    assert "| procrustes |" in text
    assert "100%" in text
