"""In-shop completion: against plain ranking, and its floors."""

import numpy as np
import pytest

from cse_bench.metrics.cosine import unit
from cse_bench.ragged import Ragged
from cse_bench.tasks.completion import Completion


@pytest.fixture(scope="module")
def shop():
    """Popularity, vectors of ten kinds, sessions of one kind each."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 10, 200)
    vectors = (rng.standard_normal((10, 16))[kind] + 0.3 * rng.standard_normal((200, 16))).astype(
        np.float32
    )
    popularity = np.sort(rng.random(200).astype(np.float32) * 8)[::-1].copy()
    rows = [
        rng.permutation(np.flatnonzero(kind == rng.integers(10)))[: rng.integers(1, 6)]
        for _ in range(60)
    ]
    return popularity, vectors, Ragged.from_lists(rows)


@pytest.mark.parametrize("ordered", [True, False])
def test_ranks_are_those_of_a_plain_search(shop, ordered):
    popularity, vectors, sessions = shop
    prepared = Completion.prepare(sessions, popularity, ordered=ordered)
    scores = prepared.score(vectors)
    directions = unit(vectors)
    for number, row in enumerate(sessions):
        places = [len(row) - 1] if ordered else range(len(row))
        if len(row) < 2:
            assert np.isnan(scores["mrr@10"][number])
            continue
        reciprocal = []
        for place in places:
            rest = np.delete(row, place)
            cosines = directions @ directions[rest].sum(axis=0)
            cosines[rest] = -np.inf
            rank = 1 + np.sum(cosines > cosines[row[place]])
            reciprocal.append(1 / rank if rank <= 10 else 0)
        assert scores["mrr@10"][number] == pytest.approx(np.mean(reciprocal))


def test_kinds_are_found_and_random_vectors_and_popularity_are_at_chance(shop):
    popularity, vectors, sessions = shop
    prepared = Completion.prepare(sessions, popularity, ordered=False)
    assert np.nanmean(prepared.score(vectors)["auc"]) > 0.9
    random = np.random.default_rng(1).standard_normal(vectors.shape).astype(np.float32)
    assert np.nanmean(prepared.score(random)["auc"]) == pytest.approx(0.5, abs=0.06)
    assert np.nanmean(prepared.score_popularity()["auc"]) == pytest.approx(0.5, abs=0.03)
    constant = np.ones_like(vectors)
    scores = prepared.score(constant)
    np.testing.assert_allclose(scores["auc"][~np.isnan(scores["auc"])], 0.5)
    assert np.nanmean(scores["hr@10"]) == pytest.approx(10 / 198, rel=0.03)


def test_rotation_changes_nothing(shop):
    popularity, vectors, sessions = shop
    rotation = np.linalg.qr(np.random.default_rng(2).standard_normal((16, 16)))[0]
    prepared = Completion.prepare(sessions, popularity, ordered=False)
    before, after = (prepared.score(v.astype(np.float32)) for v in (vectors, vectors @ rotation))
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=1e-6)


def test_what_is_shown_is_no_candidate():
    popularity = np.linspace(5, 1, 40).astype(np.float32)
    sessions = Ragged.from_lists([[3, 4]])
    prepared = Completion.prepare(sessions, popularity, ordered=True)
    assert prepared.shown[0].tolist() == [3]
    assert prepared.hidden[0].tolist() == [4]
    assert 3 not in prepared.near.index
