"""What an aligned space looks like: its hubs, and whether both shops have one shape in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.hubness import k_occurrence, skewness
from cse_bench.metrics.isomorphism import GRAPH_PRODUCTS, laplacian_spectrum, spectral_distance
from cse_bench.metrics.matched import popularity_order
from cse_bench.types import Floats, Ints, Matrix, Vector


@dataclass(frozen=True)
class Diagnosis:
    """Two numbers of one aligned space; neither is a score.

    Attributes
    ----------
    hubness : float
        Skewness of how often a target product is among the 10 nearest of a source product.
    eigenvector_similarity : float
        Distance of the spectra of the shops' neighbour graphs; 0 is isospectral.
    """

    hubness: float
    eigenvector_similarity: float


def diagnose(aligned: Aligned, popularity: tuple[Vector, Vector]) -> Diagnosis:
    """Measure an aligned space.

    Parameters
    ----------
    aligned : Aligned
        Both shops in one space.
    popularity : (ndarray of shape (n_source,), ndarray of shape (n_target,)), float32
        Of the products, since the graphs are those of the most popular ones (see `popular_rows`).
    """
    source, target = unit(aligned.source), unit(aligned.target)
    rows = popular_rows(*popularity)
    spectra = [_spectrum(vectors[r]) for vectors, r in zip((source, target), rows, strict=True)]
    return Diagnosis(skewness(k_occurrence(source, target)), spectral_distance(*spectra))


def popular_rows(*popularity: Vector) -> list[Ints]:
    """Each shop's most popular products, as many of each: `GRAPH_PRODUCTS` if there are so many.

    Equal popularities stand in the order of product_id, which is drawn at random.
    """
    n = min(GRAPH_PRODUCTS, *map(len, popularity))
    return [popularity_order(values)[:n] for values in popularity]


def _spectrum(vectors: Matrix) -> Floats:
    """The spectrum, found once for each matrix: most aligners leave the target where it is."""
    return _spectrum_of(vectors.tobytes(), vectors.shape[1])


@lru_cache(maxsize=8)
def _spectrum_of(data: bytes, width: int) -> Floats:
    return laplacian_spectrum(np.frombuffer(data, np.float32).reshape(-1, width))
