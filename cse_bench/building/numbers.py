"""A log by numbers: users and products as small integers, so that no later step compares texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from cse_bench.building.keys import Key, split_users
from cse_bench.logs.memory import put

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, eq=False)
class Users:
    """The users of a log, numbered in the order of their raw ids, and split.

    Attributes
    ----------
    raw : list of str
        Raw ids; user ``i`` is ``raw[i]``. They never leave the build.
    table : ibis Table
        ``raw, user, split, user_draw``, on the log's engine.
    """

    raw: list[str]
    table: ir.Table


def number_users(events: ir.Table, key: Key) -> Users:
    """Number and split the users of a log's events.

    Parameters
    ----------
    events : ibis Table
        A log's events.
    key : Key
        The release's key.
    """
    raw = sorted(events.select("user").distinct().to_pyarrow()["user"].to_pylist())
    columns = {
        "raw": pa.array(raw, pa.string()),
        "user": pa.array(range(len(raw)), pa.int32()),
        "split": pa.array(split_users(raw, key), pa.string()),
        "user_draw": key.residues("user-draw", ((user,) for user in raw)),
    }
    return Users(raw, put(events.get_backend(), columns))


def number_offers(events: ir.Table) -> ir.Table:
    """Number what each shop sells.

    Parameters
    ----------
    events : ibis Table
        A log's events.

    Returns
    -------
    ibis Table
        ``shop, product`` (raw), ``offer``: the product's number, in the order of both; ``seller``:
        the shop's.
    """
    sold = events.select("shop", "product").distinct()
    whole = ibis.window(order_by=["shop", "product"])
    return sold.mutate(
        offer=ibis.row_number().over(whole).cast("int32"),
        seller=ibis.dense_rank().over(ibis.window(order_by="shop")).cast("int32"),
    )


def by_numbers(events: ir.Table, users: ir.Table, offers: ir.Table) -> ir.Table:
    """A log's events, users and products in numbers.

    Parameters
    ----------
    events : ibis Table
        A log's events.
    users : ibis Table
        `Users.table`.
    offers : ibis Table
        From `number_offers`; best computed beforehand.

    Returns
    -------
    ibis Table
        ``user, offer, session, timestamp``.
    """
    numbered = (
        events.select("shop", "product", "session", "timestamp", raw=events.user)
        .inner_join(users.select("raw", "user"), "raw")
        .inner_join(offers.select("shop", "product", "offer"), ["shop", "product"])
    )
    return numbered.select("user", "offer", "session", "timestamp")
