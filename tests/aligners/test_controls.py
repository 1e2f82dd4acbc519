"""Controls with a known truth: the same shop embedded twice must be found to be the same.

An aligner that cannot align a shop with itself is broken, whatever it scores on real data. A new
aligner adds its line to `LEAST`, or, if it cannot know single products, to `EXEMPT` with a reason.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from cse_bench import Aligner, Evidence, Ragged, Shop, unit
from cse_bench.aligners.contract import align
from cse_bench.aligners.loading import find_aligner
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.trainers.base import Sessions
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.conftest import need

LEAST = {
    "procrustes": 0.95,
    "ridge": 0.55,  # its penalty shrinks the directions that tell rare products apart
    "graph-matching": 0.95,
    "self-learning": 0.95,
    "wasserstein-procrustes": 0.95,
    "gromov-wasserstein": 0.95,
    "content-seeds": 0.95,
    "fused-gromov-wasserstein": 0.95,
    "cca": 0.95,
    "rcsls": 0.95,
    "relative": 0.95,
    "semi-supervised": 0.95,
    "mlp": 0.9,
    "procrustes-sessions": 0.95,
    "translation-table": 0.95,
    "joint": 0.95,
}
"""Least P@1 on the twin of each aligner."""

EXEMPT = {
    "random-rotation": "a control: it finds nothing",
    "identity": "a control: it finds nothing",
    "content-knn": "content alone tells kinds apart, not products, and there are few kinds",
}
"""Aligners that need not find the twin, and why."""

NEEDS = {"gromov-wasserstein": "ot", "fused-gromov-wasserstein": "ot"}
"""Packages of extras."""

PRODUCTS, KINDS, DIMENSIONS = 300, 20, 24


def shopping(rng):
    """Sessions of two kinds each; products, and kinds, are drawn by popularity (Zipf)."""
    kind = np.sort(rng.integers(KINDS, size=PRODUCTS))
    kind[:KINDS] = np.arange(KINDS)
    taste = 1 / np.arange(1, KINDS + 1) ** 0.5
    appeal = 1 / rng.permutation(np.arange(1, PRODUCTS + 1)) ** 0.8
    friends = rng.integers(KINDS, size=(KINDS, 2))  # kinds that go together
    rows = []
    for _ in range(6000):
        first = rng.choice(KINDS, p=taste / taste.sum())
        wanted = np.isin(kind, [first, *friends[first]]) + 0.02
        chance = wanted * appeal
        rows.append(np.unique(rng.choice(PRODUCTS, size=6, p=chance / chance.sum())))
    return kind, rows


@cache
def twins():
    """One shop embedded twice, the second turned and shuffled, with every kind of evidence.

    Returns
    -------
    source, target : Shop
    evidence : Evidence
    twin : ndarray of shape (n,), int64
        The row of the target that is each row of the source.
    """
    rng = np.random.default_rng(5)
    kind, rows = shopping(rng)
    sold = np.unique(np.concatenate(rows))
    row_of = np.searchsorted(sold, np.arange(PRODUCTS))
    sessions = Ragged.from_lists([row_of[row] for row in rows])
    named = Sessions(tuple(f"p{i:03}" for i in sold), sessions)
    vectors = [
        PpmiSvd(dimensions=DIMENSIONS, random_state=seed).fit(named).vectors for seed in (0, 1)
    ]
    count = np.bincount(sessions.values, minlength=len(sold))
    popularity = np.round(np.log2(count) * 4) / 4
    content = rng.standard_normal((KINDS, 8))[kind[sold]]
    order = rng.permutation(len(sold))
    twin = np.argsort(order)
    turn = np.linalg.qr(rng.standard_normal((DIMENSIONS, DIMENSIONS)))[0]

    def shop(name, *arrays):
        return Shop(name, *(np.ascontiguousarray(a, dtype=np.float32) for a in arrays))

    source = shop("SHOP1", vectors[0], popularity, content)
    target = shop("SHOP2", (vectors[1] @ turn)[order], popularity[order], content[order])
    known = rng.permutation(len(sold))[: len(sold) // 2]
    some = sessions.take(np.arange(0, len(rows), 3))
    evidence = Evidence(np.column_stack([known, twin[known]]), (some, some.map(twin)))
    return source, target, evidence, twin


def found(aligner: Aligner) -> float:
    """Share of products whose nearest target product is their twin."""
    source, target, evidence, twin = twins()
    aligned = align(aligner, source, target, evidence)
    nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
    return float(np.mean(nearest == twin))


@pytest.mark.parametrize("name", [name for name in ALIGNERS if name not in EXEMPT])
def test_the_twin_is_found(name):
    assert name in LEAST, (
        f"{name} has no floor: run it on twins(), then add it to LEAST in {__file__}, or to EXEMPT "
        "with the reason why it cannot find single products"
    )
    if name in NEEDS:
        need(NEEDS[name])
    assert found(find_aligner(name).make()) >= LEAST[name]


@pytest.mark.parametrize("name", ["random-rotation", "identity"])
def test_a_control_does_not_find_the_twin(name):
    assert found(find_aligner(name).make()) < 0.1


def test_tables_name_registered_aligners():
    assert set(LEAST) | set(EXEMPT) == set(ALIGNERS)
    assert not set(LEAST) & set(EXEMPT)


@pytest.mark.parametrize("name", ["procrustes", "graph-matching", "wasserstein-procrustes"])
def test_a_rotation_the_wrong_way_round_is_caught(name):
    class Transposed(find_aligner(name).load()):
        def fit(self, source, target, evidence):
            super().fit(source, target, evidence)
            self.rotation_ = np.ascontiguousarray(self.rotation_.T)
            return self

    assert found(Transposed()) < min(LEAST.values()) / 2


@pytest.mark.parametrize("name", ["procrustes", "ridge", "cca", "rcsls", "relative", "mlp"])
def test_wrong_pairs_are_caught(name):
    """The control looks at products and not at some statistic that any map would keep."""

    class Misled(find_aligner(name).load()):
        def fit(self, source, target, evidence):
            pairs = evidence.pairs.copy()
            pairs[:, 1] = np.roll(pairs[:, 1], 1)
            return super().fit(source, target, Evidence(pairs))

    assert found(Misled()) < LEAST[name] / 2
