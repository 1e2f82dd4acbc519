"""The oracle: the dictionary that knows every shared product."""

from __future__ import annotations

from typing import Self

from cse_bench import Aligner, Evidence, Matrix, Shop
from cse_bench.aligners.procrustes import Procrustes


class Oracle(Aligner):
    """Every source product with a known pair stands exactly on it; the others are rotated.

    Given all pairs, held-out ones too, this is what a perfect dictionary would score: it is shown
    for context and is no bound, since a better *geometry* may yet predict events better. The
    harness alone can give it all pairs; it is no entrant.
    """

    name = "oracle"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "knows every shared product: shown for context, no entrant"
    licence = "Apache-2.0"
    citation = ""
    uses = frozenset({"pairs"})
    stochastic = False

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Fit the rotation for products without a pair, and note the pairs."""
        self.pairs_ = evidence.pairs
        self.target_ = target
        self.rotation_ = Procrustes().fit(source, target, evidence)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """The target's vector where the pair is known, the rotated one elsewhere."""
        mapped = self.rotation_.transform(shop)
        ours, theirs = self.pairs_.T
        mapped[ours] = self.rotation_.transform_target(self.target_)[theirs]
        return mapped

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors."""
        return self.rotation_.transform_target(shop)
