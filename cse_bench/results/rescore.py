"""From the places in ``ranks.parquet`` to the value of every query of every primary metric."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from cse_bench.errors import InputError
from cse_bench.metrics.ranking import mean_by, reciprocal_rank
from cse_bench.results.record import Cell
from cse_bench.types import Floats, Ints

PRIMARY = {
    "1.0": (
        ("next_event", "rendered", "auc"),
        ("next_event", "real", "auc"),
        ("type_ahead", "queries", "bits"),
        ("type_ahead", "rendered", "bits"),
        ("translation", "cosine", "mrr"),
        ("retention", "lower", "ratio"),
    )
}
"""Protocol version → the (task, variant, metric) whose places a result must bring, in order.

What a result of a version unknown here brings is checked too, but nothing is asked for."""

FIRST_ALONE = frozenset({("retention", "lower", "ratio")})
"""Primary metrics that a track's first run alone carries."""

NAMES = ("track", "source_shop", "target_shop", "split", "task", "variant", "metric")
NUMBERS = ("draw", "seed", "query", "item", "group", "rank", "ties", "n_candidates", "value")
MAY_BE_NULL = ("item", "rank", "ties", "n_candidates", "value")


@dataclass(frozen=True, eq=False)
class QueryValues:
    """The queries of one cell, sorted by their number, and what each run got for each.

    Attributes
    ----------
    runs : tuple of (int, int)
        Draw and seed of each run.
    query : ndarray of shape (n_queries,), int64
        Number of each query.
    group : ndarray of shape (n_queries,), int64
        What intervals resample.
    values : ndarray of shape (n_queries, n_runs), float64
        Mean over a query's items.
    placed : ndarray of shape (n_rows, 3), int64, or None
        Query, item and number of candidates of each place, sorted: the same in every run. None for
        what is no function of a place.
    """

    runs: tuple[tuple[int, int], ...]
    query: Ints
    group: Ints
    values: Floats
    placed: Ints | None


def rescore(ranks: pa.Table) -> dict[Cell, QueryValues]:
    """The value of every query, cell by cell.

    ``auc`` is ``1 - (rank - 1) / (n_candidates - 1)``, ``mrr`` the mean of 1 / place over the
    orders of tied candidates; what is no function of a place stands in the column ``value``.

    Parameters
    ----------
    ranks : Arrow table
        A ``ranks.parquet``.

    Returns
    -------
    dict of Cell to QueryValues
        Cells of metrics that neither way gives are left out.

    Raises
    ------
    InputError
        If a column is missing or of another type, a place is impossible, or the runs of a cell do
        not hold the same queries and items.
    """
    _check_columns(ranks)
    codes = np.zeros(len(ranks), np.int64)
    named: list[list[str]] = []
    for name in NAMES:
        column = ranks[name].combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        names = column.dictionary.to_pylist()
        codes = codes * len(names) + column.indices.to_numpy()
        named.append(names)
    columns = {name: ranks[name].to_numpy() for name in NUMBERS}
    if (np.diff(codes) < 0).any():  # not as they are written
        order = np.argsort(codes, kind="stable")
        codes, columns = codes[order], {name: column[order] for name, column in columns.items()}
    bounds = [*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), len(codes)]
    found = {}
    for begin, end in pairwise(bounds):
        cell = _decode(int(codes[begin]), named)
        own = {name: column[begin:end].astype(np.float64) for name, column in columns.items()}
        each = _item_values(cell, own)
        if each is not None:
            found[cell] = _by_query(cell, own, each)
    return found


def _check_columns(ranks: pa.Table) -> None:
    for name in (*NAMES, *NUMBERS):
        if name not in ranks.column_names:
            raise InputError(f"the ranks have no column {name!r}")
        if name not in MAY_BE_NULL and ranks[name].null_count:
            raise InputError(f"the column {name!r} of the ranks holds nulls")
        kind = ranks[name].type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if name in NAMES:
            fits = pa.types.is_string(kind)
        else:
            fits = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if not fits:
            wanted = "text" if name in NAMES else "a number"
            raise InputError(f"the column {name!r} of the ranks is {kind}, not {wanted}")


def _decode(code: int, named: list[list[str]]) -> Cell:
    names = []
    for known in reversed(named):
        code, place = divmod(code, len(known))
        names.append(known[place])
    return Cell(*reversed(names))


def _item_values(cell: Cell, own: dict[str, Floats]) -> Floats | None:
    """The value of each row; None for a metric that its rows do not give."""
    if np.isnan(own["rank"]).any() or cell.metric not in ("auc", "mrr"):
        return None if np.isnan(own["value"]).all() else own["value"]
    rank, ties, n = (own[name] for name in ("rank", "ties", "n_candidates"))
    greater = rank - 1 - ties / 2
    possible = (greater >= 0) & (ties >= 0) & (greater + ties + 1 <= n)
    if not possible.all():
        row = int(np.flatnonzero(~possible)[0])
        raise InputError(
            f"the ranks of {cell} hold an impossible place: rank {rank[row]:g} with {ties[row]:g} "
            f"ties among {n[row]:g} candidates"
        )
    if cell.metric == "auc":
        return 1 - (rank - 1) / np.maximum(n - 1, 1)
    return reciprocal_rank(np.rint(greater).astype(np.int64), ties.astype(np.int64))


def _by_query(cell: Cell, own: dict[str, Floats], each: Floats) -> QueryValues:
    width = own["seed"].max(initial=0) + 1
    codes, run = _distinct(own["draw"] * width + own["seed"])
    runs = np.column_stack(np.divmod(codes, int(width)))
    query, row = _distinct(own["query"])
    place = row * len(runs) + run
    counts = np.bincount(place, minlength=len(query) * len(runs)).reshape(len(query), -1)
    if (counts != counts[:, :1]).any():
        raise InputError(f"the runs of {cell} do not hold the same queries")
    group = np.empty(len(query), np.int64)
    group[row] = own["group"].astype(np.int64)
    return QueryValues(
        runs=tuple((int(draw), int(seed)) for draw, seed in runs),
        query=query,
        group=group,
        values=mean_by(place, each, counts.size).reshape(counts.shape),
        placed=_placed(cell, own, run, len(runs)),
    )


def _distinct(values: Floats) -> tuple[Ints, Ints]:
    """The distinct whole numbers among some, sorted, and the place of each in them."""
    whole = values.astype(np.int64)
    low, high = int(whole.min(initial=0)), int(whole.max(initial=0))
    if high - low > 8 * len(whole) + 1000:
        found, inverse = np.unique(whole, return_inverse=True)
        return found, inverse.ravel()
    there = np.zeros(high - low + 1, np.bool_)  # numbers close together need no sorting
    there[whole - low] = True
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[whole - low]


def _in_order(*keys: Floats | Ints) -> bool:
    """Whether rows are sorted by the first key, then by the next, as they are written."""
    below = np.zeros(max(len(keys[0]) - 1, 0), np.bool_)
    for key in reversed(keys):
        step = np.diff(key)
        below = (step > 0) | ((step == 0) & (below | (key is keys[-1])))
    return bool(below.all())


def _placed(cell: Cell, own: dict[str, Floats], run: Ints, n_runs: int) -> Ints | None:
    """What was placed among how many, if every run placed the same."""
    if np.isnan(own["item"]).any() or np.isnan(own["rank"]).any():
        return None
    rows = np.column_stack([own["query"], own["item"], run, own["n_candidates"]]).astype(np.int64)
    if not _in_order(*rows.T[:3]):
        rows = rows[np.lexsort(rows.T[2::-1])]
    by_item = rows.reshape(-1, n_runs, 4)
    same = (by_item[:, :, [0, 1, 3]] == by_item[:, :1, [0, 1, 3]]).all()
    if not (same and (by_item[:, :, 2] == np.arange(n_runs)).all()):
        raise InputError(f"the runs of {cell} do not place the same items")
    return by_item[:, 0, [0, 1, 3]]
