"""Matched ranking: a product against its neighbours in popularity.

On a full catalogue, whoever ranks by popularity wins without aligning. Among neighbours of equal
popularity that coordinate tells nothing, and since the neighbours stand symmetrically above and
below, it gains nothing at the head of the list either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.metrics.ranking import hits_at
from cse_bench.ragged import Ragged
from cse_bench.types import Floats, Ints, Matrix, Vector

WIDTH = 50
"""At most so many neighbours on either side."""

MIN_WIDTH = 5
"""A product with fewer on one side is left out."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The popularity neighbours of every product that is to be ranked.

    Attributes
    ----------
    row : ndarray of shape (m,), int64
        Query of each product.
    item : ndarray of shape (m,), int64
        The product.
    index : ndarray of shape (m, 2 * WIDTH), int32
        Its neighbours: `WIDTH` places above, then `WIDTH` below; beyond ``width`` on either side
        they hold the product itself and do not count.
    width : ndarray of shape (m,), int64
        How many neighbours on each side count.
    """

    row: Ints
    item: Ints
    index: np.ndarray[tuple[int, int], np.dtype[np.int32]]
    width: Ints


def popularity_order(popularity: Vector) -> Ints:
    """Products from the most to the least popular; equal ones in the order of their number."""
    order: Ints = np.argsort(-popularity, kind="stable").astype(np.int64)
    return order


def find_neighbours(popularity: Vector, targets: Ragged, masked: Ragged) -> Neighbours:
    """Find the neighbours of every target of every query.

    Parameters
    ----------
    popularity : ndarray of shape (n,), float32
        Popularity of every candidate.
    targets : Ragged
        Products to be ranked, a row a query. The other targets of a query are no neighbours.
    masked : Ragged
        Further products that are no neighbours, a row a query.

    Returns
    -------
    Neighbours
        Of the targets with at least `MIN_WIDTH` neighbours on either side. The number on a side
        is the least of `WIDTH`, the places above and the places below.
    """
    n = len(popularity)
    order = popularity_order(popularity)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    rows, items, index, widths = [], [], [], []
    for query in range(len(targets)):
        own = targets[query]
        left_out = np.unique(np.concatenate([place[own], place[masked[query]]]))
        for item in own:
            above, below = _sides(place[item], left_out, n)
            width = min(WIDTH, len(above), len(below))
            if width < MIN_WIDTH:
                continue
            line = np.full(2 * WIDTH, item, np.int32)
            line[:width], line[WIDTH : WIDTH + width] = order[above[:width]], order[below[:width]]
            rows.append(query)
            items.append(item)
            index.append(line)
            widths.append(width)
    return Neighbours(
        np.array(rows, np.int64),
        np.array(items, np.int64),
        np.array(index, np.int32).reshape(-1, 2 * WIDTH),
        np.array(widths, np.int64),
    )


def _sides(place: int, left_out: Ints, n: int) -> tuple[Ints, Ints]:
    """Places above and below, nearest first, without those left out; up to `WIDTH` each."""
    reach = WIDTH + len(left_out)
    above = np.arange(place - 1, max(place - 1 - reach, -1), -1)
    below = np.arange(place + 1, min(place + 1 + reach, n))
    return (
        above[~np.isin(above, left_out)][:WIDTH],
        below[~np.isin(below, left_out)][:WIDTH],
    )


def count_neighbours(own: Matrix, others: Matrix, width: Ints) -> tuple[Ints, Ints]:
    """Place each product among its neighbours.

    Parameters
    ----------
    own : ndarray of shape (m,), float32
        Score of each product.
    others : ndarray of shape (m, 2 * WIDTH), float32
        Scores of its neighbours, as in `Neighbours.index`.
    width : ndarray of shape (m,), int64
        How many on each side count.

    Returns
    -------
    greater, ties : ndarray of shape (m,), int64
        How many neighbours score strictly higher; how many score the same.
    """
    padding = 2 * (WIDTH - width)  # padded places hold the product itself: ties that do not count
    greater = np.count_nonzero(others > own[:, None], axis=1)
    ties = np.count_nonzero(others == own[:, None], axis=1) - padding
    return greater.astype(np.int64), ties.astype(np.int64)


def auc(greater: Ints, ties: Ints, width: Ints) -> Floats:
    """Share of the neighbours that a product beats, ties half."""
    value: Floats = 1.0 - (greater + 0.5 * ties) / (2.0 * width)
    return value


def hits_in_top_tenth(greater: Ints, ties: Ints, width: Ints) -> Floats:
    """Probability of standing in the first tenth (rounded down) of product and neighbours."""
    return hits_at((2 * width + 1) // 10, greater, ties)
