"""Counts for the build's report: what was read, what stayed, and what became of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cse_bench.building.catalogue import Catalogue
from cse_bench.building.numbers import Users
from cse_bench.building.report import BuildReport
from cse_bench.building.tables import Tables
from cse_bench.building.visits import MIN_PRODUCTS

if TYPE_CHECKING:
    import ibis.expr.types as ir


def count_log(
    report: BuildReport,
    events: ir.Table,
    offers: ir.Table,
    catalogue: Catalogue,
    visits: ir.Table,
    users: Users,
) -> None:
    """Count what was read and what was left out, shop by shop."""
    sold = events.inner_join(offers.select("offer", "seller"), "offer")
    sessions = sold.group_by("user", "seller", "session").agg(events=sold.count())
    seen = sessions.group_by("seller").agg(
        events=sessions.events.sum(), users=sessions.user.nunique(), sessions=sessions.count()
    )
    names = offers.group_by("seller", "shop").agg(products=offers.count())
    read = {row["shop"]: row for row in names.inner_join(seen, "seller").to_pyarrow().to_pylist()}
    kept = visits.group_by("shop").agg(
        visits=visits.count(), users=visits.user.nunique(), products=visits.n.sum()
    )
    made = {row["shop"]: row for row in kept.to_pyarrow().to_pylist()}
    report.read = {
        "events": sum(row["events"] for row in read.values()),
        "users": len(users.raw),
        "sessions": sum(row["sessions"] for row in read.values()),
        "products": sum(row["products"] for row in read.values()),
    }
    few = report.read["products"] - len(catalogue.ids)
    report.drop("products", "met by fewer train users than --min-users", few)
    total = sum(row["visits"] for row in made.values())
    few = report.read["sessions"] - total
    report.drop("visits", f"fewer than {MIN_PRODUCTS} supported products", few)
    raw_shops = catalogue.raw_shops
    report.drop("shops", "no supported product", len(read) - len(raw_shops))
    for number, (name, raw) in enumerate(zip(catalogue.shops, raw_shops, strict=True)):
        own, row = catalogue.rows(number), made.get(number, {"visits": 0, "users": 0})
        report.shops[name] = {
            "events_read": read[raw]["events"],
            "users_read": read[raw]["users"],
            "sessions_read": read[raw]["sessions"],
            "products_read": read[raw]["products"],
            "users": row["users"],
            "visits": row["visits"],
            "products": own.stop - own.start,
        }


def count_rows(tables: Tables) -> dict[str, dict[str, dict[str, int]]]:
    """Rows of every table and split, by shop or by direction where the table has them."""
    rows: dict[str, dict[str, dict[str, int]]] = {}
    for (config, split), table in tables.items():
        if "shop" in table.column_names:
            names = table["shop"].to_pylist()
        elif "source_shop" in table.column_names:
            shops = (table[c].to_pylist() for c in ("source_shop", "target_shop"))
            names = [f"{a} → {b}" for a, b in zip(*shops, strict=True)]
        elif "left_id" in table.column_names:
            ids = (table[c].to_pylist() for c in ("left_id", "right_id"))
            names = [f"{a.split('_')[0]} – {b.split('_')[0]}" for a, b in zip(*ids, strict=True)]
        else:
            names = ["all"] * table.num_rows
        rows.setdefault(config, {})[split] = dict(sorted(Counter(names).items()))
    return rows
