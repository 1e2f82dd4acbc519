"""Two results on the same queries: the difference of a primary metric, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cse_bench.errors import InputError
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.metrics.ranking import mean_by, reciprocal_rank
from cse_bench.types import Floats, Ints


@dataclass(frozen=True)
class Difference:
    """How much better one result is than another.

    Attributes
    ----------
    value, low, high : float
        Mean difference, and its 95 % interval over groups.
    n : int
        Number of queries, both directions together.
    """

    value: float
    low: float
    high: float
    n: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def paired_difference(
    ours: pa.Table, theirs: pa.Table, tracks: tuple[str, str], task: str, variant: str, metric: str
) -> Difference:
    """Mean of the queries' differences, and its interval from resampling groups.

    Each query's value is the mean over its items, and over the draws and seeds of a result. The
    directions count alike by query.

    Parameters
    ----------
    ours, theirs : Arrow table
        Two ``ranks.parquet``.
    tracks : (str, str)
        The track of each.
    task, variant, metric : str
        A primary metric: ``auc`` or ``mrr``.

    Raises
    ------
    InputError
        If the two are not about the same queries.
    """
    (key, group, first), (other, _, second) = (
        _values(table, track, task, variant, metric)
        for table, track in zip((ours, theirs), tracks, strict=True)
    )
    if not np.array_equal(key, other):
        raise InputError(
            f"the two results do not hold the same queries of {task}, {variant}",
            "compare results on one release, split and protocol",
        )
    values = first - second
    drawn = Resampler.over(group).means(values)
    return Difference(float(np.nanmean(values)), *interval(drawn), len(values))


def _values(
    table: pa.Table, track: str, task: str, variant: str, metric: str
) -> tuple[Ints, Ints, Floats]:
    """Key, group and value of every query of a track, sorted by key."""
    wanted = {"track": track, "task": task, "variant": variant, "metric": metric}
    for column, value in wanted.items():
        table = table.filter(pc.equal(table[column], value))
    if not len(table):
        raise InputError(f"the result has no {task}, {variant} {metric}, on the track {track}")
    columns = ("query", "group", "rank", "ties", "n_candidates")
    query, group, rank, ties, n = (table[name].to_numpy() for name in columns)
    shops = pc.binary_join_element_wise(
        table["source_shop"].cast("string"), table["target_shop"].cast("string"), " "
    ).combine_chunks()
    direction = shops.dictionary_encode()
    named = sorted(direction.dictionary.to_pylist())
    place = np.array([named.index(d) for d in direction.dictionary.to_pylist()])
    key = place[direction.indices.to_numpy()] * (1 << 32) + query.astype(np.int64)
    if metric == "mrr":
        greater = np.rint(rank - 1 - ties / 2).astype(np.int64)
        each = reciprocal_rank(greater, ties.astype(np.int64))
    else:
        each = 1 - (rank.astype(np.float64) - 1) / np.maximum(n - 1, 1)
    keys, begin, row = np.unique(key, return_index=True, return_inverse=True)
    return keys, group[begin].astype(np.int64), mean_by(row, each, len(keys))
