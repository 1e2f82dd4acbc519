"""Both shops in two dimensions, before and after alignment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from cse_bench.extras import require
from cse_bench.metrics.cosine import unit
from cse_bench.results.report.drawing import Drawing
from cse_bench.results.report.space import Space
from cse_bench.results.report.style import CATEGORIES, SERIES, TONES, new_figure, plain
from cse_bench.types import Floats, Ints, Matrix

SAMPLE = 4_000
"""Products of a shop that are drawn, at most."""

LINES = 40
"""Known pairs that are joined, at most."""

PROJECTIONS = ("pca", "umap")


@dataclass(frozen=True, eq=False)
class Maps:
    """What the page needs of both maps.

    Attributes
    ----------
    drawings : list of Drawing
        Before and after; the page's script adds colours and hover texts from `points`.
    points : dict
        For the script, a value for each drawn product, the same in both maps: ``id``, ``shop`` (0
        source, 1 target), ``group`` (place in `categories`, or their number for another),
        ``category`` (place in ``names``), ``popularity``, and ``names``, escaped.
    categories : list of str
        The most common ones.
    notes : list of str
        What a reader must know.
    """

    drawings: list[Drawing]
    points: dict[str, Any]
    categories: list[str]
    notes: list[str]


def draw_maps(space: Space, projection: str = "pca") -> Maps:
    """Draw both shops before and after alignment.

    Parameters
    ----------
    space : Space
        The space.
    projection : str
        ``pca``, fitted on all products, or ``umap``, on those that are drawn.
    """
    rng = np.random.default_rng(0)
    pairs = space.release.pairs(space.split, space.place.source, space.place.target)
    joined = pairs[np.sort(rng.permutation(len(pairs))[:LINES])]
    rows = [
        _sample(len(shop), joined[:, side], rng)
        for side, shop in enumerate((space.source, space.target))
    ]
    project = {"pca": _pca, "umap": _umap}[projection]
    own = [unit(space.source.vectors), unit(space.target.vectors)]
    if space.comparable:
        before, seen = project(own, rows)
        frame = f"both shops' own vectors in one frame, {seen}"
    else:
        parts = [project([vectors], [kept]) for vectors, kept in zip(own, rows, strict=True)]
        before = [part[0][0] for part in parts]
        frame = (
            f"the shops' own vectors have {own[0].shape[1]} and {own[1].shape[1]} dimensions and "
            f"share no frame: each by its own, {parts[0][1]}"
        )
    ours = [unit(space.aligned.source), unit(space.aligned.target)]
    after, seen = project(ours, rows)
    after = _turned(after, before[1])
    order = rng.permutation(len(rows[0]) + len(rows[1]))
    ends = [np.searchsorted(kept, joined[:, side]) for side, kept in enumerate(rows)]
    told = f"{space.place.source} and {space.place.target}"
    if space.comparable:
        frame += _nearness(own, pairs, space.split)
    seen += _nearness(ours, pairs, space.split)
    drawings = [
        _map("before", f"before: {frame}", f"Map of {told} before alignment", before, order, ends),
        _map("after", f"after: both shops in the shared space, {seen}",
             f"Map of {told} after alignment", after, order, ends),
    ]  # fmt: skip
    points, categories = _points(space, rows, order)
    return Maps(drawings, points, categories, _notes(space, rows, len(joined)))


def _notes(space: Space, rows: list[Ints], joined: int) -> list[str]:
    shops = (space.source, space.target)
    notes = [
        "Drawn are "
        + " and ".join(
            f"{len(kept):,} of the {len(shop):,} products of {shop.name}"
            for kept, shop in zip(rows, shops, strict=True)
        )
        + (", at random." if any(map(lambda k, s: len(k) < len(s), rows, shops)) else ".")
    ]
    if joined:
        notes.append(f"Lines join {joined} {space.split} pairs, drawn at random: the same product.")
    notes.append(
        "The second map is turned so that the target shop lies as nearly as may be where it lay."
    )
    return notes


def _nearness(sides: list[Matrix], pairs: Ints, split: str) -> str:
    """How near pairs are in all dimensions, of which a map shows two."""
    if not len(pairs):
        return ""
    source, target = sides
    near = np.einsum("ij,ij->i", source[pairs[:, 0]], target[pairs[:, 1]]).mean()
    any_two = source.mean(axis=0) @ target.mean(axis=0)
    own, other = (round(float(v), 2) + 0.0 for v in (near, any_two))  # no minus before a zero
    return f". Mean cosine of {split} pairs {own:.2f}, of any two products {other:.2f}"


def _sample(n: int, wanted: Ints, rng: np.random.Generator) -> Ints:
    """Rows to draw, sorted: those wanted, and others at random."""
    others = np.setdiff1d(rng.permutation(n)[:SAMPLE], wanted)
    room = max(0, SAMPLE - len(np.unique(wanted)))
    return np.union1d(wanted, rng.permutation(others)[:room])


def _pca(sides: list[Matrix], rows: list[Ints]) -> tuple[list[Floats], str]:
    """The two directions of most variance of all rows together."""
    from sklearn.decomposition import PCA

    together = np.concatenate(sides)
    if together.shape[1] < 2:
        together = np.pad(together, ((0, 0), (0, 2 - together.shape[1])))
    with np.errstate(invalid="ignore"):  # where all products are one point
        model = PCA(n_components=2, svd_solver="covariance_eigh").fit(together)
    share = float(np.nan_to_num(model.explained_variance_ratio_).sum())
    width = sides[0].shape[1]
    if width < 2:
        sides = [np.pad(side, ((0, 0), (0, 2 - width))) for side in sides]
    points = [model.transform(side[kept]) for side, kept in zip(sides, rows, strict=True)]
    return points, f"PCA, 2 of {width} dimensions with {share:.0%} of the variance"


def _umap(sides: list[Matrix], rows: list[Ints]) -> tuple[list[Floats], str]:
    """Neighbourhoods kept, distances not."""
    umap = require("umap", "umap", "a map by UMAP")
    together = np.concatenate([side[kept] for side, kept in zip(sides, rows, strict=True)])
    # Of unit vectors the Euclidean order is the cosine's.
    model = umap.UMAP(n_components=2, random_state=0, n_jobs=1)
    flat = model.fit_transform(together)
    return np.split(
        flat, np.cumsum([len(kept) for kept in rows])[:-1]
    ), "UMAP, which keeps nearness but not distance"


def _turned(points: list[Floats], onto: Floats) -> list[Floats]:
    """Turn and mirror both shops together, to bring the target near to where it was."""
    from scipy.linalg import orthogonal_procrustes

    centre = points[1].mean(axis=0)
    turn, _ = orthogonal_procrustes(points[1] - centre, onto - onto.mean(axis=0))
    return [(side - centre) @ turn for side in points]


def _map(
    name: str, caption: str, label: str, sides: list[Floats], order: Ints, ends: list[Ints]
) -> Drawing:
    points = np.concatenate(sides)[order].astype(np.float32)
    lines = np.full((len(ends[0]), 3, 2), np.nan, np.float32)
    for side, rows in enumerate(ends):
        lines[:, side] = sides[side][rows]
    blank = {
        "showgrid": False, "showticklabels": False, "ticks": "", "fixedrange": False,
        "showline": False,
    }  # fmt: skip
    figure = new_figure(
        xaxis=blank, yaxis=blank | {"scaleanchor": "x", "scaleratio": 1},
        height=480, margin={"l": 4, "r": 4, "t": 4, "b": 4}, dragmode="pan", hovermode="closest",
    )  # fmt: skip
    figure.add_scattergl(
        x=points[:, 0], y=points[:, 1], mode="markers",
        marker={"size": 4.5, "color": SERIES[0].light, "line": {"width": 0}},
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    figure.add_scattergl(
        x=lines[..., 0].ravel(), y=lines[..., 1].ravel(), mode="lines", hoverinfo="skip",
        line={"color": TONES["pairs"].light, "width": 1}, opacity=0.45,
    )  # fmt: skip
    return Drawing(f"map-{name}", caption, label, figure)


def _points(space: Space, rows: list[Ints], order: Ints) -> tuple[dict[str, Any], list[str]]:
    """What the script tells of each point, and the most common categories."""
    shops = (space.source, space.target)
    counted = Counter(c for shop in shops for c in shop.categories if c is not None)
    common = sorted(counted, key=lambda c: (-counted[c], c))[: len(CATEGORIES)]
    drawn = [(i, shop, row) for i, shop in enumerate(shops) for row in rows[i].tolist()]
    drawn = [drawn[i] for i in order]
    named = [shop.categories[row] for _, shop, row in drawn]
    names = sorted({c for c in named if c is not None})
    place = {c: i for i, c in enumerate(names)}
    group = {c: i for i, c in enumerate(common)}
    points = {
        "id": [plain(shop.ids[row]) for _, shop, row in drawn],
        "shop": [i for i, _, _ in drawn],
        "group": [len(common) if c is None else group.get(c, len(common)) for c in named],
        "category": [None if c is None else place[c] for c in named],
        "popularity": [float(shop.popularity[row]) for _, shop, row in drawn],
        "names": [plain(c) for c in names],
    }
    return points, common
