"""Every reference aligner: contract checks, and a known truth that it must find."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from cse_bench.aligners.base import Evidence
from cse_bench.aligners.checks import run_checks, small_shops
from cse_bench.aligners.contract import align
from cse_bench.aligners.loading import find_aligner, read_aligner
from cse_bench.aligners.registry import ALIGNERS, CONTROLS, aligner_file
from cse_bench.metrics.cosine import unit
from cse_bench.ragged import Ragged


def reference(name):
    """A reference aligner, or a control, which is no entrant and so not found by its name."""
    return read_aligner(aligner_file(name))


@pytest.mark.parametrize("name", [*ALIGNERS, *CONTROLS])
def test_contract_checks_pass(name):
    assert [found for found in run_checks(reference(name)) if found[1] is not None] == []


@pytest.mark.parametrize("name", list(ALIGNERS))
def test_it_says_what_it_is(name):
    info = reference(name).info
    assert info.name == name
    assert info.description
    assert info.licence
    assert info.authors


def hit_share(name):
    """Share of shared products whose nearest target product is their twin."""
    source, target, evidence = small_shops()
    aligned = align(reference(name).make(), source, target, evidence)
    nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
    return np.mean(nearest[:70] == np.arange(70))


# The small shops' popularity is noise and their content eight kinds: what trusts either finds less.
FOUND = {
    "procrustes": 1.0,
    "ridge": 0.95,
    "oracle": 1.0,
    "cca": 1.0,
    "rcsls": 1.0,
    "relative": 1.0,
    "semi-supervised": 1.0,
    "mlp": 0.95,
    "procrustes-sessions": 1.0,
    "translation-table": 0.95,
    "fused-gromov-wasserstein": 0.95,
    "joint": 0.75,
    "content-seeds": 0.7,
}


@pytest.mark.parametrize(("name", "least"), FOUND.items())
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


def test_joint_learns_to_use_popularity_where_it_tells_twins_apart():
    source, target, evidence = small_shops(n_source=170, n_target=170)
    noise = np.random.default_rng(1).standard_normal(source.vectors.shape).astype(np.float32)
    source = replace(source, vectors=source.vectors + noise)
    popularity = np.arange(170, dtype=np.float32) / 17
    told = [replace(shop, popularity=popularity) for shop in (source, target)]

    def weights_and_share(ours, theirs):
        aligner = find_aligner("joint").make()
        aligned = align(aligner, ours, theirs, evidence)
        nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
        return aligner.weights_, np.mean(nearest[:160] == np.arange(160))

    noise_weights, by_noise = weights_and_share(source, target)
    signal_weights, by_signal = weights_and_share(*told)
    assert signal_weights[4] > noise_weights[4]
    assert by_signal > by_noise + 0.2


def test_cca_weighs_each_direction_by_its_correlation():
    source, target, _ = small_shops()
    every = Evidence(np.column_stack([np.arange(70)] * 2))
    cca = find_aligner("cca").make()
    aligned = align(cca, source, target, every)
    ours, theirs = aligned.source[:70], aligned.target[:70]
    cross = ours.T @ theirs
    np.testing.assert_allclose(cross - np.diag(np.diag(cross)), 0, atol=1e-3 * cross.max())
    assert (np.diff(np.diag(cross)) <= 1e-4).all()


def test_cca_works_with_fewer_pairs_than_dimensions():
    source, target, evidence = small_shops()
    few = replace(evidence, pairs=evidence.pairs[:5])
    aligned = align(find_aligner("cca").make(), source, target, few)
    nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
    assert (nearest[:5] == np.arange(5)).mean() >= 0.8


def test_rows_of_the_translation_table_sum_to_one_where_a_product_meets_all():
    source, target, _ = small_shops(n_source=20, n_target=15)
    sessions = [[np.arange(20)] * 3, [np.arange(15)] * 3]
    evidence = Evidence(cross_sessions=tuple(Ragged.from_lists(s) for s in sessions))
    aligner = find_aligner("translation-table").make()
    align(aligner, source, target, evidence)
    np.testing.assert_allclose(aligner.table_.sum(axis=1), 1, atol=1e-5)
    assert aligner.table_.data.min() >= 0


def test_the_translation_table_learns_what_only_counts_can_tell():
    source, target, _ = small_shops(n_source=20, n_target=20)
    twin = np.random.default_rng(0).permutation(20)
    ours = [np.random.default_rng(i).choice(20, 3, replace=False) for i in range(200)]
    theirs = [twin[row] for row in ours]
    evidence = Evidence(cross_sessions=(Ragged.from_lists(ours), Ragged.from_lists(theirs)))
    aligner = find_aligner("translation-table").make()
    aligner.kappa, aligner.iterations = 1.0, 20
    align(aligner, source, target, evidence)
    np.testing.assert_array_equal(aligner.table_.toarray().argmax(axis=1), twin)


def test_content_knn_copies_the_one_product_of_like_content():
    source, target, evidence = small_shops()
    rng = np.random.default_rng(0)
    content = np.eye(90, dtype=np.float32)
    target = replace(target, content=content[:80])
    twin = rng.permutation(80)
    source = replace(
        source, content=np.concatenate([content[twin], np.zeros((10, 90))], dtype="f4")
    )
    aligned = align(find_aligner("content-knn").make(), source, target, evidence)
    np.testing.assert_allclose(aligned.source[:80], unit(target.vectors)[twin], atol=1e-6)
    assert not aligned.source[80:].any()


def test_relative_coordinates_are_cosines_to_the_anchors():
    source, target, evidence = small_shops()
    aligned = align(find_aligner("relative").make(), source, target, evidence)
    ours = evidence.pairs[:, 0]
    cosine = unit(source.vectors) @ unit(source.vectors)[ours].T
    np.testing.assert_allclose(np.sort(aligned.source, axis=1), np.sort(cosine, axis=1), atol=1e-6)
    np.testing.assert_allclose(aligned.source[:70], aligned.target[:70], atol=1e-5)


def test_semi_supervised_finds_from_few_pairs_what_cca_does_not():
    source, target, evidence = small_shops(n_source=310, n_target=310)
    noise = np.random.default_rng(1).standard_normal(source.vectors.shape).astype(np.float32)
    source = replace(source, vectors=source.vectors + 0.2 * noise, popularity=target.popularity)
    few = replace(evidence, pairs=evidence.pairs[:8])

    def share(name):
        aligned = align(find_aligner(name).make(), source, target, few)
        nearest = (unit(aligned.source) @ unit(aligned.target).T).argmax(axis=1)
        return np.mean(nearest[:300] == np.arange(300))

    assert share("semi-supervised") > share("cca") + 0.1


def test_rcsls_beats_procrustes_on_its_own_loss():
    source, target, evidence = small_shops(n_source=150, n_target=150)
    noise = np.random.default_rng(1).standard_normal(source.vectors.shape).astype(np.float32)
    source = replace(source, vectors=source.vectors + noise)

    def loss(name):
        aligned = align(reference(name).make(), source, target, evidence)
        cosine = aligned.source @ unit(target.vectors).T
        near_ours = np.sort(cosine, axis=1)[:, -10:].mean(axis=1)
        near_theirs = np.sort(cosine, axis=0)[-10:].mean(axis=0)
        ours, theirs = evidence.pairs.T
        return np.mean(-2 * cosine[ours, theirs] + near_ours[ours] + near_theirs[theirs])

    assert loss("rcsls") < loss("procrustes")


def test_fused_gromov_wasserstein_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "ot.gromov", None)
    with pytest.raises(ImportError, match=r"needs POT: pip install 'cse-bench\[ot\]'"):
        find_aligner("fused-gromov-wasserstein").make().fit(*small_shops())


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
        return {returned}
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
    "random_state has an effect": {"stochastic": True},
    "inputs are left as they are": {
        "fit": "source.vectors.flags.writeable and source.vectors.__setitem__(0, 1)"
    },
    "fit returns the aligner itself": {"returned": "None"},
    "embeddings of 64 dimensions": {"fit": "assert source.vectors.shape[1] <= 30"},
    "a product with a zero vector": {
        "fit": "assert np.linalg.norm(source.vectors, axis=1).min() > 0"
    },
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_check_catches_what_it_is_for(tmp_path, name):
    parts = {"init": "pass", "fit": "pass", "stochastic": False, "returned": "self"} | BREAKS[name]
    path = tmp_path / "broken.py"
    path.write_text(BROKEN.format(**parts))
    found = {check for check, problem in run_checks(read_aligner(path)) if problem is not None}
    assert name in found


def test_fits_that_differ_are_one_finding(tmp_path):
    """What compares two fits cannot blame the aligner for anything else."""
    path = tmp_path / "restless.py"
    parts = {"init": "pass", "stochastic": False, "returned": "self"}
    path.write_text(BROKEN.format(fit="self.seed_ = np.random.default_rng().normal()", **parts))
    found = {name: problem for name, problem in run_checks(read_aligner(path)) if problem}
    assert len(set(found.values())) == 1
    assert "random_state differ" in next(iter(found.values()))
