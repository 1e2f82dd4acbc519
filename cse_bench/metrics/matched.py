"""Matched ranking: a product against its neighbours in popularity.

On a full catalogue, whoever ranks by popularity wins without aligning. Among neighbours of equal
popularity that coordinate tells nothing, and since the neighbours stand symmetrically above and
below, it gains nothing at the head of the list either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.metrics.blocks import BLOCK_BYTES, cut, for_each_block, on_all_cores
from cse_bench.metrics.ranking import count_above, hits_at
from cse_bench.ragged import Ragged
from cse_bench.types import Floats, Ints, Matrix, Vector

WIDTH = 50
"""At most so many neighbours on either side."""

MIN_WIDTH = 5
"""A product with fewer on one side is left out."""

GATHERED = 12
"""Inner products that a block product does in the time of one whose vectors are gathered, at 100
dimensions and 10,000 products: measured by ``benchmarks/evaluate.py``."""


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
    """Products from the most to the least popular; equal ones in the order of their number.

    Parameters
    ----------
    popularity : ndarray of shape (n,), float32

    Returns
    -------
    ndarray of shape (n,), int64
    """
    order: Ints = np.argsort(-popularity, kind="stable").astype(np.int64)
    return order


def find_neighbours(
    popularity: Vector, targets: Ragged, masked: Ragged, widest: int = WIDTH
) -> Neighbours:
    """Find the neighbours of every target of every query.

    Parameters
    ----------
    popularity : ndarray of shape (n,), float32
        Popularity of every candidate.
    targets : Ragged
        Products to be ranked, a row a query. The other targets of a query are no neighbours.
    masked : Ragged
        Further products that are no neighbours, a row a query.
    widest : int
        At most so many neighbours on either side.

    Returns
    -------
    Neighbours
        Of the targets with at least `MIN_WIDTH` neighbours on either side. The number on a side
        is the least of `widest`, the places above and the places below.
    """
    n = len(popularity)
    order = popularity_order(popularity)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)

    # The places left out of each query, sorted, each once: (query, place) as one number.
    taken = np.concatenate([targets.rows, masked.rows]) * n
    taken = np.unique(taken + place[np.concatenate([targets.values, masked.values])])
    of_query = np.searchsorted(taken, np.arange(len(targets) + 1) * n)
    before = np.arange(len(taken)) - of_query[taken // n]  # places left out before this one

    # Close the gaps: a target's place in the list without those left out, and its room there.
    row, item = targets.rows, targets.values
    own = np.searchsorted(taken, row * n + place[item])
    closed = place[item] - before[own]
    room_below = n - np.diff(of_query)[row] - closed
    width = np.minimum(np.minimum(closed, room_below), widest)
    kept = width >= MIN_WIDTH
    row, item, closed, width = row[kept], item[kept], closed[kept], width[kept]

    # Open them again: place p of the closed list is p plus the number of gaps at or before it.
    step = np.arange(widest)
    spots = np.concatenate([closed[:, None] - 1 - step, closed[:, None] + step], axis=1)
    counts = np.concatenate([step, step])[None, :] < width[:, None]
    spots = np.where(counts, spots, 0)
    gaps = np.searchsorted(taken - before, row[:, None] * n + spots, side="right")
    index = order[spots + gaps - of_query[row][:, None]]
    return Neighbours(row, item, np.where(counts, index, item[:, None]).astype(np.int32), width)


def neighbours_in_block(
    scores: Matrix, part: slice, near: Neighbours, first: Ints
) -> tuple[slice, Matrix, Matrix]:
    """Pick what is ranked, and its neighbours, from the scores of some queries.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
        Scores of all candidates, of the queries `part`.
    part : slice
        Which queries.
    near : Neighbours
        What is ranked, ``row`` ascending, and among what.
    first : ndarray of shape (n_queries + 1,), int64
        The first of `near` of each query: ``searchsorted(near.row, arange(n_queries + 1))``.

    Returns
    -------
    rows : slice
        Which of `near` they are.
    own : ndarray of shape (m,), float32
        Score of each product.
    others : ndarray of shape (m, 2 * WIDTH), float32
        Scores of its neighbours.
    """
    rows = slice(int(first[part.start]), int(first[part.stop]))
    row = near.row[rows] - part.start
    others = np.take(scores.ravel(), near.index[rows] + row[:, None] * scores.shape[1])
    return rows, scores[row, near.item[rows]], others


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
        How many neighbours score higher; how many are tied.
    """
    # Padded places hold the product itself: ties that do not count.
    padding = others.shape[1] - 2 * width
    greater, ties = count_above(others, own)
    return greater, ties + 1 - padding  # the product itself is not among its neighbours


def place_among_neighbours(
    queries: Matrix, candidates: Matrix, near: Neighbours
) -> tuple[Ints, Ints]:
    """Place products among their neighbours by cosine, computing little more than is asked.

    Either only the wanted vectors are gathered, so that the time grows with the products to be
    placed and not with the catalogue; or all candidates are scored in blocks, where that is
    cheaper: where the full product has fewer than `GATHERED` times as many inner products.

    Parameters
    ----------
    queries : ndarray of shape (q, k), float32
        Unit vectors, one a query.
    candidates : ndarray of shape (n, k), float32
        Unit vectors, one a product.
    near : Neighbours
        What to place, ``row`` ascending as `find_neighbours` gives it, and among what.

    Returns
    -------
    greater, ties : ndarray of shape (m,), int64
        As `count_neighbours`.
    """
    wanted = near.index.size + len(near.item)
    cheaper_in_blocks = len(queries) * len(candidates) < GATHERED * wanted
    place = _place_in_blocks if cheaper_in_blocks else _place_alone
    return place(queries, candidates, near)


def _place_alone(queries: Matrix, candidates: Matrix, near: Neighbours) -> tuple[Ints, Ints]:
    """Gather each product and its neighbours."""
    index = np.column_stack([near.item.astype(np.int32), near.index])
    greater, ties = np.empty((2, len(near.row)), np.int64)

    def work(part: slice) -> None:
        scores = candidates[index[part]] @ queries[near.row[part], :, None]
        own, others = scores[:, 0, 0], scores[:, 1:, 0]
        greater[part], ties[part] = count_neighbours(own, others, near.width[part])

    size = BLOCK_BYTES // (4 * index.shape[1] * candidates.shape[1])
    on_all_cores(work, cut(len(index), max(1, size)))
    return greater, ties


def _place_in_blocks(queries: Matrix, candidates: Matrix, near: Neighbours) -> tuple[Ints, Ints]:
    """Score all candidates, and pick."""
    first = np.searchsorted(near.row, np.arange(len(queries) + 1))
    greater, ties = np.empty((2, len(near.row)), np.int64)

    def visit(part: slice, scores: Matrix) -> None:
        rows, own, others = neighbours_in_block(scores, part, near, first)
        greater[rows], ties[rows] = count_neighbours(own, others, near.width[rows])

    for_each_block(queries, candidates, visit)
    return greater, ties


def auc(greater: Ints, ties: Ints, width: Ints) -> Floats:
    """Share of the neighbours that a product beats, ties half.

    Parameters
    ----------
    greater, ties, width : ndarray of shape (m,), int64
        From `count_neighbours`, and how many neighbours on each side count.

    Returns
    -------
    ndarray of shape (m,), float64
        ``1 - (greater + ties / 2) / (2 width)``.
    """
    value: Floats = 1.0 - (greater + 0.5 * ties) / (2.0 * width)
    return value


def hits_in_top_tenth(greater: Ints, ties: Ints, width: Ints) -> Floats:
    """Probability of standing in the first tenth (rounded down) of product and neighbours.

    Parameters
    ----------
    greater, ties, width : ndarray of shape (m,), int64
        As in `auc`.

    Returns
    -------
    ndarray of shape (m,), float64
    """
    return hits_at((2 * width + 1) // 10, greater, ties)
