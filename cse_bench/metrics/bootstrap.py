"""Percentile bootstrap over groups, vectorised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.metrics.blocks import cut
from cse_bench.types import Floats, Ints

REPLICATES = 1000
LEVEL = 0.95

CHUNK = 1 << 20
"""Draws that are counted at a time: few enough to stay in a core's cache."""


@dataclass(frozen=True, eq=False)
class Resampler:
    """How often each group is drawn in each replicate, to be used on every metric alike.

    Attributes
    ----------
    group : ndarray of shape (n_queries,), int64
        Dense number of each query's group.
    weights : ndarray of shape (replicates, n_groups), uint16
        Draws of each group.
    """

    group: Ints
    weights: np.ndarray[tuple[int, int], np.dtype[np.uint16]]

    @classmethod
    def over(cls, group: Ints, *, replicates: int = REPLICATES, random_state: int = 0) -> Resampler:
        """Draw groups with replacement, as many as there are, for each replicate."""
        names, dense = np.unique(group, return_inverse=True)
        rng = np.random.default_rng(random_state)
        n = max(len(names), 1)
        weights = np.empty((replicates, n), np.uint16)
        for part in _parts(replicates, n):
            rows = part.stop - part.start
            draws = rng.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
            weights[part] = np.bincount(draws.ravel(), minlength=rows * n).reshape(rows, n)
        return cls(dense.astype(np.int64), weights)

    def means(self, values: Floats) -> Floats:
        """Mean over queries in each replicate.

        Parameters
        ----------
        values : ndarray of shape (n_queries,) or (n_queries, m), float64
            Per-query values; NaN where a query does not count.

        Returns
        -------
        ndarray of shape (replicates,) or (replicates, m), float64
        """
        columns = values.reshape(len(values), -1)
        counted = ~np.isnan(columns)
        replicates, n_groups = self.weights.shape
        m = columns.shape[1]
        by_group = np.empty((n_groups, 2 * m))  # sums, then how many count
        for j in range(m):
            own = np.where(counted[:, j], columns[:, j], 0.0)
            by_group[:, j] = np.bincount(self.group, weights=own, minlength=n_groups)
            by_group[:, m + j] = np.bincount(self.group, weights=counted[:, j], minlength=n_groups)
        drawn = np.empty((replicates, 2 * m))
        for part in _parts(replicates, n_groups):
            drawn[part] = self.weights[part].astype(np.float64) @ by_group
        sums, counts = drawn[:, :m], drawn[:, m:]
        means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
        return means.reshape(replicates, *values.shape[1:])


def _parts(replicates: int, n_groups: int) -> list[slice]:
    return cut(replicates, max(1, CHUNK // n_groups))


def interval(replicates: Floats) -> tuple[float, float]:
    """The 95 % percentile interval of replicates.

    Parameters
    ----------
    replicates : ndarray of shape (n,), float64
        NaN and infinite ones are left out.

    Returns
    -------
    low, high : float
        NaN where none is left.

    References
    ----------
    Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.
    """
    kept = replicates[np.isfinite(replicates)]
    if not len(kept):
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return float(low), float(high)
