"""type_ahead: derived and typed queries, prefixes, the model's invariances, its references."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import cse_bench
from cse_bench import unit
from cse_bench.aligners.contract import Aligned
from cse_bench.harness.direction import Direction
from cse_bench.metrics.loglinear import best_scale, fit_log_linear
from cse_bench.metrics.prefixed import PREFIXES, Vocabulary, score_typed
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def typed_release():
    return cse_bench.load_release(ROOT / "tests" / "golden" / "queries")


@pytest.fixture(scope="module")
def direction(release):
    return Direction.prepare(release, "validation", "SHOP1", "SHOP2")


def by_variant(scored):
    return {s.variant: s.metrics for s in scored}


def oracle(direction):
    """Each source product at its pair's place."""
    release, ours, theirs = direction.release, direction.source, direction.target
    target = release.shops[theirs].vectors
    source = np.zeros((len(release.shops[ours]), target.shape[1]), np.float32)
    for split in ("train", "validation", "test"):
        pairs = release.pairs(split, ours, theirs)
        source[pairs[:, 0]] = target[pairs[:, 1]]
    return Aligned(source, target)


def turned(matrix, seed=0):
    size = matrix.shape[1]
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))
    return (matrix @ q).astype(np.float32)


def test_a_dictionary_foretells_most_and_a_turned_shop_nothing(direction):
    task = direction.tasks["type_ahead"]
    known = oracle(direction)
    best = by_variant(task.score(known))
    lost = by_variant(task.score(Aligned(turned(known.source), known.target)))
    for prefix in PREFIXES:
        name = f"rendered-prefix-{prefix}" if prefix else "rendered"
        assert best[name]["bits"].mean() > lost[name]["bits"].mean() + 0.01
    assert best["rendered"]["bits"].mean() > 0.25
    assert abs(lost["rendered"]["bits"].mean()) < 0.01
    assert (
        best["rendered"]["mrr@10"].mean() > best["rendered"]["mrr@10-of-popularity"].mean() + 0.02
    )
    assert best["in-shop"]["bits"].mean() > best["rendered"]["bits"].mean()
    assert best["real"]["bits"].mean() < 0.25 * best["rendered"]["bits"].mean()  # the control


def test_turning_the_shared_space_changes_nothing(direction):
    task = direction.tasks["type_ahead"]
    known = oracle(direction)
    rng = np.random.default_rng(1)
    q, _ = np.linalg.qr(rng.standard_normal((known.target.shape[1],) * 2))
    spun = Aligned(*((side @ q).astype(np.float32) for side in (known.source, known.target)))
    one, other = (by_variant(task.score(a, full=False)) for a in (known, spun))
    for variant, metrics in one.items():
        assert other[variant]["bits"].mean() == pytest.approx(metrics["bits"].mean(), abs=1e-3)


def test_the_same_space_gives_the_same_scores(direction):
    known = oracle(direction)
    again = Direction.prepare(direction.release, "validation", "SHOP1", "SHOP2")
    one, other = (by_variant(d.tasks["type_ahead"].score(known)) for d in (direction, again))
    for variant, metrics in one.items():
        for metric, values in metrics.items():
            np.testing.assert_array_equal(values, other[variant][metric])


def test_typed_queries_take_the_place_of_categories(typed_release):
    found = 0
    for source, target in typed_release.directions:
        direction = Direction.prepare(typed_release, "test", source, target)
        task = direction.tasks["type_ahead"]
        scored = by_variant(task.score(oracle(direction)))
        prefixes = {f"{name}-prefix-{n}" for name in ("queries", "in-shop") for n in (1, 2, 3)}
        assert set(scored) == {"queries", "in-shop"} | prefixes
        rows = typed_release.queries("test", source, target)
        train = set(typed_release.queries("train", target, target).query)
        assert len(scored["queries"]["bits"]) == sum(query in train for query in rows.query)
        assert set(task.vocabulary.texts) == train
        found += len(rows.query)
    assert found > 50


def test_popularity_alone_is_zero_bits_by_a_plain_loop(direction):
    """Bits and reciprocal ranks of a few rows, counted out."""
    task = direction.tasks["type_ahead"]
    known = oracle(direction)
    rows = task.tests["rendered"][0].take(np.arange(12))
    model = task._model(unit(known.target))
    from cse_bench.metrics.cosine import session_means

    sessions = session_means(unit(known.source), rows.sessions)
    scale = np.linspace(0, 2, 12)
    found = score_typed(
        sessions - model.centre, model.weights, model.log_prior, scale, rows.typed, task.vocabulary
    )
    texts = [text.casefold() for text in task.vocabulary.texts]
    for i in range(12):
        logits = scale[i] * model.evidence(sessions[[i]])[0].astype(float) + model.log_prior
        share = rows.typed[[i]].toarray()[0]
        for length in PREFIXES:
            bits = rank = 0.0
            for word in np.flatnonzero(share):
                same = [j for j, t in enumerate(texts) if t[:length] == texts[word][:length]]
                ours = logits[word] - np.log(np.exp(logits[same]).sum())
                alone = model.log_prior[word] - np.log(np.exp(model.log_prior[same]).sum())
                bits += share[word] * (ours - alone) / np.log(2)
                place = 1 + (logits[same] > logits[word] + 1e-6).sum()
                rank += share[word] * (1 / place if place <= 10 else 0)
            assert found[length]["bits"][i] == pytest.approx(bits, abs=1e-4)
            assert found[length]["mrr@10"][i] == pytest.approx(rank, abs=1e-9)
    assert found[0]["bits"][0] == pytest.approx(0, abs=1e-12)  # scale 0 is popularity


def test_the_vocabulary_keeps_prefixes_together_whatever_the_case():
    vocabulary = Vocabulary.of_texts(["Tea", "beer", "BEETS", "be", "teapot", "milk"])
    assert vocabulary.texts == ("be", "beer", "BEETS", "milk", "Tea", "teapot")
    assert [len(starts) for starts in vocabulary.starts] == [1, 3, 3, 4]
    assert vocabulary.of[3].tolist() == [0, 1, 1, 2, 3, 3]


def test_the_model_is_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    sessions = unit(rng.standard_normal((2000, 6)).astype(np.float32))
    truth = 4 * rng.standard_normal((5, 6))
    logits = sessions @ truth.T
    word = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    typed = csr_array((np.ones(2000), (np.arange(2000), word)), shape=(2000, 5))
    ours = fit_log_linear(sessions, typed, prior=1e-3)
    theirs = LogisticRegression(C=1e6, max_iter=2000).fit(sessions, word)
    evidence = ours.evidence(sessions) + ours.log_prior
    ours_p = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    ours_p /= ours_p.sum(axis=1, keepdims=True)
    loss = -np.log(ours_p[np.arange(2000), word]).mean()
    best = -np.log(theirs.predict_proba(sessions)[np.arange(2000), word]).mean()
    popularity = -(np.bincount(word) / 2000 * np.log(np.bincount(word) / 2000)).sum()
    # Its only offset is popularity, theirs is free: nearly all that can be learnt is learnt.
    assert best - 1e-6 < loss < best + 0.05 * (popularity - best)


def test_the_best_scale_is_the_best_of_a_grid():
    rng = np.random.default_rng(3)
    evidence = rng.standard_normal((400, 7)).astype(np.float32)
    log_prior = np.log(rng.dirichlet(np.ones(7)))
    logits = 1.7 * evidence + log_prior
    word = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    typed = csr_array((np.ones(400), (np.arange(400), word)), shape=(400, 7))

    def loss(scale):
        moved = scale * evidence.astype(float) + log_prior
        return -(moved[np.arange(400), word] - np.log(np.exp(moved).sum(axis=1))).mean()

    found = best_scale(log_prior, evidence, typed)
    assert all(loss(found) <= loss(scale) + 1e-9 for scale in np.linspace(0, 5, 200))
    assert 1.2 < found < 2.3
    assert best_scale(log_prior, -evidence, typed) == 0
    assert best_scale(log_prior, np.zeros_like(evidence), typed) == 0
    assert best_scale(log_prior, evidence[:0], typed[:0]) == 0
