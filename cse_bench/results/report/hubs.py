"""Hubs: target products that are near to everything, and how the count of them is spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.metrics.cosine import unit
from cse_bench.metrics.hubness import NEIGHBOURS, k_occurrence, skewness
from cse_bench.results.report.drawing import Drawing
from cse_bench.results.report.space import Space
from cse_bench.results.report.style import OTHER, SERIES, new_figure, plain
from cse_bench.types import Ints, Matrix

TONES_OF = {
    "after alignment": SERIES[0],
    "the reference": SERIES[4],
    "before, as the vectors come": OTHER,
}
"""Which spaces are shown, each always in its own colour."""


@dataclass(frozen=True, eq=False)
class Hubness:
    """How often each target product is among the nearest of the source products.

    Attributes
    ----------
    name : str
        Which space.
    occurrence : ndarray of shape (n_target,), int64
        The counts.
    skewness : float
        Of the counts: 0 where they spread evenly about their mean, large where few products are
        near to everything.
    """

    name: str
    occurrence: Ints
    skewness: float

    @property
    def never(self) -> float:
        """Share of the target products that are never near."""
        return float(np.mean(self.occurrence == 0))

    @property
    def most(self) -> int:
        """The largest count."""
        return int(self.occurrence.max(initial=0))


def hubness(space: Space) -> list[Hubness]:
    """Hubness after alignment, of the reference, and before, as far as these exist."""
    after, reference, before = TONES_OF
    spaces = {after: (space.aligned.source, space.aligned.target)}
    if space.reference is not None:
        spaces[reference] = (space.reference.source, space.reference.target)
    if space.comparable:
        spaces[before] = (space.source.vectors, space.target.vectors)
    return [_measure(name, *sides) for name, sides in spaces.items()]


def _measure(name: str, source: Matrix, target: Matrix) -> Hubness:
    counts = k_occurrence(unit(source), unit(target))
    return Hubness(name, counts, skewness(counts))


def hub_drawing(found: list[Hubness]) -> Drawing:
    """A histogram of the counts, in bins 0, 1, 2, 3–4, 5–8 and so on, against log10 products."""
    most = max(each.most for each in found)
    edges = [0, 1, 2]
    while edges[-1] < most:
        edges.append(edges[-1] * 2)
    names = [str(high) if high < 3 else f"{low + 1}–{high}" for low, high in _bins(edges)]
    figure = new_figure(
        xaxis={"type": "category", "showgrid": False},
        yaxis={"type": "log", "dtick": 1, "title": {"text": "target products"}},
        height=340, showlegend=True, bargap=0.25, bargroupgap=0.05, margin={"t": 34},
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "font": {"size": 12}},
    )  # fmt: skip
    for each in found:
        counts = np.bincount(np.searchsorted(edges, each.occurrence), minlength=len(edges))
        figure.add_bar(
            x=names, y=[int(c) if c else None for c in counts],
            name=plain(f"{each.name}: skewness {each.skewness:.1f}"),
            marker={"color": TONES_OF[each.name].light},
            hovertemplate="%{y:,} products<extra>%{x}</extra>",
        )  # fmt: skip
    told = "; ".join(
        f"{each.name}: skewness {each.skewness:.1f}, {each.never:.0%} never near, at most "
        f"{each.most:,} times"
        for each in found
    )
    caption = f"source products that have a target product among their {NEIGHBOURS} nearest"
    return Drawing("hubs", caption, f"Histogram of {caption}. {told}.", figure)


def _bins(edges: list[int]) -> list[tuple[int, int]]:
    return list(zip([-1, *edges[:-1]], edges, strict=True))
