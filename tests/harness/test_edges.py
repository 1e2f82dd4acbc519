"""The table of edge cases: what is odd is scored as it should be, or refused with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench import Aligner
from cse_bench.aligners.contract import Aligned, align
from cse_bench.errors import AlignerError, InputError
from cse_bench.harness.direction import Direction
from cse_bench.release.read import Release, read_release
from cse_bench.release.schema import TABLES, schema_of
from cse_bench.release.write import ReleaseContents, write_release
from cse_bench.results.read import read_result
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def direction(small_release):
    return Direction.prepare(small_release, "test", "SHOP1", "SHOP2")


def vectors(direction):
    return [direction.release.shops[n].vectors.copy() for n in (direction.source, direction.target)]


def values(direction, source, target):
    scored = direction.score(Aligned(source, target))
    return {
        (task, s.variant, metric): v
        for task, variants in scored.items()
        for s in variants
        for metric, v in s.metrics.items()
    }


def means(found):
    return {name: v[~np.isnan(v)].mean() for name, v in found.items() if not np.isnan(v).all()}


def sound(found):
    """Every score that counts is finite, and a proportion where it should be."""
    for (task, variant, metric), v in found.items():
        kept = v[~np.isnan(v)]
        assert np.isfinite(kept).all(), (task, variant, metric)
        if metric.startswith(("auc", "hr", "p@", "recall", "ndcg")):
            assert ((kept >= -1e-12) & (kept <= 1 + 1e-12)).all(), (task, variant, metric)
    return means(found)


def zero_vectors(ours, theirs):
    ours[::3], theirs[::4] = 0, 0
    return ours, theirs


def all_zero(ours, theirs):
    return ours * 0, theirs * 0


def duplicates(ours, theirs):
    ours[:], theirs[:] = ours[:5][np.arange(len(ours)) % 5], theirs[:7][np.arange(len(theirs)) % 7]
    return ours, theirs


def all_ties(ours, theirs):
    return np.ones_like(ours), np.ones_like(theirs)


def huge(ours, theirs):
    return ours * np.float32(1e36), theirs * np.float32(1e36)


def tiny(ours, theirs):
    return ours * np.float32(1e-36), theirs * np.float32(1e-36)


def one_dimension(ours, theirs):
    return ours[:, :1].copy(), theirs[:, :1].copy()


@pytest.mark.parametrize(
    "odd", [zero_vectors, all_zero, duplicates, all_ties, huge, tiny, one_dimension]
)
def test_odd_vectors_are_scored(direction, odd):
    found = sound(values(direction, *odd(*vectors(direction))))
    if odd in (all_zero, all_ties):
        n = len(direction.release.shops["SHOP2"])
        assert found["next_event", "rendered", "auc"] == 0.5
        assert found["next_event", "real", "auc"] == 0.5
        assert found["type_ahead", "rendered", "bits"] == 0
        chance = (1 / np.arange(1, n + 1)).mean()
        assert found["translation", "cosine", "mrr"] == pytest.approx(chance)
    if odd in (huge, tiny):
        plain = means(values(direction, *vectors(direction)))
        for name, value in plain.items():
            assert found[name] == pytest.approx(value, abs=2e-3), name


class Returns(Aligner):
    """Whatever it was given."""

    def __init__(self, source=None, target=None):
        self.source, self.target = source, target

    def fit(self, source, target, evidence):
        return self

    def transform(self, shop):
        return self.source

    def transform_target(self, shop):
        return self.target


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda m: np.where(np.eye(*m.shape, dtype=bool), np.nan, m), "NaN|finite"),
        (lambda m: np.where(np.eye(*m.shape, dtype=bool), np.inf, m), "NaN|inf|finite"),
        (lambda m: m[:-1], "shape"),
        (lambda m: m[:, :-1], "dimension|column|wide"),
        (lambda m: m.astype(object), "float|number|dtype|object"),
    ],
    ids=["NaN", "inf", "a row short", "another width", "objects"],
)
def test_what_cannot_be_scored_is_refused(direction, spoil, said):
    from cse_bench.aligners.base import Evidence, Shop

    ours, theirs = vectors(direction)
    shops = [
        Shop(name, v, direction.release.shops[name].popularity)
        for name, v in zip(("SHOP1", "SHOP2"), (ours, theirs), strict=True)
    ]
    with pytest.raises(AlignerError, match=said):
        align(Returns(spoil(ours), theirs), *shops, Evidence(), frozenset())


def test_half_precision_is_taken_and_scores_the_same(direction):
    from cse_bench.aligners.base import Evidence, Shop

    ours, theirs = vectors(direction)
    shops = [
        Shop(name, v, direction.release.shops[name].popularity)
        for name, v in zip(("SHOP1", "SHOP2"), (ours, theirs), strict=True)
    ]
    half = Returns(ours.astype(np.float16), theirs.astype(np.float16))
    aligned = align(half, *shops, Evidence(), frozenset())
    found, plain = (
        means(values(direction, a.source, a.target)) for a in (aligned, Aligned(ours, theirs))
    )
    assert found["next_event", "rendered", "auc"] == pytest.approx(
        plain["next_event", "rendered", "auc"], abs=5e-3
    )


def rewritten(
    release: Release, directory, *, rows=None, products=None, drop=(), content=True, categories=True
) -> Release:
    """The release with fewer rows, products, tables or columns."""
    shops, kept = {}, set()
    for name in release.shops:
        table = pq.read_table(release.path / "products" / f"{name}.parquet")
        table = table if products is None else table.slice(0, products)
        kept |= set(table["product_id"].to_pylist())
        if not content:
            place = table.column_names.index("content")
            table = table.set_column(place, "content", pa.nulls(len(table)))
        if not categories:
            place = table.column_names.index("category")
            table = table.set_column(place, "category", pa.nulls(len(table), pa.string()))
        shops[name] = table
    tables = {}
    for config, schema in TABLES.items():
        for split in (s for s in schema.splits if release.has(config, s) and config not in drop):
            data = []
            for row in release.table(config, split).to_pylist():
                lists = {k: [i for i in v if i in kept] for k, v in row.items() if type(v) is list}
                pair = [v for k, v in row.items() if k.endswith("_id")]
                if all(lists.values()) and set(pair) <= kept:
                    data.append(row | lists)
            limited = rows is not None and split == "test"
            data = data[:rows] if limited else data
            tables[config, split] = pa.Table.from_pylist(data, schema=schema_of(schema))
    manifest = release.manifest
    contents = ReleaseContents(
        name="odd",
        version="0.0.1",
        licence=manifest.licence,
        redistributable=True,
        source=manifest.source,
        citation=manifest.citation,
        pairs_basis=None if "pairs" in drop else manifest.pairs_basis,
        products=shops,
        tables=tables,
        build=manifest.build,
    )
    directory.mkdir()
    write_release(directory, contents)
    return read_release(directory)


def test_one_query(small_release, tmp_path):
    odd = rewritten(small_release, tmp_path / "odd", rows=1)
    direction = next(
        d
        for d in (Direction.prepare(odd, "test", *pair) for pair in odd.directions)
        if "next_event" in d.tasks
    )
    sound(values(direction, *vectors(direction)))
    result = cse_bench.evaluate("identity", odd)
    row = next(s for s in result.scores if s.task == "translation" and s.variant == "cosine")
    assert row.n == 1
    assert row.ci_low == row.value == row.ci_high


def test_fewer_than_a_hundred_neighbours_and_few_candidates(small_release, tmp_path):
    odd = rewritten(small_release, tmp_path / "odd", products=40)
    for pair in odd.directions:
        direction = Direction.prepare(odd, "test", *pair)
        sound(values(direction, *vectors(direction)))
        near = direction.tasks["next_event"].variants[0].neighbours
        assert 5 <= near.width.min() <= near.width.max() < 20


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ({"drop": ("pairs", "rendered")}, {"translation"}),
        ({"content": False}, set()),
        ({"categories": False}, {"type_ahead"}),
        ({"drop": ("sessions",)}, {"type_ahead", "retention"}),
    ],
    ids=["no pairs", "no content", "no categories", "no sessions"],
)
def test_what_a_release_lacks_is_not_asked(small_release, tmp_path, missing, gone):
    odd = rewritten(small_release, tmp_path / "odd", **missing)
    result = cse_bench.evaluate("identity", odd, out=tmp_path / "out")
    asked = {s.task for s in result.scores}
    assert asked == {"next_event", "type_ahead", "translation", "retention"} - gone
    if "translation" in gone:
        assert all(s.reference is s.oracle is s.gap_closed is None for s in result.scores)
    assert read_result(tmp_path / "out" / "result.json") == result


def test_three_shops_have_six_directions_of_every_task():
    release = cse_bench.load_release(ROOT / "tests" / "golden" / "queries")
    result = cse_bench.evaluate("procrustes", release, "pairs-all")
    for task in ("next_event", "type_ahead", "translation", "retention"):
        found = {(s.source_shop, s.target_shop) for s in result.scores if s.task == task}
        assert found == set(release.directions)
        assert len(found) == 6


def test_shops_of_different_dimensions(small_release):
    """In memory: releases have one width."""
    shops = dict(small_release.shops)
    narrow = np.ascontiguousarray(shops["SHOP2"].vectors[:, :32])
    shops["SHOP2"] = replace(shops["SHOP2"], vectors=narrow)
    odd = replace(small_release, shops=shops)
    result = cse_bench.evaluate("cca", odd, "pairs-all", use_cache=False)
    assert {s.task for s in result.scores} >= {"next_event", "translation"}


def test_all_ranks_list_every_metric_and_agree_with_the_record(small_release, tmp_path):
    result = cse_bench.evaluate("identity", small_release, out=tmp_path, all_ranks=True)
    table = pq.read_table(tmp_path / "ranks.parquet")
    listed = set(zip(*(table[c].to_pylist() for c in ("task", "variant", "metric")), strict=True))
    assert listed == {(s.task, s.variant, s.metric) for s in result.scores}
    assert read_result(tmp_path / "result.json") == result  # re-scored on the way


def test_parameters_are_tried_on_validation_alone(small_release, tmp_path, root):
    from cse_bench.aligners.ridge import Ridge

    plain = cse_bench.evaluate(
        "ridge", small_release, "pairs-all", split="validation", out=tmp_path / "plain"
    )
    tried = cse_bench.evaluate(Ridge(alpha=50.0), small_release, "pairs-all", split="validation")
    same = cse_bench.evaluate(
        "ridge", small_release, "pairs-all", split="validation", parameters={"alpha": 50.0}
    )
    assert tried.aligner.parameters["alpha"] == 50.0
    values = [[score.value for score in r.scores] for r in (plain, tried, same)]
    assert values[1] == values[2] != values[0]
    assert cse_bench.evaluate(Ridge(), small_release, "pairs-all").aligner.parameters == (
        plain.aligner.parameters
    )
    with pytest.raises(InputError, match=r"scores the defaults of __init__, not alpha=50\.0"):
        cse_bench.evaluate(Ridge(alpha=50.0), small_release, "pairs-all")


def test_a_track_that_was_asked_for_is_not_left_out_in_silence(small_release):
    with pytest.raises(InputError, match="too few for pairs-500"):
        cse_bench.evaluate("procrustes", small_release, ["pairs-50", "pairs-500"])
