"""Gates ``row-order`` and ``shuffled``: the places of rows tell no ids, no time, no users."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from cse_bench.privacy.base import LOG_AND_KEY, Gate, Reading, Subject, no_order
from cse_bench.privacy.ids import raw_order
from cse_bench.release.schema import ALL_SPLITS


def _row_order(subject: Subject) -> list[Reading]:
    """Products and pairs against the order of their raw ids."""
    release, facts = subject.release, subject.known()
    readings = []
    rank: dict[str, int] = {}
    for name, shop in release.shops.items():
        order = raw_order(facts.raw_products[name])
        readings.append(no_order(f"products/{name}", np.arange(len(order)), order))
        rank |= dict(zip(shop.ids, order.tolist(), strict=True))
    for split in ALL_SPLITS:
        if release.has("pairs", split):
            for side in ("left_id", "right_id"):
                ids = release.table("pairs", split)[side].to_pylist()
                places = np.array([rank[product] for product in ids], dtype=np.int64)
                readings.append(no_order(f"pairs/{split}, {side}", np.arange(len(ids)), places))
    return readings


ROW_ORDER = Gate(
    name="row-order",
    about="rows of products and pairs stand in no order of the raw ids",
    threat="T1, T2",
    threshold="|Spearman| < max(.02, 4/√n)",
    needs=LOG_AND_KEY,
    why="a table left in the log's order is a key to it",
    measure=_row_order,
)


def _shuffled(subject: Subject) -> list[Reading]:
    """Rows made of visits against time and user, and neighbours in one table."""
    release, facts = subject.release, subject.known()
    readings = []
    for kind, rows in facts.rows.items():
        name = "/".join(kind)
        place = np.arange(len(rows.user))
        readings.append(no_order(f"{name} and time", place, rows.time))
        readings.append(no_order(f"{name} and user", place, rows.user))
        if len(rows.user) > 2:
            by_chance = float(((np.bincount(rows.user) / len(rows.user)) ** 2).sum())
            together = float(np.mean(rows.user[1:] == rows.user[:-1]))
            limit = by_chance + 4 * np.sqrt(by_chance / len(rows.user)) + 4 / len(rows.user)
            what = f"{name}: neighbouring rows of one user"
            readings.append(Reading(what, together, limit=float(limit), n=len(rows.user)))
        if release.has(*kind) and "group" in release.table(*kind).column_names:
            group = release.table(*kind)["group"]
            if pc.count(group).as_py():
                numbers = group.to_numpy().astype(np.int64)
                first = np.unique(rows.user, return_index=True)[1]
                what = f"{name}: group numbers and users"
                readings.append(no_order(what, numbers[first], rows.user[first]))
    return readings


SHUFFLED = Gate(
    name="shuffled",
    about="rows made of visits stand in no order of time or user, and groups in none of users",
    threat="T4",
    threshold="|Spearman| < max(.02, 4/√n); neighbours of one user as by chance",
    needs=LOG_AND_KEY,
    why="who knows when, or beside whom, a row was made needs to know few of its products",
    measure=_shuffled,
)
