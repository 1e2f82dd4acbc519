"""Rows of differing length as two flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cse_bench.types import Ints


@dataclass(frozen=True, eq=False)
class Ragged:
    """A list of integer lists, stored flat.

    Attributes
    ----------
    values : ndarray of shape (total,), int64
        All rows, one behind the other.
    offsets : ndarray of shape (n_rows + 1,), int64
        Row ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: Ints
    offsets: Ints

    @classmethod
    def from_lists(cls, rows: Iterable[Sequence[int] | Ints]) -> Ragged:
        """Pack lists of integers.

        Parameters
        ----------
        rows : iterable of sequence of int
            One a row; a row may be empty.
        """
        arrays = [np.asarray(row, dtype=np.int64) for row in rows]
        lengths = np.array([len(a) for a in arrays], dtype=np.int64)
        values = np.concatenate(arrays) if arrays else np.empty(0, np.int64)
        return cls(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Ints:
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        row %= len(self)
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[Ints]:
        return (self[i] for i in range(len(self)))

    @property
    def lengths(self) -> Ints:
        """Length of each row, shape (n_rows,), int64."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> Ints:
        """The row that each value stands in, shape (total,), int64."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, index: Ints) -> Ragged:
        """The rows at `index`, in that order.

        Parameters
        ----------
        index : ndarray of shape (m,), int64, or of shape (n_rows,), bool
            Which rows.
        """
        index = np.arange(len(self))[index]
        starts, lengths = self.offsets[:-1][index], self.lengths[index]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        return Ragged(self.values[np.repeat(starts, lengths) + within], offsets)

    def where(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ragged:
        """The same rows with only some of their values.

        Parameters
        ----------
        mask : ndarray of shape (total,), bool
            Which values.
        """
        kept = np.concatenate([[0], np.cumsum(mask)]).astype(np.int64)
        return Ragged(self.values[mask], kept[self.offsets])

    def map(self, table: Ints) -> Ragged:
        """The same rows with every value ``v`` replaced by ``table[v]``.

        Parameters
        ----------
        table : ndarray, int64
            Longer than the largest value.
        """
        return Ragged(table[self.values], self.offsets)

    def __add__(self, other: Ragged) -> Ragged:
        offsets = np.concatenate([self.offsets, other.offsets[1:] + self.offsets[-1]])
        return Ragged(np.concatenate([self.values, other.values]), offsets)
