"""Every reference aligner: contract checks, and a known truth that it must find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cse_bench.aligners.checks import run_checks, small_shops
from cse_bench.aligners.contract import align
from cse_bench.aligners.loading import find_aligner, read_aligner
from cse_bench.aligners.registry import ALIGNERS, CONTROLS
from cse_bench.metrics.cosine import unit


@pytest.mark.parametrize("name", [*ALIGNERS, *CONTROLS])
def test_contract_checks_pass(name):
    assert [found for found in run_checks(find_aligner(name)) if found[1] is not None] == []


@pytest.mark.parametrize("name", list(ALIGNERS))
def test_it_says_what_it_is(name):
    info = find_aligner(name).info
    assert info.name == name
    assert info.description
    assert info.licence
    assert info.authors


def hit_share(name):
    """Share of shared products whose nearest target product is their twin."""
    source, target, evidence = small_shops()
    aligned = align(find_aligner(name).make(), source, target, evidence)
    nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
    return np.mean(nearest[:70] == np.arange(70))


@pytest.mark.parametrize(("name", "least"), [("procrustes", 1.0), ("ridge", 0.95), ("oracle", 1.0)])
def test_a_true_rotation_is_found(name, least):
    assert hit_share(name) >= least


def test_content_seeds_find_a_rotation_of_many_kinds():
    source, target, evidence = small_shops()
    rng = np.random.default_rng(0)
    kinds = rng.standard_normal((35, 9)).astype(np.float32)
    kind = np.arange(70) // 2
    content = [
        np.concatenate([kinds[kind], rng.standard_normal((len(shop) - 70, 9))]).astype(np.float32)
        for shop in (source, target)
    ]
    shops = [replace(s, content=c) for s, c in zip((source, target), content, strict=True)]
    aligned = align(find_aligner("content-seeds").make(), *shops, evidence)
    nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
    assert np.mean(nearest[:70] == np.arange(70)) > 0.95


def test_a_random_rotation_finds_nothing_and_keeps_lengths():
    assert hit_share("random-rotation") < 0.15
    source, target, evidence = small_shops()
    rotation = find_aligner("random-rotation")
    one, opposite = (align(rotation.make(seed), source, target, evidence) for seed in (6, 7))
    np.testing.assert_allclose(
        np.linalg.norm(one.source, axis=1), np.linalg.norm(source.vectors, axis=1), rtol=1e-4
    )
    np.testing.assert_array_equal(one.source, -opposite.source)


@pytest.mark.parametrize("name", list(ALIGNERS))
@pytest.mark.parametrize(("more", "fewer"), [("source", "target"), ("target", "source")])
def test_shops_may_differ_in_dimensions(name, more, fewer):
    source, target, evidence = small_shops()
    shops = {"source": source, "target": target}
    shops[fewer] = replace(shops[fewer], vectors=np.ascontiguousarray(shops[fewer].vectors[:, :7]))
    aligned = align(find_aligner(name).make(), shops["source"], shops["target"], evidence)
    assert aligned.source.shape[1] == aligned.target.shape[1]


BROKEN = """
import numpy as np
from cse_bench import Aligner
class Broken(Aligner):
    name = "broken"
    stochastic = {stochastic}
    def __init__(self, random_state=0):
        self.random_state = random_state
        {init}
    def fit(self, source, target, evidence):
        {fit}
        return self
    def transform(self, shop):
        return shop.vectors + getattr(self, "seed_", 0)
"""

BREAKS = {
    "__init__ only stores parameters": {"init": "self.seed_ = 0"},
    "the same input gives the same output": {
        "fit": "self.seed_ = np.random.default_rng().normal()"
    },
    "a second fit forgets the first": {"fit": "self.seed_ = getattr(self, 'seed_', 0) + 1"},
    "undeclared evidence has no effect": {"fit": "self.seed_ = 0 if evidence.pairs is None else 1"},
    "random_state has an effect where declared": {"stochastic": True},
    "inputs are left as they are": {
        "fit": "source.vectors.flags.writeable and source.vectors.__setitem__(0, 1)"
    },
    "a product with a zero vector": {
        "fit": "assert np.linalg.norm(source.vectors, axis=1).min() > 0"
    },
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_check_catches_what_it_is_for(tmp_path, name):
    parts = {"init": "pass", "fit": "pass", "stochastic": False} | BREAKS[name]
    path = tmp_path / "broken.py"
    path.write_text(BROKEN.format(**parts))
    found = {check for check, problem in run_checks(read_aligner(path)) if problem is not None}
    assert name in found
