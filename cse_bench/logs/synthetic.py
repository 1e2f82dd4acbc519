"""A log with a known truth, of any size: for scale tests and controls. Never real data.

Products belong to categories and are drawn by popularity (Zipf) within them; shoppers like a few
categories, visit the shops in turn, and fill baskets from what the shop stocks. Some products are
sold by all shops under unrelated ids, which are the gold pairs; the others by one shop only.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cse_bench.errors import InputError
from cse_bench.logs.schema import CATALOGUE, Log
from cse_bench.types import Ints

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

START = 1_577_836_800
"""2020-01-01, seconds."""

WAIVED = ("support", "query-support", "unicity", "length", "rows-per-user", "membership")

CHUNK_EVENTS = 2_000_000
"""Events in memory at once."""


@dataclass(frozen=True)
class SyntheticOptions:
    """The size and the truth of the log.

    Attributes
    ----------
    size : int
        How many events, about.
    shops : int
        How many shops.
    products : int
        How many products there are in the world.
    categories : int
        How many kinds of product.
    shared : float
        Share of the products that every shop sells.
    tastes : int
        How many categories a shopper likes.
    noise : float
        Share of events that follow no taste.
    loyalty : float
        Probability that the next visit is to the same shop.
    visits : int
        Visits of each shopper.
    basket : float
        Mean number of products of a visit.
    asking : float
        Share of visits that begin with a query: the name of the first product's category.
    seed : int
        Seed.
    """

    size: int = 400_000
    shops: int = 2
    products: int = 2_000
    categories: int = 40
    shared: float = 0.7
    tastes: int = 4
    noise: float = 0.1
    loyalty: float = 0.5
    visits: int = 30
    basket: float = 8.0
    asking: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        shares = (self.shared, self.noise, self.loyalty, self.asking)
        if not all(0 <= share <= 1 for share in shares):
            raise InputError(
                "shared, noise, loyalty and asking of a synthetic log are shares",
                "each is from 0 to 1",
            )
        if self.basket < 1 or self.visits < 1 or self.tastes < 1:
            raise InputError("a synthetic log needs a visit, a taste, and a product a visit")
        if self.shops < 2 or self.size < 1 or self.products < 2 * self.categories:
            raise InputError(
                "a synthetic log needs two shops, an event, and two products a category",
                f"given: shops {self.shops}, events {self.size}, products {self.products}, "
                f"categories {self.categories}",
            )


def read(engine: BaseBackend, options: SyntheticOptions) -> Log:
    """Write a synthetic log into a temporary directory, and read it.

    The directory goes when the log's events are no longer used.
    """
    place = tempfile.mkdtemp(prefix="cse-bench-synthetic-")
    try:
        write_log(Path(place), options)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    tables = {
        n: engine.read_parquet(f"{place}/{n}/*.parquet")
        for n in ("events", "catalogue", "pairs", "queries")
        if any(Path(place, n).iterdir())
    }
    weakref.finalize(tables["events"], shutil.rmtree, place, ignore_errors=True)
    return Log(
        name="synthetic",
        events=tables["events"],
        catalogue=tables["catalogue"],
        ordered=True,
        pairs=tables["pairs"],
        pairs_basis="public",
        queries=tables.get("queries"),
        waivers=dict.fromkeys(WAIVED, "the log is invented: there is no shopper in it"),
        licence="cc0-1.0",
        redistributable=True,
        source="a synthetic log, invented by cse-bench: not real shopping",
        citation="cse-bench, synthetic log",
    )


def write_log(directory: Path, options: SyntheticOptions) -> None:
    """Write ``events/``, ``catalogue/``, ``pairs/`` and ``queries/`` as Parquet, in chunks.

    Parameters
    ----------
    directory : Path
        An existing directory.
    options : SyntheticOptions
        The log.
    """
    rng = np.random.default_rng(options.seed)
    category = np.sort(rng.integers(options.categories, size=options.products))
    category[: options.categories] = np.arange(options.categories)
    category.sort()
    owner = np.where(
        rng.random(options.products) < options.shared,
        -1,
        rng.integers(options.shops, size=options.products),
    )
    names = [rng.permutation(options.products) for _ in range(options.shops)]
    for table in ("events", "catalogue", "pairs", "queries"):
        (directory / table).mkdir()
    _write_truth(directory, category, owner, names)
    asking = np.random.default_rng([options.seed, 1])
    with ExitStack() as files:
        out: dict[str, pq.ParquetWriter] = {}
        for events in _event_chunks(options, category, owner, names, rng):
            chunks = {"events": events.drop_columns(["kind"])}
            if options.asking > 0:
                chunks["queries"] = _queries(events, options.asking, asking)
            for table, chunk in chunks.items():
                if table not in out:
                    path = directory / table / "part.parquet"
                    writer = pq.ParquetWriter(path, chunk.schema, compression="zstd")
                    out[table] = files.enter_context(writer)
                out[table].write_table(chunk)


def _write_truth(directory: Path, category: Ints, owner: Ints, names: list[Ints]) -> None:
    """The catalogue of each shop, and the pairs of what several sell."""
    rows, pairs = [], []
    for shop, name in enumerate(names):
        for product in np.flatnonzero((owner < 0) | (owner == shop)):
            kind = f"kind {category[product]}"
            rows.append((_shop(shop), f"{shop}-{name[product]}", f"{kind} type{product % 7}", kind))
        for other in range(shop + 1, len(names)):
            pairs += [
                (_shop(shop), f"{shop}-{name[p]}", _shop(other), f"{other}-{names[other][p]}")
                for p in np.flatnonzero(owner < 0)
            ]
    for table, columns, data in (
        ("catalogue", CATALOGUE, rows),
        ("pairs", ("left_shop", "left", "right_shop", "right"), pairs),
    ):
        written = pa.table(
            {c: pa.array([r[i] for r in data], pa.string()) for i, c in enumerate(columns)}
        )
        pq.write_table(written, directory / table / "part.parquet")


def _shop(number: int) -> str:
    return f"shop {number}"


def _event_chunks(
    options: SyntheticOptions,
    category: Ints,
    owner: Ints,
    names: list[Ints],
    rng: np.random.Generator,
) -> Iterator[pa.Table]:
    """Events of some users at a time."""
    per_user = options.visits * options.basket
    users = max(1, round(options.size / per_user))
    step = max(1, round(CHUNK_EVENTS / per_user))
    stock = _stock(options, category, owner)
    id_arrays = [pa.array([f"{s}-{i}" for i in name]) for s, name in enumerate(names)]
    for first in range(0, users, step):
        n = min(step, users - first)
        visits = n * options.visits
        visitor = np.repeat(np.arange(n), options.visits)
        # Which shop: stay with probability `loyalty`, else go on to another one.
        moves = rng.random((n, options.visits)) >= options.loyalty
        hops = np.where(moves, rng.integers(1, options.shops, size=moves.shape), 0)
        shop = (
            (rng.integers(options.shops, size=(n, 1)) + hops.cumsum(axis=1)) % options.shops
        ).ravel()
        hours = rng.exponential(72, size=(n, options.visits)).cumsum(axis=1).ravel()
        size = 1 + rng.poisson(options.basket - 1, size=visits)
        visit = np.repeat(np.arange(visits), size)
        likes = rng.integers(options.categories, size=(n, options.tastes))
        wanted = likes[visitor[visit], rng.integers(options.tastes, size=len(visit))]
        stray = rng.random(len(visit)) < options.noise
        wanted = np.where(stray, rng.integers(options.categories, size=len(visit)), wanted)
        product = stock.draw(shop[visit], wanted, rng)
        second = np.arange(len(visit)) - np.repeat(np.cumsum(size) - size, size)
        seconds = START + (hours[visit] * 3600).astype(np.int64) + 20 * second
        chunk = _chunk(first, visitor[visit], visit, shop[visit], product, seconds, id_arrays)
        yield chunk.append_column("kind", pa.array(category[product]))


def _queries(events: pa.Table, share: float, rng: np.random.Generator) -> pa.Table:
    """A query at the beginning of some visits."""
    begins = np.flatnonzero(np.asarray(pc.not_equal(events["session"][1:], events["session"][:-1])))
    firsts = np.append(0, begins + 1)
    rows = events.take(pa.array(firsts[rng.random(len(firsts)) < share]))
    text = pc.binary_join_element_wise("Kind ", rows["kind"].cast(pa.string()), " ")
    asked = pc.subtract(rows["timestamp"], pa.scalar(timedelta(seconds=5)))
    columns = {c: rows[c] for c in ("shop", "user", "session")}
    return pa.table(columns | {"timestamp": asked, "text": text})


def _chunk(
    first: int,
    user: Ints,
    visit: Ints,
    shop: Ints,
    product: Ints,
    seconds: Ints,
    ids: list[pa.Array],
) -> pa.Table:
    """One chunk as an Arrow table; ids through dictionaries, so that each text is made once."""

    def named(codes: Ints, prefix: str) -> pa.Array:
        distinct, inverse = np.unique(codes, return_inverse=True)
        words = pa.array([f"{prefix}{c}" for c in distinct])
        return words.take(pa.array(inverse))

    offsets = np.cumsum([0] + [len(i) for i in ids[:-1]])
    return pa.table(
        {
            "shop": named(shop, "shop "),
            "user": named(user + first, "u"),
            "session": named(visit, f"v{first}-"),
            "product": pa.concat_arrays(ids).take(pa.array(product + offsets[shop])),
            "timestamp": pa.array(seconds * 1_000_000).cast(pa.timestamp("us")),
        }
    )


@dataclass(frozen=True, eq=False)
class _Stock:
    """What each shop has of each category, most popular first.

    Attributes
    ----------
    products : ndarray of shape (total,), int64
        Products, grouped by shop and category.
    begin, count : ndarray of shape (shops, categories), int64
        Where each group begins, and its size.
    """

    products: Ints
    begin: Ints
    count: Ints

    def draw(self, shop: Ints, category: Ints, rng: np.random.Generator) -> Ints:
        """A product of each category that the shop has; low ranks are drawn most (Zipf)."""
        count = self.count[shop, category]
        rank = np.floor((count + 1.0) ** rng.random(len(shop))).astype(np.int64) - 1
        return self.products[self.begin[shop, category] + np.minimum(rank, count - 1)]


def _stock(options: SyntheticOptions, category: Ints, owner: Ints) -> _Stock:
    groups, begin, total = [], np.zeros((options.shops, options.categories), np.int64), 0
    count = np.zeros_like(begin)
    for shop in range(options.shops):
        for kind in range(options.categories):
            has = np.flatnonzero((category == kind) & ((owner < 0) | (owner == shop)))
            if not len(has):  # a shop that lacks a kind altogether sells the world's first of it
                has = np.flatnonzero(category == kind)[:1]
            groups.append(has)
            begin[shop, kind], count[shop, kind] = total, len(has)
            total += len(has)
    return _Stock(np.concatenate(groups), begin, count)
