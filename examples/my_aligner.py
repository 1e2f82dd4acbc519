"""An aligner of your own; score it with `cse-bench evaluate my_aligner.py`.

An aligner gets two shops whose product embeddings were trained apart, and puts both into one
space. The benchmark scores the space by cosine; it never shows ids, labels or scores. One file
holds one subclass of Aligner, at most 64 kB, and brings no data of its own.
"""

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop


class MyAligner(Aligner):
    """Centre both shops, then rotate the source so that known pairs meet (Procrustes)."""

    # Read from the source without running it, so write plain values.
    name = "my-aligner"
    version = "1"  # change it whenever the output changes
    authors = ("Your Name",)
    description = "centred Procrustes on known pairs"
    licence = "Apache-2.0"
    citation = ""

    # The evidence you need. It decides which tracks you enter; nothing else is shown to you.
    #   frozenset()                    unsupervised: vectors and popularity only
    #   frozenset({"content"})         shop.content, comparable across shops
    #   frozenset({"pairs"})           evidence.pairs, known pairs: 50, 500, then all
    #   frozenset({"cross_sessions"})  evidence.cross_sessions, sessions that cross
    #   two or three of them           the open track
    uses = frozenset({"pairs"})

    # True if the output depends on chance; then __init__ takes a random_state.
    stochastic = False

    def __init__(self, centre: bool = True) -> None:
        # Only store parameters, all with defaults. The defaults are what is scored.
        self.centre = centre

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> "MyAligner":
        """Learn from the two shops, and from the evidence."""
        # shop.vectors (n, d) float32, shop.popularity (n,) log2 of events; both read-only.
        # evidence.pairs (m, 2): row in the source shop, row in the target shop.
        ours, theirs = evidence.pairs.T
        u, s, vt = np.linalg.svd(self._prepare(source)[ours].T @ self._prepare(target)[theirs])
        known = s > 1e-5 * s[0]  # 50 pairs say nothing of some directions: leave those out
        self.rotation_ = u[:, known] @ vt[known]  # what is learned ends in an underscore
        return self

    def transform(self, shop: Shop) -> Matrix:
        """The source shop in the shared space: (n, k) float32, k at most 1024."""
        return self._prepare(shop) @ self.rotation_

    def transform_target(self, shop: Shop) -> Matrix:
        """The target shop; leave this method out to use shop.vectors as they are."""
        return self._prepare(shop)

    def _prepare(self, shop: Shop) -> Matrix:
        vectors = _unit(shop.vectors)
        return _unit(vectors - vectors.mean(axis=0)) if self.centre else vectors


def _unit(vectors: Matrix) -> Matrix:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
