"""Visits, and the one row of the release that each may be in: Ibis expressions only.

Throughout, a user is a number (`numbers.Users`), and a visit is known by its user and its number
among that user's visits in order of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

MIN_PRODUCTS = 2
"""A visit of fewer supported products says nothing that alignment could use, and is dropped."""


@dataclass(frozen=True)
class Visits:
    """The visits of a log, restricted to supported products.

    Attributes
    ----------
    visits : ibis Table
        ``user, split, visit, shop, session, timestamp, n``: a row a visit; ``shop`` is a number.
    items : ibis Table
        ``user, split, visit, item, shop, timestamp``: a row a product of a visit.
    """

    visits: ir.Table
    items: ir.Table


def support(events: ir.Table, users: ir.Table) -> ir.Table:
    """How many train users met each product, and how often.

    Parameters
    ----------
    events : ibis Table
        From `numbers.by_numbers`.
    users : ibis Table
        ``user, split``.

    Returns
    -------
    ibis Table
        ``offer, n_users, n_events``.
    """
    train = events.semi_join(users.filter(users.split == "train"), "user")
    each = train.group_by("offer", "user").agg(n=train.count())
    return each.group_by("offer").agg(n_users=each.count(), n_events=each.n.sum())


def session_items(events: ir.Table, products: ir.Table) -> ir.Table:
    """The supported products of each session, each once.

    Parameters
    ----------
    events : ibis Table
        From `numbers.by_numbers`.
    products : ibis Table
        The supported products, from `Catalogue.as_table`.

    Returns
    -------
    ibis Table
        ``user, shop, session, item, timestamp``; ``shop`` is a number.
    """
    known = events.inner_join(products.select("offer", "item", shop=products.shop_number), "offer")
    return known.group_by("user", "shop", "session", "item").agg(timestamp=known.timestamp.min())


def number_visits(items: ir.Table, users: ir.Table) -> Visits:
    """Number each user's visits in time.

    Parameters
    ----------
    items : ibis Table
        From `session_items`; best computed beforehand, since it is used twice.
    users : ibis Table
        ``user, split``.

    Returns
    -------
    Visits
        Visits in the order of (timestamp, session, shop), so that ties break alike everywhere.
    """
    visits = items.group_by("user", "shop", "session").agg(
        timestamp=items.timestamp.min(), n=items.count()
    )
    visits = visits.filter(visits.n >= MIN_PRODUCTS).inner_join(
        users.select("user", "split"), "user"
    )
    in_time = ibis.window(group_by="user", order_by=["timestamp", "session", "shop"])
    visits = visits.mutate(visit=ibis.row_number().over(in_time))
    numbers = visits.select("user", "shop", "session", "split", "visit")
    items = items.inner_join(numbers, ["user", "shop", "session"])
    return Visits(visits, items.drop("session"))


def cross_shop_rows(visits: ir.Table, gap_seconds: int) -> ir.Table:
    """Choose the cross-shop sessions: a visit and the same user's next one, in another shop.

    Candidates may chain (A → B → A); of every unbroken chain the first, third, fifth … are taken,
    which is the largest choice that puts each visit in at most one row.

    Parameters
    ----------
    visits : ibis Table
        `Visits.visits`.
    gap_seconds : int
        The longest time between the two visits.

    Returns
    -------
    ibis Table
        ``user, split, visit, source_shop, target_shop``; the target is visit number ``visit + 1``.
    """
    turn = ibis.window(group_by="user", order_by="visit")
    seen = visits.mutate(
        target_shop=visits.shop.lead().over(turn),
        gap=visits.timestamp.lead().over(turn).epoch_seconds() - visits.timestamp.epoch_seconds(),
    )
    crossing = seen.filter((seen.target_shop != seen.shop) & (seen.gap <= gap_seconds))
    crossing = crossing.mutate(place=ibis.row_number().over(turn))
    crossing = crossing.mutate(chain=crossing.visit - crossing.place)
    chain = ibis.window(group_by=["user", "chain"], order_by="visit")
    crossing = crossing.mutate(link=ibis.row_number().over(chain))
    taken = crossing.filter(crossing.link % 2 == 0)
    return taken.select("user", "split", "visit", "target_shop", source_shop=taken.shop)


def free_visits(visits: ir.Table, rows: ir.Table) -> ir.Table:
    """The visits that no cross-shop session uses."""
    used = rows.select("user", "visit").union(rows.select("user", visit=rows.visit + 1))
    return visits.anti_join(used, ["user", "visit"])
