"""Maps, hubs, examples and bins: each against the same thing written out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cse_bench import api
from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.cosine import unit
from tests.conftest import need
from tests.results.report.pages import PRIMARY, data_of


def test_hubness_counts_neighbours_as_written_out_does():
    from scipy.stats import skew

    from cse_bench.results.report.hubs import _measure, hub_drawing, k_occurrence

    rng = np.random.default_rng(0)
    source, target = (unit(rng.normal(size=(n, 5)).astype(np.float32)) for n in (300, 90))
    nearest = np.argsort(-(source @ target.T), axis=1)[:, :10]
    counts = np.bincount(nearest.ravel(), minlength=90)
    np.testing.assert_array_equal(k_occurrence(source, target), counts)
    found = _measure("after alignment", source, target)
    assert found.skewness == pytest.approx(skew(counts))
    bars = hub_drawing([found]).figure.data[0]
    assert sum(y or 0 for y in bars.y) == 90
    assert bars.y[bars.x.index("17–32")] == ((counts >= 17) & (counts <= 32)).sum()
    assert bars.y[bars.x.index("9–16")] is None  # of no height, which no logarithm has
    same = np.ones((4, 3), np.float32)
    assert _measure("all tied", same, same).skewness == 0


def test_examples_are_chosen_by_rule_and_marked_by_the_pairs(space, small_release):
    from cse_bench.results.report.examples import choose_examples

    found = choose_examples(space)
    assert len(found.shown) == 10
    assert [e.rank for e in found.shown[:5]] == [1] * 5
    ranks = [e.rank for e in found.shown[5:]]
    assert ranks == sorted(ranks)
    assert ranks[0] > 1
    source, target = space.source, space.target
    cosines = unit(space.aligned.source) @ unit(space.aligned.target).T
    truth = {
        (source.ids[a], target.ids[b])
        for split in ("train", "validation", "test")
        for a, b in small_release.pairs(split, "SHOP1", "SHOP2")
    }
    for example in found.shown:
        row = source.ids.index(example.product.id)
        best = np.argsort(-cosines[row], kind="stable")[:5]
        assert [n.product.id for n in example.neighbours] == [target.ids[i] for i in best]
        for n in example.neighbours:
            right = (example.product.id, n.product.id) in truth
            same = n.product.category == example.product.category
            assert n.verdict == ("pair" if right else "category" if same else "other")
        assert example.product.events == round(2 ** source.popularity[row])
    perfect = dataclasses.replace(
        space, aligned=Aligned(np.eye(300, dtype=np.float32), np.eye(300, dtype=np.float32))
    )
    assert len(choose_examples(perfect).shown) == 10  # few or none of one kind: more of the other


def test_maps_are_of_the_same_products_and_turned_not_bent(space):
    from cse_bench.results.report.maps import draw_maps

    maps = draw_maps(space)
    n = len(space.source) + len(space.target)
    assert {len(values) for key, values in maps.points.items() if key != "names"} == {n}
    assert len(set(maps.points["id"])) == n
    before, after = (drawing.figure.data for drawing in maps.drawings)
    assert len(before[0].x) == len(after[0].x) == n
    together = np.concatenate([unit(space.aligned.source), unit(space.aligned.target)])
    together = together - together.mean(axis=0)
    spread = np.linalg.svd(together, compute_uv=False)[:2] ** 2
    drawn = np.column_stack([after[0].x, after[0].y])
    found = np.linalg.svd(drawn - drawn.mean(axis=0), compute_uv=False) ** 2
    np.testing.assert_allclose(found, spread, rtol=1e-3)
    ids = maps.points["id"]
    ends = np.column_stack([after[1].x, after[1].y]).reshape(-1, 3, 2)
    place = {tuple(xy): name for xy, name in zip(drawn.tolist(), ids, strict=True)}
    pairs = space.release.pairs("test", "SHOP1", "SHOP2")
    truth = {(space.source.ids[a], space.target.ids[b]) for a, b in pairs}
    joined = {(place[tuple(a)], place[tuple(b)]) for a, b, _ in ends.tolist()}
    assert len(joined) == 40
    assert joined <= truth


def test_shops_of_other_widths_have_a_frame_each(space):
    from cse_bench.results.report.hubs import hubness
    from cse_bench.results.report.maps import draw_maps

    shop = dataclasses.replace(space.source, vectors=space.source.vectors[:, :48])
    release = dataclasses.replace(
        space.release, shops={"SHOP1": shop, "SHOP2": space.release.shops["SHOP2"]}
    )
    uneven = dataclasses.replace(space, release=release)
    assert "share no frame" in draw_maps(uneven).drawings[0].caption
    assert [h.name for h in hubness(uneven)] == ["after alignment"]


@pytest.mark.parametrize("width", [1, 3])
def test_a_narrow_or_collapsed_space_is_drawn_too(space, width):
    from cse_bench.results.report.page import view_of

    flat = Aligned(*(np.ones((n, width), np.float32) for n in (300, 300)))
    view = view_of(dataclasses.replace(space, aligned=flat))
    for drawing in view.maps.drawings:
        assert np.isfinite(np.asarray(drawing.figure.data[0].x)).all()
    assert len(view.examples.shown) == 10


def test_bins_of_any_task_and_number_are_drawn(record):
    from cse_bench.results.report.popularity import popularity_panels
    from cse_bench.results.report.scores import gap_range

    assert "translation, cosine: mrr" in [p.title for p in popularity_panels(record.scores)]
    wild = {"gap_ci_low": -40.0, "gap_ci_high": 90.0, "gap_closed": 5.0}
    others = [s for s in record.scores if s.task != "next_event"]
    more = [
        s.model_copy(update={"variant": f"rendered-popularity-{i}of7", **wild})
        for s in record.scores
        if (s.task, s.variant, s.metric) == PRIMARY[0]
        for i in range(1, 8)
    ]
    panels = {panel.title: panel for panel in popularity_panels([*others, *more])}
    assert len(panels) == 2
    for trace in panels["next_event, rendered: auc"].drawings[0].figure.data:
        assert len(trace.x) == 7
    low, high = gap_range(more)
    assert -5 < low < 0
    assert 5 < high < 10, "every value is on the axis, a boundless interval is not"


def test_umap_draws_what_pca_does(scored, small_release, tmp_path):
    need("umap")
    path = api.report(
        scored / "result.json", tmp_path / "u.html", release=small_release.path, projection="umap"
    )
    text = path.read_text()
    assert "UMAP, which keeps nearness" in text
    assert len(data_of(text)["points"]["id"]) == 600
