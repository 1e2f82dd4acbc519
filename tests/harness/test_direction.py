"""What a run shows an aligner: permuted rows, nested draws, nothing undeclared."""

from __future__ import annotations

import numpy as np
import pytest

from cse_bench import Aligner
from cse_bench.aligners.loading import find_aligner
from cse_bench.errors import InputError
from cse_bench.harness.direction import Direction, fit_direction
from cse_bench.harness.tracks import TRACKS, choose_tracks, draw_evidence, tracks_for


@pytest.fixture(scope="module")
def direction(small_release):
    return Direction.prepare(small_release, "validation", "SHOP2", "SHOP1")


class Spy(Aligner):
    """Notes what it is shown; the identity."""

    uses = frozenset({"pairs", "cross_sessions", "content"})

    def fit(self, source, target, evidence):
        self.seen_ = (source, target, evidence)
        return self

    def transform(self, shop):
        return shop.vectors.copy()


def test_rows_are_permuted_for_the_aligner_and_put_back_for_scoring(direction):
    shops = [direction.release.shops[n] for n in ("SHOP2", "SHOP1")]
    orders = []
    for run in (0, 1):
        spy = Spy()
        fit = fit_direction(spy, direction, direction.evidence, run)
        np.testing.assert_array_equal(fit.aligned.source, shops[0].vectors)
        np.testing.assert_array_equal(fit.aligned.target, shops[1].vectors)
        source, target, evidence = spy.seen_
        assert not np.array_equal(source.vectors, shops[0].vectors)
        orders.append(source.vectors)
        # Evidence follows the rows: pairs join the vectors they joined before.
        shown = {
            (source.vectors[a].tobytes(), target.vectors[b].tobytes()) for a, b in evidence.pairs
        }
        real = {
            (shops[0].vectors[a].tobytes(), shops[1].vectors[b].tobytes())
            for a, b in direction.evidence.pairs
        }
        assert shown == real
        ours, theirs = evidence.cross_sessions
        assert sorted(ours.lengths) == sorted(direction.evidence.cross_sessions[0].lengths)
        assert ours.values.max() < len(source)
        assert theirs.values.max() < len(target)
    assert not np.array_equal(*orders)


def test_permuting_changes_no_score_of_procrustes(direction):
    means = []
    for run in (0, 1, 2):
        fit = fit_direction(find_aligner("procrustes").make(), direction, direction.evidence, run)
        means.append(
            [
                np.nanmean(values)
                for variants in direction.score(fit.aligned).values()
                for s in variants
                for values in s.metrics.values()
            ]
        )
    np.testing.assert_allclose(means[0], means[1], atol=2e-3)
    np.testing.assert_allclose(means[0], means[2], atol=2e-3)


def test_draws_are_nested_differ_and_are_the_same_both_ways(release):
    there = Direction.prepare(release, "validation", "SHOP1", "SHOP2").evidence
    back = Direction.prepare(release, "validation", "SHOP2", "SHOP1").evidence
    drawn = {}
    for draw in range(5):
        few = draw_evidence(there, TRACKS["pairs-50"], draw).pairs
        many = draw_evidence(there, TRACKS["pairs-500"], draw).pairs
        assert (len(few), len(many)) == (50, 500)
        np.testing.assert_array_equal(few, many[:50])
        np.testing.assert_array_equal(
            few, draw_evidence(back, TRACKS["pairs-50"], draw).pairs[:, ::-1]
        )
        drawn[draw] = {tuple(p) for p in few}
    assert len(set.union(*map(set, drawn.values()))) > 200
    held_out = {
        tuple(p) for s in ("validation", "test") for p in release.pairs(s, "SHOP1", "SHOP2")
    }
    assert held_out.isdisjoint({tuple(p) for p in there.pairs})


def test_reverse_sessions_are_turned_round(release):
    there = Direction.prepare(release, "validation", "SHOP1", "SHOP2").evidence.cross_sessions
    forward = release.rows("cross_sessions", "train", "SHOP1", "SHOP2")
    backward = release.rows("cross_sessions", "train", "SHOP2", "SHOP1")
    assert len(there[0]) == len(forward.group) + len(backward.group)
    np.testing.assert_array_equal(there[0][len(forward.group)], backward.target[0])
    np.testing.assert_array_equal(there[1][len(forward.group)], backward.source[0])


@pytest.mark.parametrize(
    ("uses", "tracks"),
    [
        ((), ["unsupervised"]),
        (("content",), ["content"]),
        (("pairs",), ["pairs-50", "pairs-500", "pairs-all"]),
        (("cross_sessions",), ["cross-sessions"]),
        (("pairs", "content"), ["open"]),
        (("pairs", "content", "cross_sessions"), ["open"]),
    ],
)
def test_tracks_follow_from_the_evidence(uses, tracks):
    assert [t.name for t in tracks_for(frozenset(uses))] == tracks


def test_wrong_tracks_are_told(release):
    with pytest.raises(InputError, match="did you mean 'pairs-500'"):
        choose_tracks(frozenset({"pairs"}), ("pairs-5000",), release)
    with pytest.raises(InputError, match="uses no evidence"):
        choose_tracks(frozenset(), ("open",), release)
    chosen = choose_tracks(frozenset({"pairs"}), ("pairs-all",), release)
    assert [t.name for t in chosen] == ["pairs-all"]


def test_a_small_release_offers_the_tracks_it_can_fill(small_release):
    n = len(small_release.pairs("train", "SHOP1", "SHOP2"))
    assert 50 < n < 500
    chosen = choose_tracks(frozenset({"pairs"}), (), small_release)
    assert [t.name for t in chosen] == ["pairs-50", "pairs-all"]
