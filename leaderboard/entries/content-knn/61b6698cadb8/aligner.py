"""Nearest target products by content, and their mean: no geometry of the source at all."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit

BLOCK = 1024


class ContentKNN(Aligner):
    r"""A source product stands at the mean of the target products of nearest content.

    With N(x) the k target products whose content has the greatest cosine to that of x, those as
    near as the k-th included, its vector is

    .. math::

        \sum_{y \in N(x)} w_y \, y \Big/ \sum_{y \in N(x)} w_y, \qquad w_y = e^{\cos(x, y) / \tau}

    over unit vectors y, the cosines being those of content. The source shop's own vectors are not
    used. A product without content, or with nothing like it (no positive cosine), is put at zero.
    No parameter is tuned: ten neighbours as is usual, and a temperature at which a cosine that is
    less by 0.1 counts e times less. Cost: O(n_source n_target c), memory O(block · n_target).

    Parameters
    ----------
    neighbours : int
        Least number k of neighbours.
    temperature : float
        The temperature of their weights.

    References
    ----------
    Nadaraya 1964, "On Estimating Regression"; content for cold starts as in Bianchi et al. 2020,
    "Fantastic Embeddings and How to Align Them", section 4.
    """

    name = "content-knn"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "mean of the target products of nearest content"
    licence = "Apache-2.0"
    citation = "Nadaraya, E. A. (1964). Theory of Probability and Its Applications 9, 141-142."
    uses = frozenset({"content"})
    stochastic = False

    def __init__(self, neighbours: int = 10, temperature: float = 0.1) -> None:
        self.neighbours = neighbours
        self.temperature = temperature

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Keep the target shop: its content is compared when a source product is asked for."""
        self.content_, self.vectors_ = unit(target.content), unit(target.vectors)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Weighted mean of the neighbours' unit vectors."""
        content = unit(shop.content)
        mean = np.zeros((len(shop), self.vectors_.shape[1]), np.float32)
        k = min(self.neighbours, len(self.content_))
        for begin in range(0, len(shop), BLOCK):
            cosine = content[begin : begin + BLOCK] @ self.content_.T
            # Rounding must not part equals, of which the k-th neighbour has many.
            least = np.partition(cosine, -k, axis=1)[:, -k, None] - 1e-5
            near = (cosine >= least) & (cosine > 1e-5)
            weight = np.where(near, np.exp((cosine - 1) / self.temperature), np.float32(0))
            total = np.maximum(weight.sum(axis=1, keepdims=True), np.float32(1e-12))
            mean[begin : begin + BLOCK] = (weight / total) @ self.vectors_
        return mean

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors."""
        return unit(shop.vectors)
