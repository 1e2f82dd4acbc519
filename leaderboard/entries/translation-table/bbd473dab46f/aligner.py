"""IBM Model 1 over cross-shop sessions, its table backed by geometry."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, eye_array

from cse_bench import Aligner, Evidence, Matrix, Ragged, Shop, unit

Floats = npt.NDArray[np.float64]


class TranslationTable(Aligner):
    r"""Ask which source product of a session each target product translates, if any.

    A cross-shop session is a sentence and its translation. Model 1 explains the target product y
    of a session by one of its source products x, with probability t(y | x), or by NULL, with the
    share p(y) of y among all visits. Each product is bought too seldom to learn a row of the table
    from counts, so the row is smoothed by geometry:

    .. math::

        t(y \mid x) = \frac{c(x, y) + \kappa\, g(y \mid x)}{c(x) + \kappa}, \qquad
        g(y \mid x) \propto e^{\cos(Ax, By) / \tau},

    with c the expected number of times that x was translated by y: a product seen often goes by
    its visits, one seen seldom or never by g. The maps A and B are canonical variates, with
    shrinkage, first of the sessions' mean vectors, then (as the M-step) of the linked products,
    weighted by c. A product stands at its coordinates under the last maps, beside those of the
    sessions' own maps: links know twins, whole sessions know what goes together.
    Zero vectors stay. Cost: O(rounds · (links · d + n_source n_target d)), where links are all
    (source, target) products within a session; memory O(links + block · n_target).

    Parameters
    ----------
    rounds : int
        How often the maps are fitted to the links.
    iterations : int
        Rounds of EM for the table between two maps.
    kappa : float
        The weight of geometry, in times seen. The visits of the official release are so few that
        validation asks for much.
    temperature : float
        The temperature of geometry.

    References
    ----------
    Brown et al. 1993, "The Mathematics of Statistical Machine Translation"; smoothing and NULL
    as in Moore 2004, "Improving IBM Word-Alignment Model 1".
    """

    name = "translation-table"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "IBM Model 1 over cross-shop sessions with a table smoothed by geometry"
    licence = "Apache-2.0"
    citation = "Brown, P. F. et al. (1993). Computational Linguistics 19(2), 263-311."
    uses = frozenset({"cross_sessions"})
    stochastic = False

    def __init__(
        self,
        rounds: int = 3,
        iterations: int = 3,
        kappa: float = 10_000.0,
        temperature: float = 0.05,
    ) -> None:
        self.rounds = rounds
        self.iterations = iterations
        self.kappa = kappa
        self.temperature = temperature

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Alternate between the table and the maps."""
        x, y = _centred(unit(source.vectors)), _centred(unit(target.vectors))
        there, back = evidence.cross_sessions
        ours, theirs = _means(source, there), _means(target, back)
        each = eye_array(len(there), format="csr")
        a, b = _canonical(ours, theirs, each, 10.0)
        by_sessions = unit(_float32(x @ a)), unit(_float32(y @ b))
        links = _Links(there, back, len(source), len(target))
        by_links = by_sessions
        count: Floats = np.zeros(len(links.ours))
        for _ in range(self.rounds):
            geometry = self._geometry(*by_links, links)
            for _ in range(self.iterations):
                self.table_ = links.table(self._smoothed(count, geometry, links))
                count = links.expected(self.table_.data)
            a, b = _canonical(x, y, links.table(count), 5.0)
            by_links = unit(_float32(x @ a)), unit(_float32(y @ b))
        self.ours_, self.theirs_ = (np.hstack(z) for z in zip(by_links, by_sessions, strict=True))
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Coordinates by links and by sessions of the source products."""
        return self.ours_

    def transform_target(self, shop: Shop) -> Matrix:
        """Coordinates by links and by sessions of the target products."""
        return self.theirs_

    def _geometry(self, ours: Matrix, theirs: Matrix, links: _Links) -> Floats:
        """The g of every cell of the table: a share of all target products, not of cells alone."""
        total = np.empty(len(ours))
        for begin in range(0, len(ours), BLOCK):
            part = slice(begin, begin + BLOCK)
            total[part] = np.exp(ours[part] @ theirs.T / self.temperature).sum(axis=1)
        cosine = np.empty(len(links.ours))
        for begin in range(0, len(cosine), 100 * BLOCK):
            part = slice(begin, begin + 100 * BLOCK)
            cosine[part] = np.einsum("ij,ij->i", ours[links.ours[part]], theirs[links.theirs[part]])
        return np.exp(cosine / self.temperature) / total[links.ours]

    def _smoothed(self, count: Floats, geometry: Floats, links: _Links) -> Floats:
        """The t of every cell; what a row lacks to 1 is geometry's outside the cells."""
        seen = np.bincount(links.ours, count, links.shape[0])
        return (count + self.kappa * geometry) / (seen[links.ours] + self.kappa)


BLOCK = 1024


class _Links:
    """Source and target products that meet in a session, and the cells of the table they are."""

    def __init__(self, there: Ragged, back: Ragged, n_source: int, n_target: int) -> None:
        times = there.lengths * back.lengths
        session = np.repeat(np.arange(len(there)), times)
        within = np.arange(len(session)) - np.repeat(np.cumsum(times) - times, times)
        length = back.lengths[session]
        ours = there.values[there.offsets[session] + within // length]
        self.occurrence = back.offsets[session] + within % length
        self.shape = n_source, n_target
        cell, self.cell = np.unique(
            ours * n_target + back.values[self.occurrence], return_inverse=True
        )
        self.ours, self.theirs = np.divmod(cell, n_target)
        share = np.bincount(back.values, minlength=n_target) / max(1, len(back.values))
        self.null = share[back.values]

    def expected(self, table: Floats) -> Floats:
        """How often each cell was used, by its share in each target product of a session."""
        chance = table[self.cell]
        whole = np.bincount(self.occurrence, chance, len(self.null)) + self.null
        used = np.bincount(self.cell, chance / whole[self.occurrence], len(self.ours))
        return used.astype(np.float64)

    def table(self, values: Floats) -> csr_array:
        """A value per cell as a sparse matrix of shape (n_source, n_target)."""
        begin = np.searchsorted(self.ours, np.arange(self.shape[0] + 1))
        return csr_array((values, self.theirs, begin), self.shape)


def _canonical(x: Matrix, y: Matrix, links: csr_array, alpha: float) -> tuple[Floats, Floats]:
    """Maps of both sides to canonical variates of the links, with shrinkage (see ``cca``)."""
    total = max(links.sum(), 1e-12)
    whiten_x = _whitening(x, links.sum(axis=1) / total, alpha)
    whiten_y = _whitening(y, links.sum(axis=0) / total, alpha)
    cross = x.T @ (links @ y.astype(np.float64)) / total
    u, correlation, vt = np.linalg.svd(whiten_x @ cross @ whiten_y, full_matrices=False)
    u, scale, vt = u[:, :MOST_VARIATES], np.sqrt(correlation[:MOST_VARIATES]), vt[:MOST_VARIATES]
    return whiten_x @ u * scale, whiten_y @ vt.T * scale


MOST_VARIATES = 512
"""Of links, and of sessions: together the greatest width."""


def _whitening(x: Matrix, weight: Floats, alpha: float) -> Floats:
    moment = (x * weight[:, None]).T @ x
    value, vector = np.linalg.eigh(moment)
    penalty = alpha * max(np.mean(value), 1e-12)
    return (vector / np.sqrt(np.maximum(value, 0) + penalty)) @ vector.T


def _means(shop: Shop, sessions: Ragged) -> Matrix:
    """Centred unit mean vector of each session."""
    ones = np.ones(len(sessions.values), np.float32)
    member = csr_array((ones, sessions.values, sessions.offsets), (len(sessions), len(shop)))
    return _centred(unit(np.asarray(member @ unit(shop.vectors), dtype=np.float32)))


def _centred(x: Matrix) -> Matrix:
    """Rows less their mean; rows of zeros stay."""
    there = x.any(axis=1)
    if there.any():
        x[there] -= x[there].mean(axis=0)
    return x


def _float32(x: Floats) -> Matrix:
    return x.astype(np.float32)
