"""What the tables of a release hold, as read-only arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cse_bench.errors import ReleaseError
from cse_bench.ragged import Ragged
from cse_bench.types import Ints, Matrix, Vector


@dataclass(frozen=True, eq=False)
class ShopTable:
    """The products of one shop.

    Attributes
    ----------
    name : str
        Name of the shop.
    id_array : Arrow array of string
        Product ids, row by row; `ids` has them as a tuple.
    vectors : ndarray of shape (n, d), float32, read-only
        Embeddings.
    content : ndarray of shape (n, c), float32, read-only, or None
        Content vectors; a row of zeros where a product has no text.
    popularity : ndarray of shape (n,), float32, read-only
        log2 of the number of train events, rounded to 0.25.
    categories : tuple of (str or None)
        Category of each product.
    """

    name: str
    id_array: pa.Array
    vectors: Matrix
    content: Matrix | None
    popularity: Vector
    categories: tuple[str | None, ...]

    def __repr__(self) -> str:
        n, d = self.vectors.shape
        return f"<{self.name}: {n:,} products, {d} dimensions>"

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Product ids, row by row."""
        return tuple(self.id_array.to_pylist())

    def __len__(self) -> int:
        return len(self.id_array)

    def rows_of(self, ids: pa.Array) -> Ints:
        """Row number of each id.

        Raises
        ------
        ReleaseError
            If the shop has no such product.
        """
        found = pc.index_in(ids, value_set=self.id_array)
        if found.null_count:
            unknown = ids.filter(pc.is_null(found))[0].as_py()
            raise ReleaseError(
                f"{unknown!r} stands in a table, but {self.name} has no such product"
            )
        rows: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
        return rows


@dataclass(frozen=True, eq=False)
class CrossRows:
    """Rows of one direction: cross-shop sessions, real or rendered.

    Attributes
    ----------
    source, target : Ragged
        Products of each row, as rows of the source and of the target shop.
    group : ndarray of shape (n_rows,), int64
        Rows of one user share a number; -1 in train.
    """

    source: Ragged
    target: Ragged
    group: Ints


@dataclass(frozen=True, eq=False)
class QueryRows:
    """Queries of one direction; in train, of one shop.

    Attributes
    ----------
    source : Ragged
        Products of each row, as rows of the source shop.
    query : tuple of str
        What was typed in the target shop.
    group : ndarray of shape (n_rows,), int64
        Rows of one user share a number; -1 in train.
    """

    source: Ragged
    query: tuple[str, ...]
    group: Ints
