"""The first half of every build: users, products and visits of a log, in numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cse_bench.building.catalogue import Catalogue, number_products
from cse_bench.building.keys import Key
from cse_bench.building.numbers import Users, by_numbers, number_offers, number_users
from cse_bench.building.report import PRODUCTS, USERS, VISITS
from cse_bench.building.visits import number_visits, session_items, support
from cse_bench.logs.schema import Log
from cse_bench.ragged import Ragged
from cse_bench.trainers.base import Sessions
from cse_bench.types import Ints

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, eq=False)
class NumberedLog:
    """A log by numbers, restricted to supported products.

    Attributes
    ----------
    users : Users
        Its users, split.
    offers : ibis Table
        From `number_offers`.
    events : ibis Table
        From `by_numbers`.
    catalogue : Catalogue
        The supported products.
    products : ibis Table
        The same, on the engine.
    visits, items : ibis Table
        See `visits.Visits`.
    """

    users: Users
    offers: ir.Table
    events: ir.Table
    catalogue: Catalogue
    products: ir.Table
    visits: ir.Table
    items: ir.Table


def number_log(
    log: Log, min_users: int, key: Key, scratch: ExitStack, stage: Callable[[str], None]
) -> NumberedLog:
    """Number users, products and visits.

    Parameters
    ----------
    log : Log
        The log, on its engine.
    min_users : int
        How many train users must have met a product in a shop.
    key : Key
        The source of every random choice.
    scratch : ExitStack
        Tables are kept on the engine until it is closed.
    stage : callable
        Told the name of each stage as it begins.

    Raises
    ------
    InputError
        If the log has fewer than two shops with supported products.
    """
    stage(USERS)
    users = number_users(log.events, key)
    stage(PRODUCTS)
    offers = kept_table(scratch, number_offers(log.events))
    events = kept_table(scratch, by_numbers(log.events, users.table, offers))
    supported = kept_table(scratch, support(events, users.table).inner_join(offers, "offer"))
    catalogue = number_products(log, supported, min_users, key)
    products = catalogue.as_table(key, log.events.get_backend())
    stage(VISITS)
    met = kept_table(scratch, session_items(events, products))
    cut = number_visits(met, users.table)
    visits, items = (kept_table(scratch, table) for table in (cut.visits, cut.items))
    return NumberedLog(users, offers, events, catalogue, products, visits, items)


def kept_table(scratch: ExitStack, table: ir.Table) -> ir.Table:
    """Compute a table once, and keep it while `scratch` is open.

    The types are those of the expression: Spark counts rows in 32 bits where Ibis says 64.
    """
    return scratch.enter_context(table.cache()).cast(table.schema())


def shop_sessions(
    items: ir.Table, catalogue: Catalogue, ordered: bool
) -> list[tuple[Sessions, Ints]]:
    """Every visit of some items, shop by shop.

    Parameters
    ----------
    items : ibis Table
        As `NumberedLog.items`.
    catalogue : Catalogue
        The products.
    ordered : bool
        Whether the log orders a visit's products.

    Returns
    -------
    list of (Sessions, ndarray of int64)
        The visits of each shop, user by user in the order of time; the user of each.
    """
    order = ["user", "visit", *(["timestamp"] if ordered else []), "item"]
    flat = items.order_by(order).select("user", "visit", "item", "shop").to_pyarrow()
    user, visit, item, shop = (flat[c].to_numpy() for c in ("user", "visit", "item", "shop"))
    sessions = []
    for number in range(len(catalogue.shops)):
        mine = shop == number
        keys = np.column_stack([user[mine], visit[mine]])
        starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=-1) != 0, axis=1))
        own = catalogue.rows(number)
        offsets = np.append(starts, int(mine.sum())).astype(np.int64)
        rows = Ragged(item[mine].astype(np.int64) - own.start, offsets)
        sessions.append((Sessions(catalogue.ids[own], rows), user[mine][starts].astype(np.int64)))
    return sessions
