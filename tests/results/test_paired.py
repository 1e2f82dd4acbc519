"""Paired differences: of a result and itself none, of a better one the difference of the means."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cse_bench.errors import InputError
from cse_bench.results.paired import difference, holm, paired_difference, t_test
from cse_bench.results.ranked import markdown, ranked
from cse_bench.results.read import read_result
from cse_bench.results.record import Cell
from cse_bench.results.rescore import QueryValues
from tests.results.conftest import SCORED

RENDERED = ("next_event", "rendered", "auc")
TRANSLATION = ("translation", "cosine", "mrr")


@pytest.fixture(scope="module")
def scored(written):
    results = {name: read_result(written / name / "result.json") for name in SCORED}
    return results, {name: pq.read_table(written / name / "ranks.parquet") for name in results}


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
    assert (found.ours, found.theirs) == pytest.approx(wanted, abs=1e-6)
    assert found.value == pytest.approx(wanted[0] - wanted[1], abs=1e-6)
    assert found.low < found.value < found.high
    assert found.sure
    assert found.p < 0.05
    assert found.wins + found.ties + found.losses == found.n
    assert found.wins > found.losses
    back = paired_difference(
        tables["random-rotation"], tables["procrustes"], tracks[::-1], *primary
    )
    assert (back.value, back.low, back.high) == pytest.approx(
        (-found.value, -found.high, -found.low), abs=2e-3
    )
    assert back.p == pytest.approx(found.p)
    assert (back.wins, back.ties, back.losses) == (found.losses, found.ties, found.wins)


def test_a_result_does_not_differ_from_itself(scored):
    table = scored[1]["procrustes"]
    found = paired_difference(table, table, ("pairs-50", "pairs-50"), *RENDERED)
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert (found.wins, found.ties, found.losses) == (0, found.n, 0)
    assert not found.sure


def test_other_queries_are_refused(scored):
    table = scored[1]["procrustes"]
    few = table.filter(pc.less(table["query"], 50))
    with pytest.raises(InputError, match="not hold the same queries"):
        paired_difference(table, few, ("pairs-50", "pairs-50"), *RENDERED)
    one_way = table.filter(pc.equal(table["source_shop"], "SHOP1"))
    with pytest.raises(InputError, match="not hold the same queries"):
        paired_difference(table, one_way, ("pairs-50", "pairs-50"), *RENDERED)
    with pytest.raises(InputError, match="no next_event, rendered auc, on the track open"):
        paired_difference(table, table, ("open", "open"), *RENDERED)


def test_with_one_query_a_group_it_is_the_t_test():
    values = np.random.default_rng(0).normal(0.2, 1, 40)
    wanted = stats.ttest_1samp(values, 0).pvalue
    assert t_test(values, np.arange(40)) == pytest.approx(wanted, rel=1e-9)
    pairs = {name: of(np.abs(values) * (name == "b"), np.arange(40)) for name in ("a", "b")}
    wanted = stats.ttest_rel(np.abs(values), np.zeros(40)).pvalue
    assert difference(pairs["b"], pairs["a"]).p == pytest.approx(wanted, rel=1e-9)


def test_equal_groups_are_tested_by_their_means():
    """With as many queries in every group, clustered inference is a t-test of the groups' means."""
    values = np.random.default_rng(1).normal(0.1, 1, (12, 7)) + np.arange(12)[:, None] / 10
    group = np.repeat(np.arange(12), 7)
    wanted = stats.ttest_1samp(values.mean(axis=1), 0).pvalue
    assert t_test(values.ravel(), group) == pytest.approx(wanted, rel=1e-9)


def test_where_nothing_can_be_tested():
    assert t_test(np.array([1.0, 2.0]), np.array([4, 4])) is None
    assert t_test(np.empty(0), np.empty(0, np.int64)) is None
    assert t_test(np.zeros(3), np.arange(3)) == 1
    assert t_test(np.ones(3), np.arange(3)) == 0


def test_one_in_twenty_is_found_where_there_is_nothing():
    """Shoppers of very different activity, and seeds with noise of their own."""
    rng = np.random.default_rng(2)
    sizes = np.minimum(rng.zipf(1.6, 60), 40)
    group = np.repeat(np.arange(60), sizes)
    found, alone = [], []
    for _ in range(1500):
        shopper = rng.normal(0, 1, 60)[group]
        seed = rng.normal(0, 0.3, 5)
        values = shopper[:, None] + seed[None, :] + rng.normal(0, 0.5, (len(group), 5))
        runs = values.mean(axis=0).var(ddof=1) / 5
        found.append(t_test(values.mean(axis=1), group, [(runs, 4)]))
        alone.append(t_test(values.mean(axis=1), np.arange(len(group))))
    assert 0.03 < np.mean(np.array(found) < 0.05) < 0.07
    assert np.mean(np.array(alone) < 0.05) > 0.2, "queries of one shopper are not independent"


def of(values, group, *, runs=None, query=None, task="next_event", shops=("S1", "S2")):
    values = np.asarray(values, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    runs = runs or tuple((i, 0) for i in range(values.shape[1]))
    query = np.arange(len(values)) if query is None else query
    cell = Cell("track", *shops, "test", task, "v", "auc")
    return {cell: QueryValues(runs, query, np.asarray(group), values, None)}


def test_the_noise_of_seeds_counts():
    rng = np.random.default_rng(3)
    group = np.arange(200)
    base = rng.normal(0, 0.1, 200)
    calm = base[:, None] + 0.01 + np.zeros(5)
    wild = base[:, None] + 0.01 + np.array([-0.2, 0.2, -0.1, 0.1, 0])
    ours = [difference(of(x, group), of(base, group)) for x in (calm, wild)]
    assert [d.value for d in ours] == pytest.approx([0.01, 0.01])
    assert ours[0].p < 0.001
    assert ours[1].p > 0.5
    assert ours[1].high - ours[1].low > 0.2
    each = wild - base[:, None]
    noise = stats.sem(each.mean(axis=0)) ** 2
    assert ours[1].p == pytest.approx(t_test(each.mean(axis=1), group, [(noise, 4)]))


def test_runs_on_the_same_draws_are_paired():
    rng = np.random.default_rng(4)
    group = np.arange(200)
    draw = rng.normal(0, 0.3, 5)
    a, b = (rng.normal(0, 0.05, (200, 1)) + draw for _ in range(2))
    same = difference(of(a + 0.02, group), of(b, group))
    other = difference(of(a + 0.02, group, runs=tuple((i + 1, 0) for i in range(5))), of(b, group))
    assert same.value == pytest.approx(other.value)
    assert same.p < 0.05 < other.p
    assert same.high - same.low < 0.2 < other.high - other.low


def test_both_directions_of_a_shopper_are_one_group():
    """A shopper's number means the same in both directions; a pair's does between two shops."""
    values, group = np.random.default_rng(5).normal(0.3, 1, 30), np.arange(30)

    def all_of(task, *shops):
        ours, theirs = {}, {}
        for direction in shops:
            ours |= of(values, group, task=task, shops=direction)
            theirs |= of(np.zeros(30), group, task=task, shops=direction)
        return difference(ours, theirs)

    there, back, elsewhere = ("S1", "S2"), ("S2", "S1"), ("S1", "S3")
    alone = all_of("next_event", there)
    for task in ("next_event", "translation"):
        both = all_of(task, there, back)
        assert (both.n, both.groups) == (60, 30)
        assert both.p == pytest.approx(alone.p), "the same shoppers again are no more evidence"
    assert all_of("next_event", there, elsewhere).groups == 30
    assert all_of("translation", there, elsewhere).groups == 60


def test_what_does_not_count_is_left_out_of_both():
    a, b = np.array([1.0, np.nan, 3.0, 5.0]), np.array([0.0, np.nan, 1.0, 1.0])
    found = difference(of(a, np.arange(4)), of(b, np.arange(4)))
    assert (found.n, found.value) == (3, pytest.approx(7 / 3))
    with pytest.raises(InputError, match="same queries"):
        difference(of(a, np.arange(4)), of(np.nan_to_num(b), np.arange(4)))
    with pytest.raises(InputError, match="same queries"):
        difference(of(a, np.arange(4)), of(b, np.array([0, 1, 2, 2])))


def test_holm_by_a_worked_example():
    """R's ``p.adjust(c(.01, .02, .03, .005), "holm")`` is .03, .04, .04, .02."""
    found = holm(np.array([0.01, 0.02, 0.03, 0.005]))
    assert found == pytest.approx([0.03, 0.04, 0.04, 0.02])
    with_gap = holm(np.array([0.01, np.nan, 0.02, 0.03, 0.005]))
    assert with_gap[[0, 2, 3, 4]] == pytest.approx(found)
    assert np.isnan(with_gap[1])
    assert len(holm(np.empty(0))) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p):
    """Its definition by closure: the largest Bonferroni p-value of all the sets one is in."""
    subsets = [s for k in range(1, len(p) + 1) for s in itertools.combinations(range(len(p)), k)]
    wanted = [
        max(min(1.0, len(s) * min(p[j] for j in s)) for s in subsets if i in s)
        for i in range(len(p))
    ]
    assert holm(np.array(p)) == pytest.approx(wanted)


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
