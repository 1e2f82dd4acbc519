"""The pipeline: a log in, the contents of a release out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cse_bench.building.catalogue import Catalogue, number_products
from cse_bench.building.content import content_vectors, given_vectors
from cse_bench.building.keys import Key, split_users
from cse_bench.building.pairs import GoldPairs, split_pairs
from cse_bench.building.rendered import draw_visits, rendered_items
from cse_bench.building.report import STAGES, BuildReport
from cse_bench.building.tables import (
    Tables,
    cross_tables,
    pairs_tables,
    products_tables,
    rendered_tables,
    sessions_tables,
)
from cse_bench.building.visits import (
    MIN_PRODUCTS,
    cross_shop_rows,
    free_visits,
    number_visits,
    session_items,
    support,
)
from cse_bench.errors import InputError
from cse_bench.logs.memory import put
from cse_bench.logs.schema import Log
from cse_bench.ragged import Ragged
from cse_bench.release.schema import CROSS_SESSIONS
from cse_bench.release.write import ReleaseContents
from cse_bench.trainers.base import Embeddings, Sessions, Trainer
from cse_bench.types import Matrix

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

MANTISSA_BITS = 12
"""Embeddings keep this many bits of a 23-bit mantissa (an error of 2⁻¹³), and compress better."""


@dataclass(frozen=True)
class BuildParameters:
    """How to build; all of it but the key goes into the manifest.

    Attributes
    ----------
    name, version : str
        Of the release.
    gap_days : float
        The longest time between the two visits of a cross-shop session.
    min_users : int
        How many train users must have met a product in a shop.
    """

    name: str = "cross-shop-embeddings"
    version: str = "0.9.0"
    gap_days: float = 7.0
    min_users: int = 10


def build_contents(
    log: Log,
    trainer: Trainer,
    parameters: BuildParameters,
    key: Key,
    stage: Callable[[str], None] = lambda name: None,
) -> ReleaseContents:
    """Turn a log into a release's contents.

    Parameters
    ----------
    log : Log
        The log, on its engine.
    trainer : Trainer
        Learns each shop's embeddings.
    parameters : BuildParameters
        How to build.
    key : Key
        The source of every random choice.
    stage : callable
        Told the name of each stage as it begins; see `STAGES`.

    Returns
    -------
    ReleaseContents

    Raises
    ------
    InputError
        If the log has fewer than two shops with supported products.
    """
    stage(STAGES[0])
    engine = log.events.get_backend()
    users = _users_table(log, key)
    stage(STAGES[1])
    report = BuildReport(drops=list(log.drops))
    supported = support(log.events, users)
    catalogue = number_products(log, supported, parameters.min_users, key)
    products = catalogue.as_table(key, engine)
    pairs = _gold_pairs(log, catalogue, products, key)

    with ExitStack() as scratch:
        stage(STAGES[2])
        met = _kept(scratch, session_items(log.events, products))
        cut = number_visits(met, users)
        visits, items = (_kept(scratch, table) for table in (cut.visits, cut.items))
        stage(STAGES[3])
        gap = round(parameters.gap_days * 86400)
        rows = _kept(scratch, cross_shop_rows(visits, gap))
        free = _kept(scratch, draw_visits(free_visits(visits, rows), users))
        kept = _kept_sessions(free, rendering=pairs is not None)
        tables = sessions_tables(items, kept, catalogue, log.ordered, key)
        tables |= cross_tables(items, rows, catalogue, log.ordered, key)
        if pairs is not None:
            stage(STAGES[4])
            bridges = _bridges(pairs, catalogue, engine)
            shown = rendered_items(_to_render(free), items, bridges, len(catalogue.shops))
            tables |= rendered_tables(shown, users, catalogue, key)
            tables |= pairs_tables(pairs, catalogue, key)
        _report_counts(report, log, supported, catalogue, visits)
        stage(STAGES[5])
        sessions = _training_sessions(items, catalogue, log.ordered)

    report.rows = _report_rows(tables)
    if not any(t.num_rows for (config, _), t in tables.items() if config == CROSS_SESSIONS.name):
        raise InputError(
            "no user visits two shops within the gap, so there is no cross-shop session",
            "users must be known by one id in all shops; or widen --gap",
        )
    vectors = [round_mantissa(_fit(trainer, s).vectors, MANTISSA_BITS) for s in sessions]
    stage(STAGES[6])
    if catalogue.content is None:
        content = content_vectors(catalogue.titles, random_state=key.seed("content"))
    else:
        content = given_vectors(catalogue.content)
    return ReleaseContents(
        name=parameters.name,
        version=parameters.version,
        licence=log.licence,
        redistributable=log.redistributable,
        source=log.source,
        citation=log.citation,
        pairs_basis=log.pairs_basis,
        products=products_tables(catalogue, vectors, content),
        tables=tables,
        build=_build_record(log, trainer, parameters),
        report=report.as_dict(),
    )


def _report_counts(
    report: BuildReport,
    log: Log,
    supported: ir.Table,
    catalogue: Catalogue,
    visits: ir.Table,
) -> None:
    """Count what was read and what was left out."""
    events = log.events.aggregate(
        events=log.events.count(),
        users=log.events.user.nunique(),
    ).to_pyarrow()
    report.read = {name: events[name][0].as_py() for name in events.column_names}
    met = supported.aggregate(products=supported.count(), events=supported.n_events.sum())
    found = met.to_pyarrow().to_pylist()[0]
    few = found["products"] - len(catalogue.ids)
    report.drop("products", "met by fewer train users than --min-users", few)
    seen = log.events.select("user", "shop", "session").distinct().count().to_pyarrow().as_py()
    kept = visits.group_by("shop").agg(
        visits=visits.count(), users=visits.user.nunique(), products=visits.n.sum()
    )
    per_shop = {row["shop"]: row for row in kept.to_pyarrow().to_pylist()}
    total = sum(row["visits"] for row in per_shop.values())
    report.drop("visits", f"fewer than {MIN_PRODUCTS} supported products", seen - total)
    raw_shops = list(dict.fromkeys(shop for shop, _ in catalogue.raw))
    for name, raw in zip(catalogue.shops, raw_shops, strict=True):
        own = catalogue.rows(catalogue.shops.index(name))
        row = per_shop.get(raw, {"visits": 0, "users": 0})
        report.shops[name] = {
            "products": own.stop - own.start,
            "visits": row["visits"],
            "users": row["users"],
        }


def _report_rows(tables: Tables) -> dict[str, dict[str, int]]:
    """Rows of every table and split."""
    rows: dict[str, dict[str, int]] = {}
    for (config, split), table in tables.items():
        rows.setdefault(config, {})[split] = table.num_rows
    return rows


def _kept(scratch: ExitStack, table: ir.Table) -> ir.Table:
    """Compute a table once, and keep it while `scratch` is open.

    The types are those of the expression: Spark counts rows in 32 bits where Ibis says 64.
    """
    return scratch.enter_context(table.cache()).cast(table.schema())


def _kept_sessions(free: ir.Table, *, rendering: bool) -> ir.Table:
    """Which free visits are in-shop sessions: train's, and of validation's those not rendered."""
    validation = free.split == "validation"
    if rendering:
        validation = validation & (free.draw % 2 == 1)
    return free.filter((free.split == "train") | validation)


def _to_render(free: ir.Table) -> ir.Table:
    """Which free visits are rendered: half of validation's, all of test's."""
    half = (free.split == "validation") & (free.draw % 2 == 0)
    return free.filter((free.split == "test") | half)


def _build_record(log: Log, trainer: Trainer, parameters: BuildParameters) -> dict[str, Any]:
    """What the manifest says of the build. The trainer's seed follows from the key: left out."""
    settings = {k: v for k, v in trainer.parameters().items() if k != "random_state"}
    return {
        "log": log.name,
        "gap": f"{parameters.gap_days:g}d",
        "min_users": parameters.min_users,
        "trainer": {"name": trainer.name} | settings,
        "mantissa_bits": MANTISSA_BITS,
        "ordered": log.ordered,
    }


def _users_table(log: Log, key: Key) -> ir.Table:
    """``user, split, user_draw`` of every user of the log."""
    users = sorted(log.events.select("user").distinct().to_pyarrow()["user"].to_pylist())
    columns = {
        "user": pa.array(users, pa.string()),
        "split": pa.array(split_users(users, key), pa.string()),
        "user_draw": key.residues("user-draw", [(user,) for user in users]),
    }
    return put(log.events.get_backend(), columns)


def _gold_pairs(log: Log, catalogue: Catalogue, products: ir.Table, key: Key) -> GoldPairs | None:
    """The log's pairs whose products are both in the release; None where there are none."""
    if log.pairs is None:
        return None
    left = products.select(left_shop="shop", left="product", left_item="item")
    right = products.select(right_shop="shop", right="product", right_item="item")
    both = log.pairs.inner_join(left, ["left_shop", "left"]).inner_join(
        right, ["right_shop", "right"]
    )
    found = both.select("left_item", "right_item").distinct().to_pyarrow()
    if not found.num_rows:
        return None
    ours, theirs = (found[c].to_numpy().astype(np.int64) for c in ("left_item", "right_item"))
    return split_pairs(ours, theirs, catalogue.raw, key)


def _bridges(pairs: GoldPairs, catalogue: Catalogue, engine: BaseBackend) -> ir.Table:
    """``item, other_shop, other_item`` of the pairs outside the train split."""
    item, other = pairs.bridges()
    columns = {"item": item, "other_shop": catalogue.shop[other], "other_item": other}
    return put(engine, columns)


def _training_sessions(items: ir.Table, catalogue: Catalogue, ordered: bool) -> list[Sessions]:
    """Every visit of the train users, shop by shop."""
    train = items.filter(items.split == "train")
    order = ["user", "visit", *(["timestamp"] if ordered else []), "item"]
    flat = train.order_by(order).select("user", "visit", "item", "shop_number").to_pyarrow()
    user = flat["user"].combine_chunks().dictionary_encode().indices.to_numpy()
    visit, item, shop = (flat[c].to_numpy() for c in ("visit", "item", "shop_number"))
    sessions = []
    for number in range(len(catalogue.shops)):
        mine = shop == number
        keys = np.column_stack([user[mine], visit[mine]])
        starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=-1) != 0, axis=1))
        own = catalogue.rows(number)
        offsets = np.append(starts, int(mine.sum())).astype(np.int64)
        rows = Ragged(item[mine].astype(np.int64) - own.start, offsets)
        sessions.append(Sessions(catalogue.ids[own], rows))
    return sessions


def _fit(trainer: Trainer, sessions: Sessions) -> Embeddings:
    try:
        return trainer.fit(sessions)
    except InputError as error:
        shop = sessions.ids[0].split("_")[0]
        raise InputError(f"{shop}: {error.what}", error.hint) from None


def round_mantissa(values: Matrix, bits: int) -> Matrix:
    """Round float32 values to `bits` bits of mantissa, halves to even."""
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    drop = np.uint32(23 - bits)
    half = ((raw >> drop) & np.uint32(1)) + np.uint32((1 << (int(drop) - 1)) - 1)
    rounded = ((raw + half) >> drop) << drop
    return rounded.view(np.float32)
