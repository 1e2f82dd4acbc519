"""What a release holds: counted again in plain words, and in step with `evaluate`."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import skew

import cse_bench
from cse_bench.aligners.loading import find_aligner
from cse_bench.errors import InputError
from cse_bench.harness import room
from cse_bench.harness.cache import RunCache
from cse_bench.harness.describe import describe_release, n_steps
from cse_bench.harness.describe_table import print_description
from cse_bench.harness.direction import Direction, fit_direction
from cse_bench.harness.tracks import Track, draw_evidence
from cse_bench.metrics.bootstrap import Resampler
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.isomorphism import eigenvector_similarity
from tests.bare_release import bare_release
from tests.cli.test_cli import run

DIRECTIONS = [("SHOP1", "SHOP2"), ("SHOP2", "SHOP1")]


@pytest.fixture(scope="module")
def described(small_release):
    return cse_bench.describe(small_release)


@pytest.fixture(scope="module")
def bare(small_release, tmp_path_factory):
    return bare_release(small_release, tmp_path_factory.mktemp("bare") / "bare")


def test_counts_are_those_of_the_files(described, small_release):
    rows = {f"{t.table}/{t.split}.parquet": t.rows for t in described.tables}
    files = {name: entry.rows for name, entry in small_release.manifest.files.items()}
    assert rows == {name: n for name, n in files.items() if not name.startswith("products/")}
    for counted in described.tables:
        data = small_release.table(counted.table, counted.split).to_pylist()
        if counted.split == "train" or counted.table == "pairs":
            assert counted.groups is None
        else:
            assert counted.groups == len({row["group"] for row in data})
        lengths = [len(row.get("source", row.get("products", []))) for row in data]
        assert (counted.products or 0) == pytest.approx(np.mean(lengths))
    for shop in described.shops:
        table = small_release.shops[shop.shop]
        assert (shop.products, shop.categories) == (len(table), len(set(table.categories)))
        events = 2.0**table.popularity
        assert shop.least == events.min()
        assert shop.most == events.max()
        top = np.sort(events)[-30:]
        assert shop.head_share == pytest.approx(top.sum() / events.sum())
        assert 0.1 < shop.head_share < 1
        cosine = unit(table.vectors) @ unit(table.vectors).T
        np.fill_diagonal(cosine, -np.inf)
        nearest = np.argsort(-cosine, axis=1)[:, :10]
        assert shop.hubness == pytest.approx(skew(np.bincount(nearest.ravel())), rel=0.01)


def test_overlap_is_counted_through_all_pairs(described, small_release, monkeypatch):
    monkeypatch.setattr("cse_bench.harness.diagnosis.GRAPH_PRODUCTS", 100)
    (fewer,), (two,) = cse_bench.describe(small_release).overlaps, described.overlaps
    popular = [
        shop.vectors[np.argsort(-shop.popularity, kind="stable")[:100]]
        for shop in small_release.shops.values()
    ]
    assert fewer.eigenvector_similarity == pytest.approx(eigenvector_similarity(*popular))
    known = [small_release.table("pairs", split) for split in ("train", "validation", "test")]
    assert two.shared == sum(map(len, known))
    assert two.jaccard == two.shared / (600 - two.shared)
    assert two.eigenvector_similarity > 0
    assert two.singular_value_gap > 0


def test_floor_reference_and_oracle_are_those_of_evaluate(described, small_release):
    result = cse_bench.evaluate("procrustes", small_release, "pairs-all")
    scores = {(s.source_shop, s.task, s.variant, s.metric): s for s in result.scores}
    assert [(r.source_shop, r.target_shop) for r in described.spaces] == DIRECTIONS
    assert {(r.task, r.variant) for r in described.rooms} >= {
        ("next_event", "rendered"),
        ("next_event", "real"),
        ("translation", "cosine"),
    }
    for r in described.rooms:
        score = scores[r.source_shop, r.task, r.variant, r.metric]
        assert r.queries == score.n
        assert r.floor.value == pytest.approx(score.floor)
        assert r.reference.value == pytest.approx(score.value)
        assert r.reference.low == pytest.approx(score.ci_low)
        assert r.reference.high == pytest.approx(score.ci_high)
        assert r.oracle.value == pytest.approx(score.oracle)
        assert r.discriminative == score.discriminative
        assert r.floor.low <= r.floor.value <= r.floor.high
        assert r.task == "retention" or 0 < r.detectable < 1
    shown = {(d.source_shop, d.hubness) for d in result.diagnostics}
    assert {(s.source_shop, s.hubness_reference) for s in described.spaces} == shown


def test_the_detectable_difference_is_that_of_the_compared_entries(described, small_release):
    direction = Direction.prepare(small_release, "test", *DIRECTIONS[0])
    half = len(direction.evidence.pairs) // 2
    assert f" and on {half} of them" in described.spaces[0].compared
    fits = []
    for n in (None, half):
        evidence = draw_evidence(direction.evidence, Track("", "", "pairs", n), 0)
        fits.append(fit_direction(find_aligner("procrustes").make(), direction, evidence, 0))
    assert_noise_between(*fits, direction, described, "rendered")


def assert_noise_between(first, second, direction, described, variant):
    """That the detectable difference is what the bootstrap over groups makes of two fits."""
    scored = [
        next(s for s in direction.score(fit.aligned)["next_event"] if s.variant == variant)
        for fit in (first, second)
    ]
    differences = scored[0].metrics["auc"] - scored[1].metrics["auc"]
    drawn = Resampler.over(scored[0].group).means(differences)
    found = next(r for r in described.rooms if r.variant == variant)
    assert found.detectable == pytest.approx((1.96 + 0.8416) * drawn.std(), rel=0.1)


def test_without_pairs_two_rotations_that_are_no_opposites_are_compared(bare):
    direction = Direction.prepare(bare, "test", *DIRECTIONS[0])
    fits = [
        fit_direction(find_aligner("random-rotation").make(i), direction, direction.evidence, i)
        for i in (0, 2)
    ]
    assert_noise_between(*fits, direction, cse_bench.describe(bare), "real")


def test_three_shops_and_nothing_beside_the_vectors(bare):
    seen = []
    found = describe_release(bare, cache=RunCache(None), step=seen.append)
    assert len(seen) <= n_steps(bare)
    assert [shop.categories for shop in found.shops] == [0, 0, 0]
    assert found.content_dimensions is None
    twins = {(two.first, two.second): two for two in found.overlaps}
    assert set(twins) == {("SHOP1", "SHOP2"), ("SHOP1", "SHOP3"), ("SHOP2", "SHOP3")}
    assert twins["SHOP1", "SHOP3"].eigenvector_similarity == 0
    assert all(two.shared is None and two.jaccard is None for two in found.overlaps)
    asked = {(r.source_shop, r.target_shop) for r in found.rooms if r.task == "next_event"}
    assert asked == {(a, "SHOP2") for a in ("SHOP1", "SHOP3")} | {
        ("SHOP2", a) for a in ("SHOP1", "SHOP3")
    }
    assert {s.compared for s in found.spaces} == {"two random rotations"}
    for r in found.rooms:
        assert r.reference is None
        assert r.oracle is None
        assert r.discriminative is None
        assert r.task == "retention" or 0 < r.detectable < 0.2
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["rooms"]


def test_a_task_without_room_is_said_to_have_none(small_release, monkeypatch):
    """With an oracle no better than the floor."""
    from cse_bench.harness.describe_table import _detectable

    whole = room.context_of
    monkeypatch.setattr(
        room, "context_of", lambda *given: (c := whole(*given)) and replace(c, oracle=c.floor)
    )
    found = cse_bench.describe(small_release)
    rooms = [r for r in found.rooms if r.task != "retention"]
    assert not any(r.discriminative for r in rooms)
    assert {_detectable(r) for r in rooms} == {"not discriminative"}


def test_what_no_query_counts_for_is_left_out(small_release, monkeypatch):
    whole = room.context_of

    def without_translation(*given):
        context = whole(*given)
        floor = []
        for one in context.floor:
            translation = [
                replace(v, metrics={m: x * np.nan for m, x in v.metrics.items()})
                for v in one.scores["translation"]
            ]
            floor.append(replace(one, scores=one.scores | {"translation": translation}))
        return replace(context, floor=floor)

    monkeypatch.setattr(room, "context_of", without_translation)
    tasks = {r.task for r in cse_bench.describe(small_release).rooms}
    assert "next_event" in tasks
    assert "translation" not in tasks


def test_the_second_time_nothing_is_fitted(small_release, tmp_path, monkeypatch):
    cache = RunCache(tmp_path)
    first = describe_release(small_release, cache=cache)
    monkeypatch.setattr("cse_bench.harness.sandbox.fit.fit_direction", None)
    again = describe_release(small_release, cache=cache)
    assert again.as_dict() == first.as_dict()


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_the_tables_fit_the_terminal(described, width):
    out = io.StringIO()
    print_description(described, Console(width=width, file=out))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in out.getvalue()
    boxes = [line for line in lines if line.startswith(("┏", "┃", "│", "└"))]
    assert all(line.endswith(("┓", "┃", "│", "┘")) for line in boxes), "a border is cut off"
    shown = out.getvalue()
    assert "next_event auc, rendered" in shown
    assert ("oracle [95 %]" in shown) == (width > 100)


def test_the_verb_prints_tables_or_json(bare, small_release, described):
    told = run("describe", small_release.path)
    assert told.returncode == 0, told.stderr
    for word in ("Jaccard", "singular value gap", "oracle", "detectable", "rendered", "hubness"):
        assert word in told.stdout
    # Another process may round otherwise, on another number of threads.
    texts = run("describe", small_release.path, "--json").stdout, json.dumps(described.as_dict())
    found, wanted = (json.loads(t, parse_float=lambda x: f"{float(x):.6g}") for t in texts)
    assert found == wanted
    told = run("describe", bare.path, "--split", "validation")
    assert told.returncode == 0, told.stderr
    assert "two random rotations" in told.stdout
    assert "no content" in told.stdout


def test_a_release_that_asks_nothing_is_counted_all_the_same(small_release, tmp_path):
    silent = bare_release(small_release, tmp_path / "silent", crossings=False)
    assert cse_bench.describe(silent).rooms == []
    told = run("describe", silent.path)
    assert told.returncode == 0, told.stderr
    assert "SHOP3" in told.stdout
    assert "asks nothing on the split test" in told.stdout


def test_bad_input_is_refused(small_release, tmp_path):
    with pytest.raises(InputError, match="no split"):
        cse_bench.describe(small_release, split="train")
    done = run("describe", tmp_path / "nowhere")
    assert done.returncode == 2
