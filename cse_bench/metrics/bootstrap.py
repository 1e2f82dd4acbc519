"""Percentile bootstrap over groups, vectorised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.types import Floats, Ints

REPLICATES = 1000
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Resampler:
    """How often each group is drawn in each replicate, to be used on every metric alike.

    Attributes
    ----------
    group : ndarray of shape (n_queries,), int64
        Dense number of each query's group.
    weights : ndarray of shape (replicates, n_groups), float64
        Draws of each group.
    """

    group: Ints
    weights: Floats

    @classmethod
    def over(cls, group: Ints, *, replicates: int = REPLICATES, random_state: int = 0) -> Resampler:
        """Draw groups with replacement, as many as there are, for each replicate."""
        names, dense = np.unique(group, return_inverse=True)
        rng = np.random.default_rng(random_state)
        n = max(len(names), 1)
        draws = rng.integers(0, n, size=(replicates, n)) + np.arange(replicates)[:, None] * n
        weights = np.bincount(draws.ravel(), minlength=replicates * n).reshape(replicates, n)
        return cls(dense.astype(np.int64), weights.astype(np.float64))

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
        n_groups = self.weights.shape[1]
        sums = np.empty((n_groups, columns.shape[1]))
        counts = np.empty_like(sums)
        for j in range(columns.shape[1]):
            own = np.where(counted[:, j], columns[:, j], 0.0)
            sums[:, j] = np.bincount(self.group, weights=own, minlength=n_groups)
            counts[:, j] = np.bincount(self.group, weights=counted[:, j], minlength=n_groups)
        drawn = self.weights @ counts
        means = np.divide(
            self.weights @ sums, drawn, out=np.full(drawn.shape, np.nan), where=drawn > 0
        )
        return means.reshape(len(means), *values.shape[1:])


def interval(replicates: Floats) -> tuple[float, float]:
    """The 95 % percentile interval of replicates; NaN replicates are left out."""
    kept = replicates[np.isfinite(replicates)]
    if not len(kept):
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return float(low), float(high)
