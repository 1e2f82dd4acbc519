"""translation: find a source product's pair among all target products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.blocks import for_each_block
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.depth import mean_of_best
from cse_bench.metrics.ranking import (
    QUARTERS,
    TIE,
    count_above,
    hits_at,
    quarters,
    reciprocal_rank,
)
from cse_bench.release.read import Release
from cse_bench.tasks.base import PreparedTask, Ranks, Task, VariantScores
from cse_bench.tasks.prior import prior_weight
from cse_bench.types import Floats, Ints, Matrix, Vector

CSLS_NEIGHBOURS = 10


@dataclass(frozen=True)
class Translation(Task):
    """A held-out pair's source product is the query, all target products are candidates.

    Variants: ``cosine``; ``cosine-popularity-1of4`` (least popular targets) to ``-4of4``, quarters
    of the queries; and, in a track's first run alone, ``csls`` and ``cosine+popularity``. The score
    of ``csls`` is ``2 cos(x, y) - r(y)`` with r(y) the mean cosine of y to its 10 nearest source
    products (Conneau et al. 2018, "Word Translation Without Parallel Data", equation 4; the query's
    own term moves no rank). The popularity prior (`tasks.prior`) is honest evidence here, since a
    product is about as popular in either shop. Each pair is its own group.
    """

    name: ClassVar[str] = "translation"
    about: ClassVar[str] = "a source product → its pair among all target products"
    primary: ClassVar[tuple[tuple[str, str], ...]] = (("cosine", "mrr"),)

    def prepare(
        self, release: Release, split: str, source: str, target: str
    ) -> PreparedTask | None:
        """Read the pairs; see `Task.prepare`."""
        pairs = release.pairs(split, source, target)
        if not len(pairs):
            return None
        names = [c or "" for c in release.shops[target].categories]
        category = np.unique(names, return_inverse=True)[1].astype(np.int64)
        category[np.array(names) == ""] = -1
        popularity = release.shops[target].popularity
        prior = np.float32(prior_weight(release, target)) * popularity
        return PreparedTranslation(pairs, category, quarters(popularity[pairs[:, 1]]), prior)


@dataclass(frozen=True, eq=False)
class PreparedTranslation(PreparedTask):
    """The pairs of one direction.

    Attributes
    ----------
    pairs : ndarray of shape (m, 2), int64
        Row in the source shop, row in the target shop.
    category : ndarray of shape (n_target,), int64
        Category of each target product; -1 where it has none.
    quarter : ndarray of shape (m,), int64
        Popularity quarter of each pair's target.
    prior : ndarray of shape (n_target,), float32
        What the popularity prior adds to each product's cosine.
    """

    pairs: Ints
    category: Ints
    quarter: Ints
    prior: Vector

    def score(self, aligned: Aligned, *, full: bool = True) -> list[VariantScores]:
        """Score by cosine and, in full, by CSLS; see `PreparedTask.score`."""
        source, target = unit(aligned.source), unit(aligned.target)
        query, item = source[self.pairs[:, 0]], self.pairs[:, 1]
        density = hub_density(source, target) if full else None
        m = len(item)
        cosine, csls, popular = np.empty((3, 2, m), np.int64)
        same = np.empty(m)
        places = np.arange(m)

        def visit(part: slice, scores: Matrix) -> None:
            own = (np.arange(len(scores)), item[part])
            cosine[:, part] = count_above(scores, scores[own])
            same[part] = self._same_category(scores, item[part])
            if density is not None:
                moved = scores + self.prior
                popular[:, part] = count_above(moved, moved[own])
                scores *= 2
                scores -= density
                csls[:, part] = count_above(scores, scores[own])

        for_each_block(query, target, visit)
        greater, ties = cosine
        ranks = Ranks(places, item, greater, ties, np.full(m, len(target), np.int64))
        by_cosine = _rank_metrics(greater, ties) | {"same_category@1": same}
        scored = [VariantScores("cosine", places, by_cosine, ranks), *self._quarters(by_cosine)]
        if full:
            for name, found in (("csls", csls), ("cosine+popularity", popular)):
                scored.append(VariantScores(name, places, _rank_metrics(found[0], found[1])))
        return scored

    def _quarters(self, by_cosine: dict[str, Floats]) -> list[VariantScores]:
        """The queries of each popularity quarter, the others left out."""
        places = np.arange(len(self.quarter))
        return [
            VariantScores(
                f"cosine-popularity-{q + 1}of{QUARTERS}",
                places,
                {"mrr": np.where(self.quarter == q, by_cosine["mrr"], np.nan)},
            )
            for q in range(QUARTERS)
        ]

    def _same_category(self, scores: Matrix, item: Ints) -> Floats:
        """Share of the best-scored products (one, but for ties) of the right category."""
        rows = np.arange(len(scores))
        first = scores.argmax(axis=1)
        best = scores[rows, first].copy()
        wanted = self.category[item]
        value = (self.category[first] == wanted).astype(np.float64)
        scores[rows, first] = -np.inf  # for a moment: is there a second one as good?
        tied = np.flatnonzero(scores.max(axis=1) >= best - TIE)
        scores[rows, first] = best
        for i in tied:
            value[i] = np.mean(self.category[scores[i] >= best[i] - TIE] == wanted[i])
        value[wanted < 0] = np.nan
        return value


def hub_density(source: Matrix, target: Matrix) -> Matrix:
    """CSLS's r(y): mean cosine of each target product to its nearest source products.

    Parameters
    ----------
    source, target : ndarray of shape (n, k), float32
        Unit vectors.

    Returns
    -------
    ndarray of shape (n_target,), float32
    """
    density = np.empty(len(target), np.float32)

    def visit(part: slice, scores: Matrix) -> None:
        density[part] = mean_of_best(scores, CSLS_NEIGHBOURS)

    for_each_block(target, source, visit)
    return density


def _rank_metrics(greater: Ints, ties: Ints) -> dict[str, Floats]:
    return {
        "mrr": reciprocal_rank(greater, ties),
        "p@1": hits_at(1, greater, ties),
        "p@10": hits_at(10, greater, ties),
    }
