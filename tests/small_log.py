"""Small logs for the builder: invented visits, as lists of plain tuples."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa

from cse_bench.logs.memory import put
from cse_bench.logs.schema import Log

START = datetime(2020, 1, 1)

Event = tuple[str, str, str, str, datetime]
"""shop, user, session, product, timestamp."""


def make_log(events: list[Event], *, pairs: bool = True, ordered: bool = False) -> Log:
    """A log in memory; with `pairs`, products of one raw name are one product."""
    names = ("shop", "user", "session", "product", "timestamp")
    columns = {n: [e[i] for e in events] for i, n in enumerate(names)}
    products = sorted({(e[0], e[3]) for e in events})
    catalogue = {
        "shop": [s for s, _ in products],
        "product": [p for _, p in products],
        "title": [f"kind {p[-1]} thing of shape {p[-2:]}" for _, p in products],
        "category": [f"kind {p[-1]}" for _, p in products],
    }
    shared = [(a, p, b, q) for a, p in products for b, q in products if a < b and p == q]
    gold = {
        name: [row[i] for row in shared]
        for i, name in enumerate(("left_shop", "left", "right_shop", "right"))
    }
    engine = ibis.duckdb.connect()
    texts = {c: pa.array(v, pa.string()) for c, v in columns.items() if c != "timestamp"}
    times = {"timestamp": pa.array(columns["timestamp"], pa.timestamp("us"))}
    same = {c: pa.array(v, pa.string()) for c, v in gold.items()}
    return Log(
        name="small",
        events=put(engine, texts | times),
        catalogue=put(engine, {c: pa.array(v, pa.string()) for c, v in catalogue.items()}),
        ordered=ordered,
        pairs=put(engine, same) if pairs else None,
        pairs_basis="consent" if pairs else None,
        licence="other",
        redistributable=False,
        source="an invented log",
        citation="none",
        waivers=dict.fromkeys(("length", "rows-per-user"), "an invented log"),
    )


def random_events(
    *, users: int = 60, products: int = 40, visits: int = 12, shops: int = 2, seed: int = 0
) -> list[Event]:
    """Users who like some products, and visit the shops in turn at random."""
    rng = np.random.default_rng(seed)
    events: list[Event] = []
    for user in range(users):
        liked = rng.permutation(products)[: products // 2]
        time = START
        for visit in range(visits):
            time += timedelta(hours=float(rng.exponential(60)))
            shop = f"shop {rng.integers(shops)}"
            for product in rng.choice(liked, rng.integers(1, 7), replace=False):
                events.append((shop, f"user {user}", f"s{user}-{visit}", f"p{product:02d}", time))
    return events
