"""retention: 1 for a rotation, lower for a map that crushes, and a guard rather than a prize."""

from __future__ import annotations

import numpy as np
import pytest

import cse_bench
from cse_bench.aligners.contract import Aligned
from cse_bench.harness.direction import Direction
from cse_bench.metrics.bootstrap import Resampler
from cse_bench.metrics.cosine import unit
from cse_bench.tasks.completion import Completion
from cse_bench.tasks.retention import PER_SESSION


@pytest.fixture(scope="module")
def direction(release):
    return Direction.prepare(release, "validation", "SHOP1", "SHOP2")


def ratios(direction, source, target):
    scored = direction.tasks["retention"].score(Aligned(source, target))
    return {s.variant: s for s in scored}


def vectors(direction):
    return [direction.release.shops[n].vectors for n in (direction.source, direction.target)]


def mean(scored):
    return float(np.nanmean(scored.metrics["ratio"]))


def test_a_rotation_loses_nothing_and_few_dimensions_lose_much(direction):
    source, target = vectors(direction)
    q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((source.shape[1],) * 2))
    kept = ratios(direction, (source @ q).astype(np.float32), target)
    assert mean(kept["source"]) == pytest.approx(1, abs=1e-3)
    assert mean(kept["target"]) == 1
    lost = ratios(direction, unit(source)[:, :4].copy(), target)
    assert mean(lost["source"]) < 0.9
    assert mean(lost["lower"]) == pytest.approx(mean(lost["source"]))
    assert mean(lost["target"]) == 1


def test_the_value_is_the_ratio_of_the_two_means(direction, release):
    source, target = vectors(direction)
    crushed = unit(source)[:, :16].copy()
    sessions, _ = release.sessions("validation", "SHOP1")
    asked = Completion.prepare(
        sessions, release.shops["SHOP1"].popularity, ordered=False, limit=PER_SESSION
    )
    own, shared = (plain_auc(asked, unit(v)) - 0.5 for v in (source, crushed))
    found = ratios(direction, crushed, target)
    assert mean(found["source"]) == pytest.approx(shared / own, abs=1e-4)


def plain_auc(asked, vectors):
    """Mean over sessions of the mean over their products, one product after the other."""
    by_session = {}
    for row, item, index, width in zip(
        asked.near.row, asked.near.item, asked.near.index, asked.near.width, strict=True
    ):
        query = vectors[asked.shown[row]].mean(axis=0)
        half = len(index) // 2
        others = vectors[np.r_[index[:width], index[half : half + width]]] @ query
        own = vectors[item] @ query
        won = (others < own).mean() + (others == own).mean() / 2
        by_session.setdefault(asked.session[row], []).append(won)
    return np.mean([np.mean(values) for values in by_session.values()])


def test_the_lower_counts_the_same_sessions_whichever_shop_it_is(direction):
    source, target = vectors(direction)
    one = ratios(direction, unit(source)[:, :8].copy(), target)
    other = ratios(direction, source, unit(target)[:, :8].copy())
    for found, shop in ((one, "source"), (other, "target")):
        assert mean(found["lower"]) == pytest.approx(mean(found[shop]))
        noise = [
            Resampler.over(s.group).means(s.metrics["ratio"]).std()
            for s in (found["lower"], found[shop])
        ]
        assert noise[0] == pytest.approx(noise[1], rel=0.25)
    counted = [~np.isnan(found["lower"].metrics["ratio"]) for found in (one, other)]
    np.testing.assert_array_equal(*counted)


def test_sessions_ask_for_at_most_three_products_spread_over_them(release):
    sessions, _ = release.sessions("validation", "SHOP1")
    asked = Completion.prepare(
        sessions, release.shops["SHOP1"].popularity, ordered=False, limit=PER_SESSION
    )
    lengths = sessions.lengths
    counts = np.bincount(asked.session, minlength=len(sessions))
    np.testing.assert_array_equal(counts, np.where(lengths >= 2, np.minimum(lengths, 3), 0))
    long = int(np.argmax(lengths))
    places = [
        int(np.flatnonzero(sessions[long] == asked.hidden[i][0])[0])
        for i in np.flatnonzero(asked.session == long)
    ]
    assert places == [0, lengths[long] // 3, 2 * lengths[long] // 3]


CRUSHES = """
from cse_bench import Aligner

class Crushes(Aligner):
    name = "crushes"
    def fit(self, source, target, evidence):
        return self
    def transform(self, shop):
        return shop.vectors[:, :3]
    def transform_target(self, shop):
        return shop.vectors[:, :3]
"""


def test_no_gap_is_closed_by_it_and_a_loss_is_flagged(small_release, tmp_path):
    (tmp_path / "crushes.py").write_text(CRUSHES)
    result = cse_bench.evaluate(tmp_path / "crushes.py", small_release)
    rows = [s for s in result.scores if s.task == "retention"]
    assert rows
    assert all(s.gap_closed is None for s in rows)
    low = [s for s in rows if s.variant == "lower" and s.value < 0.95]
    told = [flag for flag in result.flags if "less than 0.95" in flag]
    assert len(told) == len(low) > 0
    assert all(f"{s.value:.3f}" in " ".join(told) for s in low)
