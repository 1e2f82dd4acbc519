"""Ranks: shared by those that no test tells apart, by gap closed and nothing else."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cse_bench import api
from cse_bench.errors import InputError
from cse_bench.harness.scores import GUARDS
from cse_bench.harness.tracks import TRACKS
from cse_bench.leaderboard.ranking import Contender, shared_ranks, standings
from cse_bench.results.gap import mean_gap
from cse_bench.results.paired import difference
from cse_bench.results.pairwise import pairwise, reduce_cells
from cse_bench.results.read import read_ranks, read_result
from cse_bench.results.record import Cell
from cse_bench.results.rescore import QueryValues, rescore

RNG = np.random.default_rng(0)


def cells(values, runs=((0, 0),), shops=("SHOP1", "SHOP2"), group=None):
    """One direction of an invented entry."""
    values = np.asarray(values, np.float64).reshape(-1, len(runs))
    group = np.arange(len(values)) // 3 if group is None else group
    cell = Cell("pairs-all", *shops, "test", "next_event", "rendered", "auc")
    return {cell: QueryValues(runs, np.arange(len(values)), group, values, None)}


RUNS = {
    "one run": ((0, 0),),
    "draws": ((0, 0), (1, 0), (2, 0)),
    "seeds": ((0, 0), (0, 1), (0, 2)),
}


@pytest.mark.parametrize("ours", RUNS)
@pytest.mark.parametrize("theirs", RUNS)
def test_many_pairs_at_once_are_tested_as_two_are(ours, theirs):
    first = cells(RNG.normal(0.1, 1, (60, len(RUNS[ours]))), RUNS[ours])
    second = cells(RNG.normal(0.0, 1, (60, len(RUNS[theirs]))), RUNS[theirs])
    room = dict.fromkeys(first, 1.0)
    (found,) = pairwise([reduce_cells(first, room), reduce_cells(second, room)], [(0, 1)])
    assert found == pytest.approx(difference(first, second).p)


def test_real_entries_are_tested_as_compare_does(written):
    found = [rescore(read_ranks(written / n / "result.json")) for n in ("procrustes", "ridge")]
    place = ("pairs-50", "SHOP1", "SHOP2", "test", "translation", "cosine", "mrr")
    one = [{cell: own[cell] for cell in own if cell == place} for own in found]
    samples = [reduce_cells(own, dict.fromkeys(own, 0.5)) for own in one]
    assert pairwise(samples, [(0, 1)])[0] == pytest.approx(difference(*one).p)


def test_the_mean_is_that_of_the_directions_in_units_of_their_room():
    there = cells(RNG.normal(size=30))
    back = cells(RNG.normal(size=90), shops=("SHOP2", "SHOP1"))
    rooms = {next(iter(there)): 0.5, next(iter(back)): 2.0}
    found = reduce_cells(there | back, rooms).means[0]
    wanted = [np.mean(v.values) / rooms[c] for c, v in (there | back).items()]
    assert found == pytest.approx(np.mean(wanted))


def test_other_queries_are_refused():
    samples = [
        reduce_cells(own, dict.fromkeys(own, 1.0)) for own in (cells([1] * 30), cells([1] * 33))
    ]
    with pytest.raises(InputError, match="do not hold the same queries"):
        pairwise(samples, [(0, 1)])


def test_one_group_tests_nothing():
    group = np.zeros(30, np.int64)
    own = cells(RNG.normal(size=30), group=group)
    sample = reduce_cells(own, dict.fromkeys(own, 1.0))
    assert np.isnan(pairwise([sample, sample], [(0, 1)])[0])


@given(st.integers(1, 12), st.data())
def test_ranks_begin_at_one_and_never_fall_back(n, data):
    apart = np.zeros((n, n), bool)
    for i, j in combinations(range(n), 2):
        apart[i, j] = apart[j, i] = data.draw(st.booleans())
    ranks = shared_ranks(apart)
    assert ranks[0] == 1
    assert ranks == sorted(ranks)
    for i, rank in enumerate(ranks):
        assert rank <= i + 1
        assert not apart[rank - 1, i] or rank == i + 1


def test_nobody_apart_is_one_group_and_everybody_apart_is_none():
    assert shared_ranks(np.zeros((4, 4), bool)) == [1, 1, 1, 1]
    assert shared_ranks(~np.eye(4, dtype=bool)) == [1, 2, 3, 4]


@pytest.fixture(scope="module")
def contenders(small_release, tmp_path_factory):
    place = tmp_path_factory.mktemp("contenders")
    found = []
    for name in ("identity", "random-rotation", "procrustes", "cca", "ridge"):
        api.evaluate(name, small_release, out=place / name)
        path = place / name / "result.json"
        found.append(Contender(name, read_result(path), rescore(read_ranks(path))))
    return found


def test_standings_are_by_gap_closed_and_the_order_of_entries_is_nothing(contenders):
    found = standings(contenders, list(TRACKS), GUARDS)
    assert found == standings(contenders[::-1], list(TRACKS), GUARDS)
    assert [s.task for s in found[:1]] == ["next_event"]
    for standing in found:
        if standing.not_ranked is None:
            gaps = [row.gap_closed for row in standing.rows]
            assert gaps == sorted(gaps, reverse=True)
            ranks = [row.rank for row in standing.rows]
            assert ranks[0] == 1
            assert ranks == sorted(ranks)
        else:
            assert {row.rank for row in standing.rows} == {None}
        for row in standing.rows:
            assert len(row.directions) == 2
            gaps = [way.gap_closed for way in row.directions]
            if row.gap_closed is not None:
                assert row.gap_closed == pytest.approx(np.mean(gaps))
    guard = [s for s in found if s.task in GUARDS]
    assert guard
    assert all(s.not_ranked for s in guard)


def test_an_aligner_that_learns_is_told_from_one_that_does_not(contenders):
    """All five on one track, whatever they use: what knows pairs leads what knows none."""

    def moved(contender):
        own = {"pairs-all": "here", "unsupervised": "here"}
        scores = [
            s.model_copy(update={"track": own[s.track]})
            for s in contender.result.scores
            if s.track in own
        ]
        kept = {c._replace(track="here"): v for c, v in contender.cells.items() if c.track in own}
        return Contender(
            contender.entry, contender.result.model_copy(update={"scores": scores}), kept
        )

    found = standings([moved(c) for c in contenders], ["here"], GUARDS)
    board = next(s for s in found if s.task == "translation")
    ranks = {row.entry: row.rank for row in board.rows}
    assert ranks["cca"] == 1
    assert ranks["procrustes"] < ranks["random-rotation"]
    assert ranks["identity"] == ranks["random-rotation"]


def test_a_direction_without_a_gap_has_no_mean(contenders):
    scores = [s for s in contenders[2].result.scores if s.track == "pairs-all"][:2]
    assert mean_gap(scores) is not None
    assert mean_gap([*scores, scores[0].model_copy(update={"gap_closed": None})]) is None
    assert mean_gap([]) is None
