"""The identity: a control that does nothing."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class Identity(Aligner):
    """Take both shops' unit vectors as they are.

    Spaces trained apart have unrelated axes, so this ought to score at chance. What it scores
    above a random rotation is what the axes alone give away: embeddings by a factorisation order
    their axes by variance, and only the signs and near ties differ. Shops of differing dimensions
    are padded with zeros to the larger one. Every product is mapped. Cost: O(n d).
    """

    name = "identity"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "unit vectors as they are: a control"
    licence = "Apache-2.0"
    citation = ""
    uses = frozenset()
    stochastic = False

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Note the larger width."""
        self.width_ = max(source.vectors.shape[1], target.vectors.shape[1])
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Unit vectors, with zeros up to the shared width."""
        return np.pad(unit(shop.vectors), ((0, 0), (0, self.width_ - shop.vectors.shape[1])))

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors, with zeros up to the shared width."""
        return self.transform(shop)
