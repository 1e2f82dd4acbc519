"""Which products meet in one session, how often: counted in blocks, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cse_bench.ragged import Ragged
from cse_bench.types import Floats, Ints

BYTES_A_PAIR = 48
"""What a counted pair takes while it is worked on, at most."""


@dataclass(frozen=True, eq=False)
class Met:
    """Pairs of products that met, both ways round.

    Attributes
    ----------
    row, column : ndarray of shape (m,), int
        The two products, never the same one.
    weight : ndarray of shape (m,), float
        Sum of the weights of the sessions that hold both.
    sessions : ndarray of shape (m,), float
        How many sessions hold both.
    """

    row: Ints
    column: Ints
    weight: Floats
    sessions: Floats

    def where(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Met:
        """Those where `mask`, of shape (m,), holds."""
        return Met(self.row[mask], self.column[mask], self.weight[mask], self.sessions[mask])


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """How often products meet, in blocks.

    Attributes
    ----------
    total : ndarray of shape (n,), float64
        Sum of the weights of each product's meetings.
    blocks : iterator of Met
        All pairs that met in at least as many sessions as was asked for, each in one block.
    """

    total: Floats
    blocks: Iterator[Met]


def session_weights(lengths: Ints, length_weight: float) -> Floats:
    """Weight of a session of n products: ``(n - 1) ** -length_weight``."""
    weights: Floats = np.maximum(lengths - 1, 1).astype(np.float64) ** -length_weight
    return weights


def count_pairs(
    rows: Ragged, n: int, *, length_weight: float, fewest: int, megabytes: int
) -> Cooccurrence:
    """Count the pairs of products of every session.

    One sparse product counts twice at once: its complex entries hold the sum of the weights and,
    in the imaginary part, the number of sessions.

    Parameters
    ----------
    rows : Ragged
        The sessions; a product that stands in one several times counts once.
    n : int
        Number of products.
    length_weight : float
        See `session_weights`.
    fewest : int
        Pairs met in fewer sessions are left out.
    megabytes : int
        What the counts of one block may take.
    """
    from scipy.sparse import csr_array

    rows = distinct(rows)
    lengths = rows.lengths
    weight = session_weights(lengths, length_weight)
    repeated = np.repeat(weight, lengths)
    others = np.repeat(lengths - 1, lengths)
    total = np.bincount(rows.values, weights=repeated * others, minlength=n)
    index = rows.values.astype(np.int32)
    offsets = rows.offsets.astype(np.int64 if len(index) > np.iinfo(np.int32).max else np.int32)
    shape = (len(rows), n)
    by_product = csr_array(((repeated + 1j).astype(np.complex64), index, offsets), shape=shape)
    by_product = by_product.T.tocsr()
    by_session = csr_array((np.ones(len(index), np.complex64), index, offsets), shape=shape)

    def blocks() -> Iterator[Met]:
        most = np.minimum(np.bincount(rows.values, weights=others, minlength=n), n - 1) + 1
        for part in _slices(most, megabytes * 2**20 // BYTES_A_PAIR):
            met = by_product[part] @ by_session
            kept = met.data.imag >= fewest
            row = np.repeat(np.arange(part.start, part.stop), np.diff(met.indptr))[kept]
            column, data = met.indices[kept], met.data[kept]
            apart = row != column
            row, column, data = row[apart], column[apart], data[apart]
            yield Met(row, column, data.real.astype(np.float64), data.imag.astype(np.float64))

    return Cooccurrence(np.asarray(total, np.float64), blocks())


def _slices(most: Floats, room: int) -> Iterator[slice]:
    """Runs of products of which at most `room` pairs can have met (or one product alone)."""
    begin, held = 0, 0.0
    for product, pairs in enumerate(most):
        if held + pairs > room and product > begin:
            yield slice(begin, product)
            begin, held = product, 0.0
        held += pairs
    if begin < len(most):
        yield slice(begin, len(most))


def distinct(rows: Ragged) -> Ragged:
    """The same rows, each value once."""
    if not len(rows.values):
        return rows
    width = int(rows.values.max()) + 1
    key = rows.rows * width + rows.values
    if not np.all(np.diff(key) > 0):
        key = np.unique(key)
    row, value = key // width, key % width
    return Ragged(value, np.searchsorted(row, np.arange(len(rows) + 1)).astype(np.int64))
