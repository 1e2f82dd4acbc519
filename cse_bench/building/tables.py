"""The release's Arrow tables, with pseudonyms, in an order that tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cse_bench.building.catalogue import Catalogue
from cse_bench.building.keys import Key
from cse_bench.building.numbers import Users
from cse_bench.building.pairs import GoldPairs
from cse_bench.ragged import Ragged
from cse_bench.release.schema import (
    ALL_SPLITS,
    CROSS_SESSIONS,
    PAIRS,
    QUERIES,
    RENDERED,
    SESSIONS,
    STRINGS,
    TableSchema,
    products_schema,
    schema_of,
)
from cse_bench.types import Ints, Matrix

if TYPE_CHECKING:
    import ibis.expr.types as ir

Tables = dict[tuple[str, str], pa.Table]
"""Arrow tables by config and split."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A table made of visits, and whose they are.

    Attributes
    ----------
    table : Arrow table
        The table.
    user : ndarray of shape (n,), int64
        Number of each row's user.
    visits : ndarray of shape (n, 2), int64
        Numbers of its visits among the user's; -1 where there is no second one.
    """

    table: pa.Table
    user: Ints
    visits: Ints

    def take(self, index: Ints) -> Rows:
        """The rows at `index`, in that order."""
        return Rows(self.table.take(pa.array(index)), self.user[index], self.visits[index])


Made = dict[tuple[str, str], Rows]
"""Tables made of visits, by config and split."""


def products_tables(
    catalogue: Catalogue, vectors: list[Matrix], content: Matrix | None
) -> dict[str, pa.Table]:
    """``products``, one table a shop, rows in the order of their numbers."""
    dimensions = vectors[0].shape[1]
    schema = products_schema(dimensions, None if content is None else content.shape[1])
    tables = {}
    for number, name in enumerate(catalogue.shops):
        own = catalogue.rows(number)
        n = own.stop - own.start
        columns = [
            pa.array(catalogue.ids[own], pa.string()),
            fixed_lists(vectors[number]),
            pa.nulls(n) if content is None else fixed_lists(content[own]),
            pa.array(catalogue.popularity[own], pa.float32()),
            pa.array(catalogue.categories[own], pa.string()),
        ]
        tables[name] = pa.Table.from_arrays(columns, schema=schema)
    return tables


def sessions_tables(
    items: ir.Table, visits: ir.Table, users: Users, catalogue: Catalogue, ordered: bool, key: Key
) -> Made:
    """``sessions``: the in-shop visits that no other row uses."""
    kept = items.semi_join(visits, ["user", "visit"])
    flat = kept.order_by(_order(["user", "visit"], ordered)).select(
        "user", "split", "visit", "item"
    )
    rows = _Rows(flat.to_pyarrow(), users)
    shop = catalogue.shop[rows.lists.values[rows.lists.offsets[:-1]]]
    group = rows.groups(key, SESSIONS.name)
    made: Made = {}
    for split in SESSIONS.splits:
        index = rows.shuffled(split, key, SESSIONS.name)
        columns = [
            _shop_names(catalogue, shop[index]),
            _id_lists(rows.lists.take(index), catalogue),
            _group_column(group[index], split),
        ]
        table = pa.Table.from_arrays(columns, schema=schema_of(SESSIONS))
        made[SESSIONS.name, split] = rows.made(table, index)
    return made


def cross_tables(
    items: ir.Table, rows: ir.Table, users: Users, catalogue: Catalogue, ordered: bool, key: Key
) -> Made:
    """``cross_sessions``: real crossings."""
    import ibis

    columns = ("user", "split", "visit", "is_target", "item", "timestamp")
    source = items.semi_join(rows, ["user", "visit"])
    source = source.mutate(is_target=ibis.literal(False)).select(*columns)
    target = items.mutate(visit=items.visit - 1).semi_join(rows, ["user", "visit"])
    target = target.mutate(is_target=ibis.literal(True)).select(*columns)
    flat = source.union(target).order_by(_order(["user", "visit", "is_target"], ordered))
    return _two_part_tables(CROSS_SESSIONS, flat, users, catalogue, key)


def rendered_tables(shown: ir.Table, users: Users, catalogue: Catalogue, key: Key) -> Made:
    """``rendered``: simulated crossings, from `rendered_items`. Parts are sorted by id."""
    flat = shown.inner_join(users.table.select("user", "split"), "user")
    flat = flat.mutate(is_target=~flat.shown).order_by("user", "visit", "is_target", "item")
    return _two_part_tables(RENDERED, flat, users, catalogue, key)


def queries_tables(
    items: ir.Table,
    rows: ir.Table,
    texts: list[str],
    users: Users,
    catalogue: Catalogue,
    ordered: bool,
    key: Key,
) -> Made:
    """``queries``: what was typed, and the visit before it (in train: the visit itself).

    Parameters
    ----------
    items : ibis Table
        ``user, split, visit, item, timestamp``.
    rows : ibis Table
        ``user, visit, target_shop, query``: a row each; ``visit`` is the source part's.
    texts : list of str
        The queries.
    """
    kept = items.semi_join(rows, ["user", "visit"])
    flat = kept.order_by(_order(["user", "visit"], ordered)).select(
        "user", "split", "visit", "item"
    )
    cut = _Rows(flat.to_pyarrow(), users)
    said = rows.order_by("user", "visit").to_pyarrow()  # the same rows in the same order
    target, query = (said[c].to_numpy().astype(np.int64) for c in ("target_shop", "query"))
    source = catalogue.shop[cut.lists.values[cut.lists.offsets[:-1]]]
    group = cut.groups(key, QUERIES.name)
    words = pa.array(texts, pa.string())
    made: Made = {}
    for split in QUERIES.splits:
        index = cut.shuffled(split, key, QUERIES.name)
        columns = [
            _shop_names(catalogue, source[index]),
            _shop_names(catalogue, target[index]),
            _id_lists(cut.lists.take(index), catalogue),
            words.take(pa.array(query[index])),
            _group_column(group[index], split),
        ]
        table = pa.Table.from_arrays(columns, schema=schema_of(QUERIES))
        made[QUERIES.name, split] = cut.made(table, index, both=split != "train")
    return made


def pairs_tables(pairs: GoldPairs, catalogue: Catalogue, key: Key) -> Tables:
    """``pairs``, each split in a random order."""
    ids = np.array(catalogue.ids, dtype=object)
    tables: Tables = {}
    for number, split in enumerate(ALL_SPLITS):
        index = np.flatnonzero(pairs.split == number)
        index = index[key.order(f"row-order-{PAIRS.name}-{split}", _numbers(len(index)))]
        columns = [pa.array(ids[side[index]], pa.string()) for side in (pairs.left, pairs.right)]
        tables[PAIRS.name, split] = pa.Table.from_arrays(columns, schema=schema_of(PAIRS))
    return tables


def _two_part_tables(
    table: TableSchema, flat: ir.Table, users: Users, catalogue: Catalogue, key: Key
) -> Made:
    """A table of rows with a source and a target part, from their flat items in order."""
    data = flat.select("user", "split", "visit", "is_target", "item").to_pyarrow()
    rows = _Rows(data, users)
    is_target = data["is_target"].to_numpy()
    source, target = (rows.lists.where(is_target == side) for side in (False, True))
    shops = [catalogue.shop[part.values[part.offsets[:-1]]] for part in (source, target)]
    group = rows.groups(key, table.name)
    made: Made = {}
    for split in table.splits:
        index = rows.shuffled(split, key, table.name)
        columns = [
            _shop_names(catalogue, shops[0][index]),
            _shop_names(catalogue, shops[1][index]),
            _id_lists(source.take(index), catalogue),
            _id_lists(target.take(index), catalogue),
            _group_column(group[index], split),
        ]
        arrow = pa.Table.from_arrays(columns, schema=schema_of(table))
        made[table.name, split] = rows.made(arrow, index, both=table is CROSS_SESSIONS)
    return made


class _Rows:
    """Flat items, in the order of (user, visit), cut into rows.

    Parameters
    ----------
    data : Arrow table
        ``user, split, visit, item``.
    users : Users
        The log's users.
    """

    def __init__(self, data: pa.Table, users: Users) -> None:
        user, visit = data["user"].to_numpy(), data["visit"].to_numpy()
        begins = (np.diff(user, prepend=-1) != 0) | (np.diff(visit, prepend=-1) != 0)
        starts = np.flatnonzero(begins)
        items = data["item"].to_numpy().astype(np.int64)
        self.lists = Ragged(items, np.append(starts, len(items)).astype(np.int64))
        self._user, self._visit = user[starts].astype(np.int64), visit[starts].astype(np.int64)
        self._names = users.raw
        self._split = data["split"].to_numpy(zero_copy_only=False)[starts]

    def made(self, table: pa.Table, index: Ints, *, both: bool = False) -> Rows:
        """A table of the rows at `index`; `both` if the next visit is a part of them too."""
        visit = self._visit[index]
        after = visit + 1 if both else np.full(len(visit), -1)
        return Rows(table, self._user[index], np.column_stack([visit, after]))

    def groups(self, key: Key, table: str) -> Ints:
        """A number for each row's user, in a keyed order of the table's held-out users."""
        held_out = np.unique(self._user[self._split != "train"])
        number = np.full(len(self._names), -1, np.int64)
        number[held_out] = key.order(f"group-{table}", [(self._names[u],) for u in held_out])
        return number[self._user]

    def shuffled(self, split: str, key: Key, table: str) -> Ints:
        """The rows of a split, in a keyed random order."""
        rows = np.flatnonzero(self._split == split)
        return rows[key.order(f"row-order-{table}-{split}", _numbers(len(rows)))]


def _numbers(n: int) -> Iterator[tuple[str]]:
    """Messages for a keyed order of n rows. A generator's seed would be too short a secret: who
    guessed it would have every row's place in time.
    """
    return ((str(i),) for i in range(n))


def _order(keys: list[str], ordered: bool) -> list[str]:
    """Items of a row stand in order of time where the log has one, else in order of id."""
    return [*keys, *(["timestamp"] if ordered else []), "item"]


def fixed_lists(matrix: Matrix) -> pa.Array:
    """The rows of a matrix as an Arrow array of lists of one length."""
    flat = pa.array(np.ascontiguousarray(matrix, np.float32).ravel(), pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])


def _id_lists(lists: Ragged, catalogue: Catalogue) -> pa.Array:
    ids = pa.array(catalogue.ids, pa.string()).take(pa.array(lists.values))
    return pa.ListArray.from_arrays(pa.array(lists.offsets, pa.int32()), ids).cast(STRINGS)


def _shop_names(catalogue: Catalogue, shop: Ints) -> pa.Array:
    return pa.array(catalogue.shops, pa.string()).take(pa.array(shop))


def _group_column(group: Ints, split: str) -> pa.Array:
    if split == "train":
        return pa.nulls(len(group), pa.int32())
    return pa.array(group, pa.int32())
