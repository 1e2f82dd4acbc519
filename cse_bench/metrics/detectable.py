"""The smallest difference that a set of queries can show: noise over groups, not over rows."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from cse_bench.types import Floats, Ints

LEVEL = 0.05
"""Of the two-sided test."""

POWER = 0.8
"""The share of the time that a difference of that size is found."""


def clustered_error(values: Floats, group: Ints) -> float:
    r"""Standard error of a mean over queries, those of one group being as alike as they like.

    With :math:`e_g` the sum of a group's deviations from the mean, G groups and n queries,

    .. math:: \mathrm{se}^2 = \frac{G}{G - 1} \sum_g e_g^2 / n^2.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        Values of the queries; NaN where one does not count.
    group : ndarray of shape (n,), int64
        Group of each.

    Returns
    -------
    float
        NaN with fewer than two groups.

    References
    ----------
    Liang & Zeger 1986, "Longitudinal data analysis using generalized linear models", for a mean.
    """
    kept = ~np.isnan(values)
    own = values[kept]
    names, dense = np.unique(group[kept], return_inverse=True)
    if len(names) < 2:
        return float("nan")
    away = np.bincount(dense, weights=own - own.mean())
    return float(np.sqrt(len(names) / (len(names) - 1) * np.sum(away**2)) / len(own))


def smallest_detectable(differences: Floats, group: Ints) -> float:
    r"""The true mean difference that a two-sided test at .05 finds 4 times in 5.

    .. math:: (z_{.975} + z_{.8}) \, \mathrm{se}

    Parameters
    ----------
    differences : ndarray of shape (n,), float64
        Of two entries, query by query; NaN where one does not count. Their mean plays no part.
    group : ndarray of shape (n,), int64
        Group of each query.

    References
    ----------
    Bloom 1995, "Minimum Detectable Effects".
    """
    z = NormalDist().inv_cdf
    return (z(1 - LEVEL / 2) + z(POWER)) * clustered_error(differences, group)
