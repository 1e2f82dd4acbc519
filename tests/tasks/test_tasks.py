"""Tasks on a small real slice: invariances, chance, bounds, and plain re-computation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cse_bench.aligners.contract import Aligned
from cse_bench.aligners.loading import find_aligner
from cse_bench.harness.direction import Direction, fit_direction
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.matched import WIDTH
from tests.conftest import need


@pytest.fixture(scope="module")
def direction(small_release):
    return Direction.prepare(small_release, "test", "SHOP1", "SHOP2")


def shops_of(direction):
    return (direction.release.shops[n] for n in (direction.source, direction.target))


def raw(direction):
    source, target = shops_of(direction)
    return Aligned(source.vectors, target.vectors)


def scored(direction, aligned):
    return {
        (task, s.variant, metric): values
        for task, variants in direction.score(aligned).items()
        for s in variants
        for metric, values in s.metrics.items()
    }


def fitted(direction, name, run=0):
    return fit_direction(find_aligner(name).make(run), direction, direction.evidence, run).aligned


def test_the_slice_asks_something_of_every_task(direction):
    quarters = {
        name: {f"{name}-popularity-{q}of4" for q in (1, 2, 3, 4)}
        for name in ("rendered", "real", "cosine")
    }
    prefixes = {f"{name}-prefix-{n}" for name in ("rendered", "real", "in-shop") for n in (1, 2, 3)}
    brief = {
        "next_event": {"rendered", "real", "real-novel"} | quarters["rendered"] | quarters["real"],
        "type_ahead": {"rendered", "real"},
        "translation": {"cosine"} | quarters["cosine"],
        "retention": set(),
    }
    dear = {
        "next_event": {"rendered-smooth-maximum", "real-smooth-maximum"},
        "type_ahead": {"in-shop"} | prefixes,
        "translation": {"csls", "cosine+popularity"},
        "retention": {"lower", "source", "target"},
    }
    assert list(direction.tasks) == list(brief)
    for full in (True, False):
        scored = direction.score(raw(direction), full=full)
        for task, variants in brief.items():
            wanted = variants | dear[task] if full else variants
            assert {v.variant for v in scored[task]} == wanted


def test_a_brief_scoring_gives_the_same_values(direction):
    aligned = fitted(direction, "procrustes")
    full, brief = (direction.score(aligned, full=f) for f in (True, False))
    for task, variants in brief.items():
        by_variant = {v.variant: v for v in full[task]}
        for scores in variants:
            for metric, values in scores.metrics.items():
                np.testing.assert_array_equal(values, by_variant[scores.variant].metrics[metric])


@pytest.mark.parametrize(
    "constant",
    [lambda n, rng: np.ones((n, 5)), lambda n, rng: np.tile(rng.standard_normal(100), (n, 1))],
    ids=["ones", "one random vector"],
)
def test_a_constant_scorer_is_at_chance(direction, constant):
    rng = np.random.default_rng(0)
    vector = constant(1, rng)
    n_source, n_target = (len(shop) for shop in shops_of(direction))
    aligned = Aligned(
        *(np.repeat(vector, n, axis=0).astype(np.float32) for n in (n_source, n_target))
    )
    scores = scored(direction, aligned)
    harmonic = np.sum(1 / np.arange(1, n_target + 1)) / n_target
    for variant in ("cosine", "csls"):
        np.testing.assert_allclose(scores["translation", variant, "mrr"], harmonic)
        np.testing.assert_allclose(scores["translation", variant, "p@1"], 1 / n_target)
    for variant in ("real", "rendered"):
        auc = scores["next_event", variant, "auc"]
        np.testing.assert_allclose(auc[~np.isnan(auc)], 0.5)


def test_zero_vectors_are_at_chance_too(direction):
    n_source, n_target = (len(shop) for shop in shops_of(direction))
    zeros = Aligned(np.zeros((n_source, 3), np.float32), np.zeros((n_target, 3), np.float32))
    auc = scored(direction, zeros)["next_event", "real", "auc"]
    np.testing.assert_allclose(auc[~np.isnan(auc)], 0.5)


@pytest.mark.parametrize("turned", ["SHOP1", "SHOP2"])
@pytest.mark.parametrize("pairs", [30, None])
@settings(max_examples=4)
@given(seed=st.integers(0, 10**6))
def test_rotating_either_shop_changes_no_score_of_procrustes(direction, turned, pairs, seed):
    shops = dict(direction.release.shops)
    d = shops[turned].vectors.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    vectors = (shops[turned].vectors @ rotation).astype(np.float32)
    shops[turned] = replace(shops[turned], vectors=vectors)
    evidence = replace(direction.evidence, pairs=direction.evidence.pairs[:pairs])
    scores = []
    for release in (direction.release, replace(direction.release, shops=shops)):
        place = replace(direction, release=release)
        fit = fit_direction(find_aligner("procrustes").make(), place, evidence, 0)
        scores.append(scored(direction, fit.aligned))
    for key, values in scores[
        0
    ].items():  # rounding may swap two neighbours here and there, no more
        means = [np.nanmean(s[key]) for s in scores]
        one = 1 / np.count_nonzero(~np.isnan(values))
        assert means[0] == pytest.approx(means[1], abs=max(2e-3, one)), key


def test_hits_at_1_is_p_at_1_and_hits_grow_with_depth(direction):
    scores = scored(direction, fitted(direction, "procrustes"))
    for variant in ("cosine", "csls"):
        p1, p10, mrr = (scores["translation", variant, m] for m in ("p@1", "p@10", "mrr"))
        assert np.all(p1 <= p10)
        assert np.all(p1 <= mrr)
        np.testing.assert_array_equal(p1 == 1, mrr == 1)


def test_the_oracle_translates_perfectly(direction):
    pairs = np.concatenate(
        [direction.release.pairs(s, "SHOP1", "SHOP2") for s in ("train", "validation", "test")]
    )
    source, target = shops_of(direction)
    vectors = np.array(source.vectors)
    vectors[pairs[:, 0]] = target.vectors[pairs[:, 1]]
    scores = scored(direction, Aligned(vectors, target.vectors))
    np.testing.assert_array_equal(scores["translation", "cosine", "mrr"], 1)
    np.testing.assert_array_equal(scores["translation", "csls", "p@1"], 1)
    same = scores["translation", "cosine", "same_category@1"]
    assert np.nanmin(same) == 1


def test_next_event_by_a_plain_loop(direction):
    aligned = fitted(direction, "procrustes")
    source, target = unit(aligned.source), unit(aligned.target)
    task = direction.tasks["next_event"]
    scores = direction.score(aligned)["next_event"]
    train, _ = direction.release.sessions("train", direction.source)
    means = [source[session].mean(axis=0) for session in train]
    usual = np.mean([mean / np.linalg.norm(mean) for mean in means], axis=0)
    for prepared in task.variants:
        rows, near = prepared.rows, prepared.neighbours
        metrics = next(s for s in scores if s.variant == prepared.variant).metrics
        for query in range(0, len(rows.group), 17):
            vector = source[rows.source[query]].mean(axis=0)
            cosine = target @ (vector / np.linalg.norm(vector) - usual)
            values = []
            for place in np.flatnonzero(near.row == query):
                w = near.width[place]
                others = np.r_[near.index[place, :w], near.index[place, WIDTH : WIDTH + w]]
                own = cosine[near.item[place]]
                values.append(np.mean((own > cosine[others]) + 0.5 * (own == cosine[others])))
            expected = np.mean(values) if values else np.nan
            assert metrics["auc"][query] == pytest.approx(expected, abs=1e-2, nan_ok=True)


def test_a_popularity_coordinate_does_not_rise_above_the_floor(release):
    """On the full catalogue it would win; among neighbours in popularity it gains nothing."""
    values, full = {}, {}
    direction = Direction.prepare(release, "test", "SHOP1", "SHOP2")
    source, target = shops_of(direction)
    for strength in (0.0, 1.0):
        auc, ndcg = [], []
        for seed in (0, 1):
            rotated = fitted(direction, "random-rotation", seed)
            popular = target.popularity[:, None] / target.popularity.max()
            aligned = Aligned(
                np.hstack([unit(rotated.source), np.full((len(source), 1), strength, np.float32)]),
                np.hstack([unit(rotated.target), strength * popular]),
            )
            scores = scored(direction, aligned)
            auc.append([np.nanmean(scores["next_event", v, "auc"]) for v in ("real", "rendered")])
            ndcg.append(np.nanmean(scores["next_event", "rendered", "ndcg@10"]))
        values[strength], full[strength] = np.mean(auc, axis=0), np.mean(ndcg)
    assert np.all(values[1.0] <= values[0.0] + 0.005)
    assert full[1.0] > 5 * full[0.0], "the probe must be one that wins where ranking is unmatched"


def test_full_catalogue_values_equal_ir_measures(direction):
    need("ir_measures")
    import ir_measures
    from ir_measures import RR, P, R, Success, nDCG

    aligned = fitted(direction, "procrustes")
    source, target = unit(aligned.source), unit(aligned.target)
    scores = direction.score(aligned)

    def run_of(queries, hidden):
        cosine = queries @ target.T
        return [
            ir_measures.ScoredDoc(str(q), str(i), float(cosine[q, i]))
            for q in range(len(queries))
            for i in range(len(target))
            if i not in hidden[q]
        ]

    def compare(measures, qrels, run, skip):
        for value in ir_measures.iter_calc(list(measures), qrels, run):
            query = int(value.query_id)
            if query not in skip:
                ours = measures[value.measure][query]
                assert value.value == pytest.approx(ours, abs=1e-9), (value.measure, query)

    translation = direction.tasks["translation"]
    pairs = translation.pairs
    by_cosine = scores["translation"][0]
    compare(
        {P @ 1: by_cosine.metrics["p@1"], RR: by_cosine.metrics["mrr"]},
        [ir_measures.Qrel(str(q), str(i), 1) for q, i in enumerate(pairs[:, 1])],
        run_of(source[pairs[:, 0]], [()] * len(pairs)),
        skip=set(np.flatnonzero(by_cosine.ranks.ties)),
    )
    assert np.mean(by_cosine.ranks.ties > 0) < 0.05
    for prepared in direction.tasks["next_event"].variants:
        rows = prepared.rows
        metrics = next(s for s in scores["next_event"] if s.variant == prepared.variant).metrics
        queries = np.stack([unit(source[r].mean(axis=0)[None])[0] for r in rows.source])
        cosine = queries @ target.T
        gaps = np.array([np.diff(np.sort(c)[-120:]).min() for c in cosine])
        compare(
            {
                nDCG @ 10: metrics["ndcg@10"],
                Success @ 10: metrics["hr@10"],
                RR @ 10: metrics["mrr@10"],
                R @ 100: metrics["recall@100"],
            },
            [ir_measures.Qrel(str(q), str(i), 1) for q, row in enumerate(rows.target) for i in row],
            run_of(queries, [set(m.tolist()) for m in prepared.masked]),
            skip=set(np.flatnonzero(gaps < 3e-6)),
        )
        assert np.mean(gaps < 3e-6) < 0.6
