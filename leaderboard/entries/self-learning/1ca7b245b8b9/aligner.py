"""Robust self-learning: a dictionary from sorted similarities, improved by itself."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class SelfLearning(Aligner):
    r"""Self-learning from similarity distributions, with a stochastic dictionary and no evidence.

    Vectors are scaled to length 1, centred, and scaled again. Only the ``cap`` most popular
    products of either shop take part in learning; every product is mapped, zero vectors to zero.

    1. Each product is described by its sorted row of :math:`(XX^\top)^{1/2}`, normalised; nearest
       neighbours of these descriptions, from both sides, are the first dictionary.
    2. Procrustes on the dictionary, and a new dictionary of nearest neighbours by CSLS, from both
       sides, of which each similarity is kept with probability p. When the mean similarity has
       not risen for ``patience`` rounds, p doubles; at p = 1 that is the end.
    3. The last map whitens both sides, rotates, weights each direction by the root of its singular
       value on both sides (symmetric re-weighting), and undoes the whitening.

    Of ``restarts`` runs that differ in the drawn similarities, the one of the highest mean
    similarity at p = 1 is taken. Cost: O(restarts · rounds · cap² d) time, O(cap²) memory.

    The start is known to fail where the two spaces are far from isometric (Søgaard et al. 2018,
    "On the Limitations of Unsupervised Bilingual Dictionary Induction").

    Parameters
    ----------
    cap : int
        Most popular products of either shop that take part.
    restarts : int
        Number of runs.
    keep : float
        The first p (0.1 in the paper).
    patience : int
        Rounds without a rise before p doubles (50 in the paper, with one run).
    random_state : int
        Seed of what is kept.

    References
    ----------
    Artetxe, Labaka & Agirre 2018, "A robust self-learning method for fully unsupervised
    cross-lingual mappings of word embeddings"; CSLS as Conneau et al. 2018.
    """

    name = "self-learning"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "dictionary from sorted similarities, improved by itself"
    licence = "Apache-2.0"
    citation = "Artetxe, M., Labaka, G., Agirre, E. (2018). ACL, 789-798."
    uses = frozenset()
    stochastic = True

    MAX_ROUNDS = 150

    def __init__(
        self,
        cap: int = 2000,
        restarts: int = 3,
        keep: float = 0.1,
        patience: int = 6,
        random_state: int = 0,
    ) -> None:
        self.cap = cap
        self.restarts = restarts
        self.keep = keep
        self.patience = patience
        self.random_state = random_state

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Learn from several draws, and keep the best by its own measure."""
        x, y = (_normalised(shop)[_most_popular(shop, self.cap)] for shop in (source, target))
        first = _best(_csls(_signatures(x, y)))
        best = -np.inf
        for run in range(self.restarts):
            rng = np.random.default_rng([self.random_state, run])
            objective, dictionary = self._learn(x, y, first, rng)
            if objective > best:
                best, chosen = objective, dictionary
        self.maps_ = _reweighted(x, y, *chosen)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Map the normalised vectors."""
        return _normalised(shop) @ self.maps_[0]

    def transform_target(self, shop: Shop) -> Matrix:
        """Map the normalised vectors, by the target's own map."""
        return _normalised(shop) @ self.maps_[1]

    def _learn(self, x: Matrix, y: Matrix, dictionary: Any, rng: Any) -> tuple[float, Any]:
        """One run: the mean similarity it ends with, and its dictionary."""
        keep, highest, idle = self.keep, -np.inf, 0
        for _ in range(self.MAX_ROUNDS):
            ours, theirs = dictionary
            u, _, vt = np.linalg.svd(x[ours].T @ y[theirs], full_matrices=False)
            cosine = (x @ u) @ (y @ vt.T).T
            objective = float(cosine.max(axis=1).mean() + cosine.max(axis=0).mean()) / 2
            idle = 0 if objective > highest + 1e-6 else idle + 1
            highest = max(highest, objective)
            if idle >= self.patience:
                if keep >= 1:
                    break
                keep, idle = min(1.0, 2 * keep), 0
            scores = _csls(cosine)
            if keep < 1:
                kept = rng.integers(256, size=scores.shape, dtype=np.uint8) < 256 * keep
                scores[~kept] = -9
            dictionary = _best(scores)
        return objective, dictionary


def _normalised(shop: Shop) -> Matrix:
    """Unit vectors, centred, of length 1 again; zeros stay."""
    vectors = unit(shop.vectors)
    there = np.any(vectors != 0, axis=1)
    if there.any():
        vectors[there] -= vectors[there].mean(axis=0)
    return unit(vectors)


def _most_popular(shop: Shop, n: int) -> Any:
    """Rows of the most popular products; of equal ones the longest vectors come first."""
    length = np.linalg.norm(shop.vectors.astype(np.float64), axis=1)
    return np.lexsort((length, shop.popularity))[::-1][:n]


def _signatures(x: Matrix, y: Matrix) -> Matrix:
    """Similarities of the sorted rows of both sides' roots of the similarity matrix."""
    n = min(len(x), len(y))  # both distributions in as many numbers
    rows = []
    for v in (x, y):
        u, s, _ = np.linalg.svd(v, full_matrices=False)
        root = np.sort((u * s) @ u.T, axis=1)
        root = unit(root[:, np.linspace(0, len(v) - 1, n).round().astype(int)])
        rows.append(unit(root - root.mean(axis=0)))
    similarity: Matrix = rows[0] @ rows[1].T
    return similarity


def _csls(cosine: Matrix) -> Matrix:
    """Similarities less the means of both sides to their ten nearest."""
    k = min(10, *cosine.shape)
    ours = np.partition(cosine, -k, axis=1)[:, -k:].mean(axis=1, keepdims=True)
    theirs = np.partition(cosine.T, -k, axis=1)[:, -k:].mean(axis=1)
    adjusted: Matrix = cosine - (ours + theirs) / 2
    return adjusted


def _best(scores: Matrix) -> Any:
    """Rows and columns of the dictionary: the best of each row, and of each column."""
    n, m = scores.shape
    ours = np.concatenate([np.arange(n), scores.argmax(axis=0)])
    theirs = np.concatenate([scores.argmax(axis=1), np.arange(m)])
    return ours, theirs


def _reweighted(x: Matrix, y: Matrix, ours: Any, theirs: Any) -> list[Matrix]:
    """The last maps: whiten, rotate, re-weight, undo the whitening in the shared space."""
    sides = [v.astype(np.float64) for v in (x[ours], y[theirs])]
    whiten, colour = zip(*(_whitening(v) for v in sides), strict=True)
    u, s, vt = np.linalg.svd(whiten[0] @ sides[0].T @ sides[1] @ whiten[1], full_matrices=False)
    scale = np.sqrt(s)
    turns = (u, vt.T)
    return [
        (w @ (t * scale) @ (t.T @ c @ t)).astype(np.float32)
        for w, t, c in zip(whiten, turns, colour, strict=True)
    ]


def _whitening(v: Matrix) -> tuple[Matrix, Matrix]:
    """The inverse root and the root of the second moment; null directions stay null."""
    values, vectors = np.linalg.eigh(v.T @ v)
    root = np.sqrt(np.maximum(values, 0))
    there = root > 1e-6 * max(root.max(), 1e-30)
    inverse = np.divide(1, root, out=np.zeros_like(root), where=there)
    return (vectors * inverse) @ vectors.T, (vectors * root) @ vectors.T
