"""How alike two spaces are in shape, whatever their axes: measures that need no pairs.

All look at unit vectors, and stay the same when either space is rotated or its rows are put into
another order.
"""

from __future__ import annotations

import numpy as np

from cse_bench.metrics.cosine import unit
from cse_bench.metrics.ranking import TIE
from cse_bench.types import Floats, Matrix

GRAPH_NEIGHBOURS = 10
"""Edges from each product of the graph."""

GRAPH_PRODUCTS = 1000
"""Products of the graph: its eigenvalues are found in a dense matrix, in time of their cube."""

SHARE = 0.9
"""Of the sum of the eigenvalues: what those compared must carry."""

RANK_TOLERANCE = 1e-6
"""Singular values below this share of the largest are rounding."""


def eigenvector_similarity(first: Matrix, second: Matrix) -> float:
    r"""Distance of the Laplacian spectra of two neighbour graphs; 0 for isospectral ones.

    .. math:: \Delta = \sum_{i=1}^{k} (\lambda_{1i} - \lambda_{2i})^2

    with the eigenvalues in descending order, and k the smaller of the two numbers of eigenvalues
    that carry 90 % of their graph's sum. Called a similarity by its authors, it is a distance.

    Parameters
    ----------
    first, second : ndarray of shape (n, d), float32
        The products to compare, as many of each: the `GRAPH_PRODUCTS` most popular ones, since the
        value grows with the number of products.

    Returns
    -------
    float

    References
    ----------
    Søgaard, Ruder & Vulić 2018, "On the Limitations of Unsupervised Bilingual Dictionary
    Induction", section 3.
    """
    return spectral_distance(laplacian_spectrum(first), laplacian_spectrum(second))


def laplacian_spectrum(vectors: Matrix) -> Floats:
    """Eigenvalues of the Laplacian of the neighbour graph, descending.

    Two products are joined if one is among the `GRAPH_NEIGHBOURS` nearest of the other, by cosine;
    those tied with the last of these count too. Edges have no weights.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32

    Returns
    -------
    ndarray of shape (n,), float64
    """
    n = len(vectors)
    if n < 2:
        return np.zeros(n)
    own = unit(vectors)
    cosine = own @ own.T
    np.fill_diagonal(cosine, -np.inf)
    cut = n - min(GRAPH_NEIGHBOURS, n - 1)
    last = np.partition(cosine, cut, axis=1)[:, cut, None]
    near = cosine >= last - TIE
    joined = (near | near.T).astype(np.float64)
    laplacian = np.diag(joined.sum(axis=1)) - joined
    return np.linalg.eigvalsh(laplacian)[::-1].astype(np.float64)


def spectral_distance(first: Floats, second: Floats) -> float:
    """The distance of two spectra of `laplacian_spectrum`; see `eigenvector_similarity`."""
    k = min(_carrying(first), _carrying(second))
    return float(np.sum((first[:k] - second[:k]) ** 2))


def _carrying(spectrum: Floats) -> int:
    """The least number of eigenvalues that carry `SHARE` of the sum."""
    carried = np.cumsum(spectrum)
    return int(np.searchsorted(carried, SHARE * carried[-1])) + 1 if len(spectrum) else 0


def singular_value_gap(first: Matrix, second: Matrix) -> float:
    r"""Squared differences of the logarithms of the singular values; 0 for equal spectra.

    .. math:: \mathrm{SVG} = \sum_i (\log \sigma_{1i} - \log \sigma_{2i})^2

    over as many as the space of smaller rank has. They are those of the matrix of unit vectors
    divided by the root of its number of rows, so that a larger shop has no larger ones.

    Parameters
    ----------
    first, second : ndarray of shape (n, d), float32
        All products of each space; n and d may differ.

    References
    ----------
    Dubossarsky, Vulić, Reichart & Korhonen 2020, "The Secret is in the Spectra", equation 6.
    """
    ours, theirs = (singular_values(vectors) for vectors in (first, second))
    k = min(len(ours), len(theirs))
    return float(np.sum((np.log(ours[:k]) - np.log(theirs[:k])) ** 2))


def effective_condition(first: Matrix, second: Matrix) -> float:
    r"""Harmonic mean of the two spaces' effective condition numbers; smaller ones align better.

    A space's is :math:`\sigma_1 / \sigma_r`, with the effective rank r the exponential, rounded
    down, of the entropy of its singular values scaled to a sum of 1. 1 is a sphere. This is a
    measure of both spaces, not of their difference. NaN if one of them is all zeros.

    Parameters
    ----------
    first, second : ndarray of shape (n, d), float32
        All products of each space; n and d may differ.

    References
    ----------
    Dubossarsky, Vulić, Reichart & Korhonen 2020, "The Secret is in the Spectra", section 2.1
    (ECOND-HM); the effective rank is Roy & Vetterli's (2007).
    """
    conditions = []
    for vectors in (first, second):
        values = singular_values(vectors)
        if not len(values):
            return float("nan")
        shares = values / values.sum()
        rank = int(np.exp(-np.sum(shares * np.log(shares))) + 1e-9)
        conditions.append(values[0] / values[rank - 1])
    return float(2 / np.sum(1 / np.array(conditions)))


def singular_values(vectors: Matrix) -> Floats:
    """Singular values of the unit vectors, over the root of their number, descending.

    Returns
    -------
    ndarray of shape (rank,), float64
    """
    own = unit(vectors).astype(np.float64)
    squares = np.linalg.eigvalsh(own.T @ own / max(len(own), 1))[::-1]
    values: Floats = np.sqrt(np.maximum(squares, 0))
    return values[values > RANK_TOLERANCE * values[:1].sum()]
