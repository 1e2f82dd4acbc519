"""All evidence in one space: geometry, kinds and popularity, weighed on held-out pairs."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.sparse import csr_array

from cse_bench import Aligner, Evidence, Matrix, Ragged, Shop, unit

Sides = tuple[Matrix, Matrix]


class Joint(Aligner):
    r"""Blocks of coordinates side by side, so that a cosine is a weighted sum of likenesses.

    - ``pairs``, weight 1: canonical variates of the paired products' unit vectors;
    - ``sessions``, weight 0.6: canonical variates of the two parts of the cross-shop sessions;
    - ``expectation``, weight 1: what products of such content have in the first two on average
      (ridge regression on ``kinds``), which lends a noisy vector the neighbourhood of its kind;
    - ``kinds``: random Fourier features of content; the dot product of two products is 1 if their
      content is the same, and soon 0 if it is not;
    - ``popularity``: Fourier features, whose dot product is a Gaussian of the difference; shift
      and width of the differences are those of the pairs.

    Every block has root mean square length 1 over both shops. The last two tell twins apart and
    nearly cancel out over a session. Their weights are learned: a quarter of the pairs, evenly
    along popularity, is held out of all other blocks, and ranks the weights by its MRR.
    `translation` alone would have kinds decide, `next_event` wants them light, so the compromise
    is the *least* weight of ``kinds`` whose MRR is within one standard error of the best; then
    the best one of ``popularity``. Fewer than 40 pairs keep the middle of the grid. The other
    weights were chosen on validation data. A product without content, or with a zero vector,
    stands by its other blocks. Cost: O(n features² + trials · m/4 · n · width).

    Parameters
    ----------
    features : int
        Fourier features of content, as far as the width of 1024 allows.
    sharpness : float
        Inverse width of the content kernel: unit vectors at a distance r have the dot product
        exp(-(r · sharpness)² / 2).

    References
    ----------
    Canonical variates as in the aligner ``cca``; Rahimi & Recht 2007, "Random Features for
    Large-Scale Kernel Machines"; the rule of one standard error as in Breiman et al. 1984,
    "Classification and Regression Trees".
    """

    name = "joint"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "canonical variates, content and popularity side by side, weighed on train pairs"
    licence = "Apache-2.0"
    citation = "Rahimi, A., Recht, B. (2007). Advances in Neural Information Processing Systems 20."
    uses = frozenset({"content", "pairs", "cross_sessions"})
    stochastic = False

    def __init__(self, features: int = 600, sharpness: float = 8.0) -> None:
        self.features = features
        self.sharpness = sharpness

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Weigh the blocks with some pairs held out, then build them from all."""
        kinds = self._kinds(source, target)
        self.weights_ = np.array([1.0, 0.6, 1.0, 1.4, 0.7])
        if len(evidence.pairs) >= 40:
            self._weigh(source, target, evidence, kinds)
        blocks = _blocks(source, target, evidence, kinds)
        self.ours_, self.theirs_ = (_joined(blocks, self.weights_, side) for side in (0, 1))
        return self

    def transform(self, shop: Shop) -> Matrix:
        """All blocks of the source products."""
        return self.ours_

    def transform_target(self, shop: Shop) -> Matrix:
        """All blocks of the target products."""
        return self.theirs_

    def _kinds(self, source: Shop, target: Shop) -> Sides:
        half = min(self.features // 2, (1024 - 4 * MOST_VARIATES) // 2 - WAVES)
        rng = np.random.default_rng(0)  # the same frequencies always: part of the method
        frequency = rng.standard_normal((source.content.shape[1], half)).astype(np.float32)
        frequency *= np.float32(self.sharpness)
        ours, theirs = (_waves(unit(shop.content) @ frequency) for shop in (source, target))
        ours[~source.content.any(axis=1)] = theirs[~target.content.any(axis=1)] = 0
        return _scaled(ours, theirs)

    def _weigh(self, source: Shop, target: Shop, evidence: Evidence, kinds: Sides) -> None:
        """Learn the last two weights."""
        ours, theirs = evidence.pairs.T
        order = np.lexsort((source.popularity[ours], target.popularity[theirs]))
        held, rest = evidence.pairs[order[::4]], np.delete(evidence.pairs, order[::4], axis=0)
        blocks = _blocks(source, target, Evidence(rest, evidence.cross_sessions), kinds)

        def reciprocal_ranks(of_kinds: float, of_popularity: float) -> Matrix:
            weights = np.array([*self.weights_[:3], of_kinds, of_popularity])
            query, item = (unit(_joined(blocks, weights, side)) for side in (0, 1))
            found = []
            for part in np.array_split(held, 1 + len(held) // 1024):
                score = query[part[:, 0]] @ item.T
                own = np.take_along_axis(score, part[:, 1:], axis=1)
                found.append(1 / (1 + np.sum(score > own, axis=1)))
            return np.concatenate(found)

        grid = (0.7, 1.0, 1.4, 2.0, 2.8)
        found = [reciprocal_ranks(weight, weight / 2) for weight in grid]
        mean = np.array([f.mean() for f in found])
        error = found[mean.argmax()].std() / np.sqrt(len(held))
        of_kinds = grid[np.argmax(mean >= mean.max() - error)]
        shares = (0.35, 0.5, 0.7, 1.0)
        best = np.argmax([reciprocal_ranks(of_kinds, s * of_kinds).mean() for s in shares])

        self.weights_[3:] = of_kinds, of_kinds * shares[best]


MOST_VARIATES = 100
"""Of pairs, and of sessions: they stand twice beside the kinds in a width of 1024."""

WAVES = 12
"""Frequencies of popularity."""


def _blocks(source: Shop, target: Shop, evidence: Evidence, kinds: Sides) -> list[Sides]:
    """All blocks, in the order of the weights."""
    ours, theirs = evidence.pairs.T
    x, y = _centred(unit(source.vectors)), _centred(unit(target.vectors))
    there, back = evidence.cross_sessions
    of_pairs = _canonical(x[ours], y[theirs], 1.0, 1.0)
    of_sessions = _canonical(_means(source, there), _means(target, back), 10.0, 0.5)
    pairs, sessions = (_scaled(x @ a, y @ b) for a, b in (of_pairs, of_sessions))
    both = np.hstack([np.concatenate(pairs), 0.4 * np.concatenate(sessions)]).astype(np.float64)
    feature = np.concatenate(kinds).astype(np.float64)
    penalised = feature.T @ feature + 0.3 * np.eye(feature.shape[1])
    expected = feature @ np.linalg.solve(penalised, feature.T @ both)
    expectation = _scaled(expected[: len(x)], expected[len(x) :])
    return [pairs, sessions, expectation, kinds, _popularity(source, target, evidence)]


def _canonical(x: Matrix, y: Matrix, alpha: float, exponent: float) -> Sides:
    """Maps of both sides to their canonical variates, with shrinkage (see ``cca``)."""
    if not len(x):  # nothing known: nothing said
        return np.zeros((x.shape[1], 1), np.float32), np.zeros((y.shape[1], 1), np.float32)
    whiten_x, whiten_y = (_whitening(z.astype(np.float64), alpha) for z in (x, y))
    cross = x.T.astype(np.float64) @ y / len(x)
    u, correlation, vt = np.linalg.svd(whiten_x @ cross @ whiten_y, full_matrices=False)
    u, scale, vt = u[:, :MOST_VARIATES], correlation[:MOST_VARIATES] ** exponent, vt[:MOST_VARIATES]
    return whiten_x @ u * scale, whiten_y @ vt.T * scale


def _whitening(x: Matrix, alpha: float) -> Matrix:
    m, d = x.shape
    moment = x.T @ x / m
    penalty = alpha * (1 + d / m) * max(np.trace(moment) / d, 1e-12)
    value, vector = np.linalg.eigh(moment + penalty * np.eye(d))
    return (vector / np.sqrt(value)) @ vector.T


def _popularity(source: Shop, target: Shop, evidence: Evidence) -> Sides:
    ours, theirs = source.popularity, target.popularity
    difference = theirs[evidence.pairs[:, 1]] - ours[evidence.pairs[:, 0]]
    # With ten more pairs half a bit apart, so that few pairs are not taken at their word.
    shift = difference.sum() / (len(difference) + 10)
    width = np.sqrt((np.sum((difference - shift) ** 2) + 10 * 0.5**2) / (len(difference) + 10))
    step = np.arange(1, 1 + WAVES) * (np.pi / 10)  # a period of 20 bits: wider than any difference
    weight = np.tile(np.exp(-0.25 * (width * step) ** 2), 2)
    x, y = (weight * _waves(np.outer(p, step)) for p in (ours + shift, theirs))
    return _scaled(x, y)


def _waves(angle: Matrix) -> Matrix:
    return np.hstack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def _scaled(ours: Matrix, theirs: Matrix) -> Sides:
    """Both sides over their common root mean square length."""
    squares = float(np.vdot(ours, ours) + np.vdot(theirs, theirs))
    scale = np.sqrt(max(squares, 1e-12) / (len(ours) + len(theirs)))
    return (ours / scale).astype(np.float32), (theirs / scale).astype(np.float32)


def _joined(blocks: list[Sides], weights: Matrix, side: int) -> Matrix:
    weighted = [w * block[side] for w, block in zip(weights, blocks, strict=True)]
    return np.hstack(weighted).astype(np.float32)


def _means(shop: Shop, sessions: Ragged) -> Matrix:
    """Centred unit mean vector of each session."""
    ones = np.ones(len(sessions.values), np.float32)
    member = csr_array((ones, sessions.values, sessions.offsets), (len(sessions), len(shop)))
    return _centred(unit(np.asarray(member @ unit(shop.vectors), dtype=np.float32)))


def _centred(x: Matrix) -> Matrix:
    """Rows less their mean; rows of zeros stay."""
    there = x.any(axis=1)
    x[there] -= x[there].mean(axis=0) if there.any() else 0
    return x
