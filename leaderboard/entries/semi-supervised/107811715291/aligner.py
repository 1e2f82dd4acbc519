"""Known pairs, and those that they let one guess: self-learning by mutual CSLS."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from cse_bench import Aligner, Evidence, Matrix, Shop, unit

BLOCK = 1024
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class SemiSupervised(Aligner):
    r"""Canonical variates of the known pairs, fitted again with the pairs that they suggest.

    In each round, products without a pair are compared by

    .. math:: 2 \cos(x, y) - r(x) - r(y) - \beta\, |\text{popularity}_x - \text{popularity}_y|,

    r being the mean cosine to the ten nearest products of the other shop (CSLS). Two that are
    each other's best are an induced pair, of weight ``weight`` against 1 for a known one: few
    induced pairs are right, but the wrong ones are near misses, whose errors cancel out. Known
    pairs stay in every round. The maps are those of ``cca``. Zero vectors stay and are matched
    with nothing. Cost: O(rounds · n_source n_target d), memory O(block · n_target).

    Parameters
    ----------
    rounds : int
        How often pairs are induced.
    weight : float
        Weight of an induced pair.
    beta : float
        What a bit of difference in popularity costs.
    alpha : float
        Shrinkage, as in ``cca``.

    References
    ----------
    Artetxe, Labaka & Agirre 2017, "Learning Bilingual Word Embeddings with (Almost) No Bilingual
    Data"; CSLS from Conneau et al. 2018, "Word Translation Without Parallel Data".
    """

    name = "semi-supervised"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "canonical variates of known pairs and of pairs induced by mutual CSLS"
    licence = "Apache-2.0"
    citation = "Artetxe, M., Labaka, G., Agirre, E. (2017). ACL 2017. doi:10.18653/v1/P17-1042."
    uses = frozenset({"pairs"})
    stochastic = False

    def __init__(
        self, rounds: int = 5, weight: float = 0.1, beta: float = 0.3, alpha: float = 1.0
    ) -> None:
        self.rounds = rounds
        self.weight = weight
        self.beta = beta
        self.alpha = alpha

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Alternate between maps and pairs."""
        x, y = _centred(unit(source.vectors)), _centred(unit(target.vectors))
        known = evidence.pairs
        free = [
            np.setdiff1d(np.flatnonzero(z.any(axis=1)), known[:, side])
            for side, z in enumerate((x, y))
        ]
        popularity = source.popularity[free[0]], target.popularity[free[1]]
        pairs, weight = known, np.ones(len(known))
        for _ in range(self.rounds):
            a, b = _canonical(x[pairs[:, 0]], y[pairs[:, 1]], weight, self.alpha)
            if not (len(free[0]) and len(free[1])):
                break
            ours, theirs = unit(_single(x[free[0]] @ a)), unit(_single(y[free[1]] @ b))
            best = _mutual(ours, theirs, popularity, self.beta)
            induced = np.column_stack([free[side][best[:, side]] for side in (0, 1)])
            pairs = np.concatenate([known, induced])
            weight = np.concatenate([np.ones(len(known)), np.full(len(induced), self.weight)])
        a, b = _canonical(x[pairs[:, 0]], y[pairs[:, 1]], weight, self.alpha)
        self.ours_, self.theirs_ = _single(x @ a), _single(y @ b)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Canonical variates of the source products."""
        return self.ours_

    def transform_target(self, shop: Shop) -> Matrix:
        """Canonical variates of the target products."""
        return self.theirs_


def _mutual(
    ours: Matrix,
    theirs: Matrix,
    popularity: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
    beta: float,
) -> Rows:
    """Pairs of rows that are each other's best by CSLS less the difference in popularity."""
    dense = _density(ours, theirs), _density(theirs, ours)
    best = np.empty(len(ours), np.int64)
    top, who = np.full(len(theirs), -np.inf, np.float32), np.zeros(len(theirs), np.int64)
    for begin in range(0, len(ours), BLOCK):
        part = slice(begin, begin + BLOCK)
        score = 2 * (ours[part] @ theirs.T) - dense[0][part, None] - dense[1]
        score -= np.float32(beta) * np.abs(popularity[0][part, None] - popularity[1])
        best[part] = score.argmax(axis=1)
        first = score.argmax(axis=0)
        found = score[first, np.arange(len(theirs))]
        higher = found > top
        top[higher], who[higher] = found[higher], first[higher] + begin
    rows = np.flatnonzero(who[best] == np.arange(len(ours)))
    return np.column_stack([rows, best[rows]])


def _density(ours: Matrix, theirs: Matrix, k: int = 10) -> Matrix:
    """Mean cosine of each row to its nearest rows of the other side."""
    k = min(k, len(theirs))
    density = np.empty(len(ours), np.float32)
    for begin in range(0, len(ours), BLOCK):
        cosine = ours[begin : begin + BLOCK] @ theirs.T
        density[begin : begin + BLOCK] = np.partition(cosine, -k, axis=1)[:, -k:].mean(axis=1)
    return density


def _canonical(x: Matrix, y: Matrix, weight: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Maps of both sides to their canonical variates (see ``cca``)."""
    weight = weight / weight.sum()
    whiten_x, whiten_y = _whitening(x, weight, alpha), _whitening(y, weight, alpha)
    cross = (x * weight[:, None]).T @ y.astype(np.float64)
    u, scale, vt = np.linalg.svd(whiten_x @ cross @ whiten_y, full_matrices=False)
    u, scale, vt = u[:, :1024], scale[:1024], vt[:1024]
    return whiten_x @ u * scale, whiten_y @ vt.T * scale


def _whitening(x: Matrix, weight: Floats, alpha: float) -> Floats:
    m, d = x.shape
    moment = (x * weight[:, None]).T @ x.astype(np.float64)
    penalty = alpha * (1 + d / m) * max(np.trace(moment) / d, 1e-12)
    value, vector = np.linalg.eigh(moment + penalty * np.eye(d))
    return (vector / np.sqrt(value)) @ vector.T


def _centred(x: Matrix) -> Matrix:
    """Rows less their mean; rows of zeros stay."""
    there = x.any(axis=1)
    if there.any():
        x[there] -= x[there].mean(axis=0)
    return x


def _single(x: Floats) -> Matrix:
    return x.astype(np.float32)
