"""Kinds matched by content give a first map, products of like content the second: no pair."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cse_bench import Aligner, Evidence, Matrix, Shop, unit

BLOCK = 1024
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class ContentSeeds(Aligner):
    r"""Align the centroids of product kinds that both shops describe alike; then refine.

    Products of equal content vectors are one kind. A kind of the source shop is matched with the
    nearest kind of the target shop, if each is the other's nearest and their cosine is at least
    ``min_cosine``. The kinds' mean unit vectors, weighted by the smaller number of products on
    the two sides to the power ``weight``, are aligned by orthogonal Procrustes. Kinds, unlike
    products, have vectors with little noise, and content tells them apart surely.

    Refinement: two products are an induced pair if each is the other's best by CSLS on geometry
    beside content; canonical variates of the induced pairs (see ``cca``; shrunk by as much as a
    direction's mean variance) are the next geometry. It stops when the mean score of the pairs,
    which no dictionary is needed for, stops rising.

    Content enters as random Fourier features, whose dot product falls from 1 (equal content) to
    next to nothing at ``min_cosine`` (.04 for the defaults, which is where ``sharpness`` comes
    from): kinds, not shades. In the matching it counts twice a geometry, so that pairs are of one
    kind; in the output the two count alike. No value was chosen by pairs; but that canonical
    variates took the place of Procrustes, and content a place in the output, was designed with
    validation scores in view. ``rounds`` bounds the time: the criterion was still rising slowly.
    A zero vector, or zero content, stays zero in its part.
    Cost: O(kinds² c + rounds · n_source n_target (d + features)), memory O(block · n_target).

    Parameters
    ----------
    min_cosine : float
        Least cosine of two kinds' content vectors.
    weight : float
        Exponent of a kind's size.
    rounds : int
        Most rounds of refinement.
    sharpness : float
        Unit content vectors at a distance r have the dot product exp(-(r · sharpness)² / 2).
    features : int
        Fourier features of content.

    References
    ----------
    The noisy-seed family of Bianchi et al. 2020, "Fantastic Embeddings and How to Align Them",
    section 4; Procrustes as Schönemann 1966; CSLS from Conneau et al. 2018, "Word Translation
    Without Parallel Data"; Rahimi & Recht 2007, "Random Features for Large-Scale Kernel Machines".
    """

    name = "content-seeds"
    version = "2"
    authors = ("The cse-bench authors",)
    description = "kinds matched by content, then mutual neighbours by content and geometry"
    licence = "Apache-2.0"
    citation = "Bianchi, F. et al. (2020). arXiv:2007.14906."
    uses = frozenset({"content"})
    stochastic = False

    def __init__(
        self,
        min_cosine: float = 0.95,
        weight: float = 0.5,
        rounds: int = 3,
        sharpness: float = 8.0,
        features: int = 400,
    ) -> None:
        self.min_cosine = min_cosine
        self.weight = weight
        self.rounds = rounds
        self.sharpness = sharpness
        self.features = features

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Match the kinds, solve for the rotation, and refine."""
        content = self._features(source), self._features(target)
        x, y = _centred(unit(source.vectors)), _centred(unit(target.vectors))
        geometry = self._rotated(source, target)
        there = [np.flatnonzero(z.any(axis=1)) for z in (x, y)]
        reached = -np.inf
        for _ in range(self.rounds if len(there[0]) and len(there[1]) else 0):
            both = [
                unit(np.hstack([g[rows], 2 * c[rows]]))
                for g, c, rows in zip(geometry, content, there, strict=True)
            ]
            best, score = _mutual(both[0], both[1])
            if not len(best) or score.mean() <= reached:
                break
            reached = score.mean()
            ours, theirs = (there[side][best[:, side]] for side in (0, 1))
            a, b = _canonical(x[ours], y[theirs], np.ones(len(ours)), 1.0)
            geometry = _scaled(x @ a), _scaled(y @ b)
        self.ours_, self.theirs_ = (np.hstack(z) for z in zip(geometry, content, strict=True))
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Geometry and content of the source products."""
        return self.ours_

    def transform_target(self, shop: Shop) -> Matrix:
        """Geometry and content of the target products."""
        return self.theirs_

    def _rotated(self, source: Shop, target: Shop) -> tuple[Matrix, Matrix]:
        """Both sides' unit vectors, aligned by the centroids of the matched kinds."""
        our_kind, our_centroid, our_size = self._kinds(source)
        their_kind, their_centroid, their_size = self._kinds(target)
        cosine = our_kind @ their_kind.T
        if not cosine.size:
            return unit(source.vectors)[:, :1] * 0, unit(target.vectors)[:, :1] * 0
        theirs = cosine.argmax(axis=1)
        ours = np.arange(len(theirs))
        mutual = (cosine.argmax(axis=0)[theirs] == ours) & (cosine[ours, theirs] >= self.min_cosine)
        ours, theirs = ours[mutual], theirs[mutual]
        weight = np.minimum(our_size[ours], their_size[theirs]) ** self.weight
        x, y = our_centroid[ours].astype(np.float64) * weight[:, None], their_centroid[theirs]
        u, s, vt = np.linalg.svd(x.T @ y, full_matrices=False)
        known = s > s[0] * 1e-6  # directions of which the kinds say something
        known[0] = True  # of nothing at all, one, so that there is a coordinate
        u, vt = u[:, known][:, :MOST], vt[known][:MOST]
        return unit(source.vectors) @ _single(u), unit(target.vectors) @ _single(vt.T)

    def _kinds(self, shop: Shop) -> tuple[Matrix, Matrix, Matrix]:
        """Content vector, mean unit vector and number of products of each kind."""
        described = np.flatnonzero(np.any(shop.content != 0, axis=1))
        content, kind = np.unique(np.round(shop.content[described], 5), axis=0, return_inverse=True)
        size = np.bincount(kind, minlength=len(content))
        vectors = unit(shop.vectors)[described]
        member = csr_array(
            (np.ones(len(kind), np.float32), (kind, np.arange(len(kind)))),
            (len(content), len(kind)),
        )
        return unit(content), (member @ vectors) / size[:, None], size.astype(np.float32)

    def _features(self, shop: Shop) -> Matrix:
        """Fourier features of content; the frequencies are part of the method, not of chance."""
        half = self.features // 2
        frequency = np.random.default_rng(0).standard_normal((shop.content.shape[1], half))
        angle = unit(shop.content) @ _single(self.sharpness * frequency)
        waves = np.hstack([np.cos(angle), np.sin(angle)]) / np.float32(np.sqrt(half))
        waves[~shop.content.any(axis=1)] = 0
        return waves.astype(np.float32)


MOST = 400
"""Coordinates of geometry: with the features of content, at most 1024."""


def _mutual(ours: Matrix, theirs: Matrix) -> tuple[Rows, Matrix]:
    """Pairs of rows that are each other's best by CSLS."""
    dense = _density(ours, theirs), _density(theirs, ours)
    best, reached = np.empty(len(ours), np.int64), np.empty(len(ours), np.float32)
    top, who = np.full(len(theirs), -np.inf, np.float32), np.zeros(len(theirs), np.int64)
    for begin in range(0, len(ours), BLOCK):
        part = slice(begin, begin + BLOCK)
        score = 2 * (ours[part] @ theirs.T) - dense[0][part, None] - dense[1]
        best[part], reached[part] = score.argmax(axis=1), score.max(axis=1)
        first = score.argmax(axis=0)
        found = score[first, np.arange(len(theirs))]
        higher = found > top
        top[higher], who[higher] = found[higher], first[higher] + begin
    rows = np.flatnonzero(who[best] == np.arange(len(ours)))
    return np.column_stack([rows, best[rows]]), reached[rows]


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
    u, scale, vt = u[:, :MOST], scale[:MOST], vt[:MOST]
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


def _scaled(x: Floats) -> Matrix:
    """Over the root mean square length of a row."""
    return _single(x / np.sqrt(max(float(np.vdot(x, x)) / len(x), 1e-12)))
