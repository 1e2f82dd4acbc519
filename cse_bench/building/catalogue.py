"""The release's products: supported, numbered, described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cse_bench.building.keys import Key
from cse_bench.errors import InputError
from cse_bench.logs.memory import put
from cse_bench.logs.schema import Log
from cse_bench.privacy.queries import words
from cse_bench.types import Ints, Vector

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The release's products, all shops in one numbering.

    Attributes
    ----------
    shops : tuple of str
        Release names of the shops, in the order of their raw names.
    shop : ndarray of shape (n,), int64
        Index of each product's shop.
    raw : list of (str, str)
        Raw (shop, product) of each; never leaves the build.
    offer : ndarray of shape (n,), int32
        Number of each in the log, from `numbers.number_offers`.
    ids : tuple of str
        Release ids, ``SHOPn_SKUm``.
    popularity : ndarray of shape (n,), float32
        log2 of train events, rounded to 0.25.
    n_users, n_events : ndarray of shape (n,), int64
        Distinct train users of each, and their events.
    titles, categories : list of (str or None)
        From the log's catalogue.
    content : list of (list of float or None), or None
        Content vectors of the log's own, where it has them.
    """

    shops: tuple[str, ...]
    shop: Ints
    raw: list[tuple[str, str]]
    offer: np.ndarray[tuple[int], np.dtype[np.int32]]
    ids: tuple[str, ...]
    popularity: Vector
    n_users: Ints
    n_events: Ints
    titles: list[str | None]
    categories: list[str | None]
    content: list[list[float] | None] | None

    @property
    def vocabulary(self) -> frozenset[str]:
        """Words of the titles and categories, case folded."""
        texts = {t for t in (*self.titles, *self.categories) if t is not None}
        return frozenset(word for text in texts for word in words(text))

    @property
    def raw_shops(self) -> list[str]:
        """Raw names of the shops, in the order of `shops`; they never leave the build."""
        return list(dict.fromkeys(shop for shop, _ in self.raw))

    def rows(self, shop: int) -> slice:
        """Where a shop's products stand in the numbering."""
        start, stop = np.searchsorted(self.shop, [shop, shop + 1])
        return slice(int(start), int(stop))

    def as_table(self, key: Key, engine: BaseBackend) -> ir.Table:
        """``shop, product`` (raw), ``offer, item, shop_number, item_draw``, for joins."""
        return put(
            engine,
            {
                "shop": [shop for shop, _ in self.raw],
                "product": [product for _, product in self.raw],
                "offer": self.offer,
                "item": np.arange(len(self.raw)),
                "shop_number": self.shop,
                "item_draw": key.residues("item-draw", self.raw),
            },
        )


def keyed_places(raw: list[tuple[str, str]], key: Key) -> Ints:
    """Place of each product within its shop: the order of its HMAC under the shop's own subkey.

    Parameters
    ----------
    raw : list of (str, str)
        Raw (shop, product), distinct.
    key : Key
        The release's key.

    Returns
    -------
    ndarray of shape (n,), int64
        From 0 in every shop.
    """
    place = np.empty(len(raw), np.int64)
    shops = np.array([shop for shop, _ in raw], dtype=object)
    for shop in dict.fromkeys(shops.tolist()):
        own = np.flatnonzero(shops == shop)
        place[own] = key.order(f"products of {shop}", ((raw[i][1],) for i in own))
    return place


def number_products(log: Log, supported: ir.Table, min_users: int, key: Key) -> Catalogue:
    """Number the supported products: by shop, then by the keyed order of their raw ids.

    Parameters
    ----------
    log : Log
        The log.
    supported : ibis Table
        ``shop, product, offer, n_users, n_events``: `visits.support` with the raw names.
    min_users : int
        How many train users must have met a product.
    key : Key
        The release's key.

    Raises
    ------
    InputError
        If fewer than two shops have a supported product, or the catalogue names one twice.
    """
    kept = supported.filter(supported.n_users >= min_users)
    wanted = ["shop", "product", "offer", "n_users", "n_events", "title", "category"]
    wanted += [c for c in ("content",) if c in log.catalogue.columns]
    described = kept.left_join(log.catalogue, ["shop", "product"]).select(*wanted)
    rows = described.to_pyarrow().to_pylist()
    shops = sorted({row["shop"] for row in rows})
    if len(shops) < 2:
        there = supported.shop.nunique().to_pyarrow().as_py()
        if there == 1:
            raise InputError(
                f"the log {log.name!r} is of one shop; a release needs two",
                "bring the other's too; --events SHOP=FILE names the shop of a file",
            )
        raise InputError(
            f"the log {log.name!r} has {len(shops)} shop(s) with a product that at least "
            f"{min_users} train users met; a release needs two",
            "lower --min-users, or bring a larger log",
        )
    raw = [(row["shop"], row["product"]) for row in rows]
    if len(set(raw)) != len(raw):
        twice = next(name for name in raw if raw.count(name) > 1)
        raise InputError(
            f"the log's catalogue describes product {twice[1]!r} of {twice[0]!r} twice"
        )
    place = keyed_places(raw, key)
    order = sorted(range(len(rows)), key=lambda i: (raw[i][0], place[i]))
    rows = [rows[i] for i in order]
    shop = np.array([shops.index(row["shop"]) for row in rows], dtype=np.int64)
    within = np.arange(len(rows)) - np.searchsorted(shop, shop)
    n_users, n_events = (
        np.array([row[c] for row in rows], dtype=np.int64) for c in ("n_users", "n_events")
    )
    return Catalogue(
        shops=tuple(f"SHOP{i + 1}" for i in range(len(shops))),
        shop=shop,
        raw=[raw[i] for i in order],
        offer=np.array([row["offer"] for row in rows], dtype=np.int32),
        ids=tuple(f"SHOP{s + 1}_SKU{m + 1}" for s, m in zip(shop, within, strict=True)),
        popularity=(np.round(np.log2(n_events) * 4) / 4).astype(np.float32),
        n_users=n_users,
        n_events=n_events,
        titles=[row["title"] for row in rows],
        categories=[row["category"] for row in rows],
        content=[row["content"] for row in rows] if "content" in wanted else None,
    )
