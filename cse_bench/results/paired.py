"""Two results on the same queries: their difference, its interval, and whether it may be noise.

A query's value is the mean over its items. What is random is which shoppers (or pairs) stand in the
test split, and, where an aligner runs several times, the draws and seeds; both are reckoned with.

Groups. The build numbers the held-out users of each table, whatever the direction of their rows
(`building.tables`): within a variant one number is one user, so the two directions together are
resampled by user, not by user and direction. A translation's group is the place of a pair in the
release, the same from either side but counted anew for every two shops: with more than two shops
it is named together with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cse_bench.errors import InputError
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.results.record import Cell
from cse_bench.results.rescore import QueryValues, rescore
from cse_bench.types import Floats, Ints

PAIR_TASKS = frozenset({"translation"})
"""Tasks whose groups are pairs, numbered anew for every two shops."""


@dataclass(frozen=True)
class Difference:
    """How much better one result is than another.

    Attributes
    ----------
    value, low, high : float
        Mean difference over queries, and its 95 % interval from resampling groups and runs.
    p : float or None
        Two-sided p-value of no difference; None where there is only one group.
    n, groups : int
        Number of queries and of groups.
    ours, theirs : float
        The two means.
    wins, ties, losses : int
        Queries on which the one is better than the other, as good, worse.
    """

    value: float
    low: float
    high: float
    p: float | None
    n: int
    groups: int
    ours: float
    theirs: float
    wins: int
    ties: int
    losses: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def paired_difference(
    ours: pa.Table, theirs: pa.Table, tracks: tuple[str, str], task: str, variant: str, metric: str
) -> Difference:
    """The difference of two results on a primary metric, all directions together.

    Parameters
    ----------
    ours, theirs : Arrow table
        Two ``ranks.parquet``.
    tracks : (str, str)
        The track of each.
    task, variant, metric : str
        The metric.

    Raises
    ------
    InputError
        If one lacks it, or the two are not about the same queries.
    """
    found = [
        _cells(table, track, task, variant, metric)
        for table, track in zip((ours, theirs), tracks, strict=True)
    ]
    return difference(*found)


def _cells(
    table: pa.Table, track: str, task: str, variant: str, metric: str
) -> dict[Cell, QueryValues]:
    wanted = {"track": track, "task": task, "variant": variant, "metric": metric}
    for column, value in wanted.items():
        table = table.filter(pc.equal(table[column], value))
    cells = rescore(table)
    if not cells:
        raise InputError(f"the result has no {task}, {variant} {metric}, on the track {track}")
    return cells


def difference(ours: Mapping[Cell, QueryValues], theirs: Mapping[Cell, QueryValues]) -> Difference:
    """The difference of two results over one or more directions of one metric.

    Directions count by their queries. Means and interval are those of the record: groups are
    resampled, and the runs with them (see `harness.scores`); runs of the two that met the same
    draws are resampled together. The p-value is that of `t_test`.

    Parameters
    ----------
    ours, theirs : dict of Cell to QueryValues
        The same directions, each on one track.

    Raises
    ------
    InputError
        If the two are not about the same queries.
    """
    group, (a, b) = side_by_side(ours, theirs)
    counted = ~np.isnan(a).any(axis=1)
    if not np.array_equal(counted, ~np.isnan(b).any(axis=1)):
        raise _other_queries(next(iter(ours)))
    group, a, b = group[counted], a[counted], b[counted]
    draws = [draws_of(cells) for cells in (ours, theirs)]
    parts = [a - b] if same_runs(*draws) else [a, -b]
    each: Floats = np.sum([part.mean(axis=1) for part in parts], axis=0)
    resampler = Resampler.over(group)
    drawn = np.sum([_replicates(resampler, part, i) for i, part in enumerate(parts)], axis=0)
    noise = run_noise([part.mean(axis=0) for part in parts])
    better = np.sign(np.where(np.abs(each) < 1e-12, 0, each))
    low, high = interval(drawn)
    return Difference(
        value=float(each.mean()),
        low=low,
        high=high,
        p=t_test(each, group, noise),
        n=len(each),
        groups=len(np.unique(group)),
        ours=float(a.mean()),
        theirs=float(b.mean()),
        wins=int((better > 0).sum()),
        ties=int((better == 0).sum()),
        losses=int((better < 0).sum()),
    )


def t_test(values: Floats, group: Ints, noise: Sequence[tuple[float, int]] = ()) -> float | None:
    """Two-sided p-value of a mean of zero, for values that come in groups.

    The variance of the mean is that of the groups' summed residuals, ``G / (G - 1) sum_g (sum_i
    (x_gi - mean))^2 / n^2`` (CR1: Cameron & Miller 2015, "A practitioner's guide to cluster-robust
    inference", equation 11, for a mean), on G - 1 degrees of freedom. With one value a group it is
    the one-sample t-test. The variance of the mean over runs is added to it, and the degrees of
    freedom are then Satterthwaite's (1946).

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        A value a query, the mean over runs.
    group : ndarray of shape (n,), int64
        The group of each.
    noise : sequence of (float, int)
        Further independent variances of the mean, with their degrees of freedom.

    Returns
    -------
    float or None
        None with fewer than two groups.
    """
    _, dense = np.unique(group, return_inverse=True)
    mean = float(values.mean())
    residuals: Floats = np.bincount(dense, weights=values - mean).astype(np.float64)
    return p_value(mean, residuals, len(values), noise)


def p_value(
    mean: float, residuals: Floats, n: int, noise: Sequence[tuple[float, int]]
) -> float | None:
    """The p-value of `t_test`, from what each group's values deviate by in all.

    Parameters
    ----------
    mean : float
        Of the values.
    residuals : ndarray of shape (n_groups,), float64
        Summed deviations from the mean, of each group.
    n : int
        Number of values.
    noise : sequence of (float, int)
        As in `t_test`.
    """
    from scipy.special import stdtr

    groups = len(residuals)
    if groups < 2:
        return None
    own = groups / (groups - 1) * float((residuals**2).sum()) / n**2
    variances = np.array([own, *(v for v, _ in noise)])
    freedom = np.array([groups - 1, *(df for _, df in noise)])
    total = variances.sum()
    if total <= 0:
        return 1.0 if mean == 0 else 0.0
    df = total**2 / (variances**2 / freedom).sum()
    return float(2 * stdtr(df, -abs(mean) / np.sqrt(total)))


def run_noise(means: Sequence[Floats]) -> list[tuple[float, int]]:
    """Variance of the mean over runs, with its degrees of freedom, for each that has several.

    Parameters
    ----------
    means : sequence of ndarray of shape (n_runs,), float64
        Of each run.
    """
    return [(float(own.var(ddof=1)) / len(own), len(own) - 1) for own in means if len(own) > 1]


def holm(p: Floats) -> Floats:
    """Holm's adjusted p-values: at 5 %, the chance of any false finding among all is at most 5 %.

    Parameters
    ----------
    p : ndarray of shape (m,), float64
        p-values; NaN for what was not tested, which stays so and is not counted.

    Returns
    -------
    ndarray of shape (m,), float64

    References
    ----------
    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: int((~np.isnan(p)).sum())]  # NaN sorts last
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def side_by_side(
    ours: Mapping[Cell, QueryValues], theirs: Mapping[Cell, QueryValues]
) -> tuple[Ints, tuple[Floats, Floats]]:
    """Groups and values of the queries of all directions, one below the other."""
    known = {question_of(cell): values for cell, values in theirs.items()}
    if {question_of(cell) for cell in ours} != set(known):
        raise _other_queries(next(iter(ours)))
    shops = sorted({tuple(sorted((c.source_shop, c.target_shop))) for c in ours})
    groups, first, second = [], [], []
    for cell, values in ours.items():
        other = known[question_of(cell)]
        same = np.array_equal(values.query, other.query)
        if not same or not np.array_equal(values.group, other.group):
            raise _other_queries(cell)
        place = shops.index(tuple(sorted((cell.source_shop, cell.target_shop))))
        offset = place * (1 << 32) if cell.task in PAIR_TASKS else 0
        groups.append(values.group + offset)
        first.append(values.values)
        second.append(other.values)
    return np.concatenate(groups), (np.concatenate(first), np.concatenate(second))


def question_of(cell: Cell) -> tuple[str, ...]:
    """What was asked, whatever the track."""
    return cell[1:]


def _other_queries(cell: Cell) -> InputError:
    return InputError(
        f"the two results do not hold the same queries of {cell.task}, {cell.variant}",
        "compare results on one release, split and protocol",
    )


def draws_of(cells: Mapping[Cell, QueryValues]) -> tuple[int, ...]:
    """The draw of evidence of each run."""
    return tuple(draw for draw, _ in next(iter(cells.values())).runs)


def same_runs(ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    """Whether runs stand beside each other: the same draws of evidence, or one run a side."""
    return ours == theirs or 1 in (len(ours), len(theirs))


def _replicates(resampler: Resampler, values: Floats, part: int) -> Floats:
    """Means with resampled groups and, where there are several, runs; as `harness.scores`."""
    means = resampler.means(values)
    runs = means.shape[1]
    if runs > 1:
        draws = np.random.default_rng([runs, part]).integers(0, runs, size=means.shape)
        means = np.take_along_axis(means, draws, axis=1)
    drawn: Floats = means.mean(axis=1)
    return drawn
