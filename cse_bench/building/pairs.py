"""Gold pairs of the release: filtered, split by a key, never leaking through a third shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cse_bench.building.catalogue import Catalogue
from cse_bench.building.keys import Key
from cse_bench.building.report import BuildReport
from cse_bench.errors import InputError
from cse_bench.logs.memory import put
from cse_bench.logs.schema import Log
from cse_bench.types import Ints

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

SHARES = (1 / 3, 1 / 3 + 1 / 6)
"""Where train ends and where validation ends: 1/3, 1/6, 1/2."""


@dataclass(frozen=True)
class GoldPairs:
    """The same product in two shops, as release rows.

    Attributes
    ----------
    left, right : ndarray of shape (m,), int64
        Release row of the product in the first and in the second shop.
    split : ndarray of shape (m,), int64
        Index into `release.schema.ALL_SPLITS`.
    """

    left: Ints
    right: Ints
    split: Ints

    def bridges(self) -> tuple[Ints, Ints]:
        """Both directions of the pairs outside the train split: from, to."""
        out = self.split > 0
        return (
            np.concatenate([self.left[out], self.right[out]]),
            np.concatenate([self.right[out], self.left[out]]),
        )

    def bridges_table(self, catalogue: Catalogue, engine: BaseBackend) -> ir.Table:
        """``item, other_shop, other_item`` of `bridges`, on an engine."""
        item, other = self.bridges()
        columns = {"item": item, "other_shop": catalogue.shop[other], "other_item": other}
        return put(engine, columns)


def find_pairs(
    log: Log, catalogue: Catalogue, products: ir.Table, key: Key, report: BuildReport
) -> GoldPairs | None:
    """The log's pairs whose products are both in the release; None where there are none."""
    if log.pairs is None:
        return None
    left = products.select(left_shop="shop", left="product", left_item="item")
    right = products.select(right_shop="shop", right="product", right_item="item")
    both = log.pairs.inner_join(left, ["left_shop", "left"]).inner_join(
        right, ["right_shop", "right"]
    )
    found = both.select("left_item", "right_item").distinct().to_pyarrow()
    given = int(log.pairs.distinct().count().to_pyarrow().as_py())
    if given and not found.num_rows:
        raise InputError(
            f"of the {given:,} gold pairs, none joins two products of the release",
            "a pair names raw shops and products, as the events do",
        )
    report.drop("pairs", "of a product that is not in the release", given - found.num_rows)
    if not found.num_rows:
        return None
    ours, theirs = (found[c].to_numpy().astype(np.int64) for c in ("left_item", "right_item"))
    return split_pairs(ours, theirs, catalogue.raw, key)


def split_pairs(left: Ints, right: Ints, names: list[tuple[str, str]], key: Key) -> GoldPairs:
    """Split pairs 1/3, 1/6, 1/2 in the keyed order of the product they are about.

    Pairs that hang together (A–B, B–C, A–C) are one product and share a split, so that a held-out
    pair never follows from two train pairs.

    Parameters
    ----------
    left, right : ndarray of shape (m,), int64
        Release rows.
    names : list of (str, str)
        Raw (shop, product) of every release row.
    key : Key
        The release's key.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(names)
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    ours, of_pair = np.unique(component[left], return_inverse=True)
    members: dict[int, tuple[str, str]] = {}
    for row in np.concatenate([left, right]).tolist():
        group = int(component[row])
        members[group] = min(members.get(group, names[row]), names[row])
    position = key.order("pair-split", [members[int(group)] for group in ours])
    share = (position + 0.5) / max(len(ours), 1)
    split = np.searchsorted(SHARES, share, side="right")[of_pair]
    order = np.lexsort((right, left))
    return GoldPairs(left[order], right[order], split[order].astype(np.int64))
