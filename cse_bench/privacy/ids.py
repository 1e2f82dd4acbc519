"""Gates ``ids`` and ``id-order``: product ids mean nothing, and their order tells nothing."""

from __future__ import annotations

import hashlib
import re

import numpy as np

from cse_bench.privacy.base import LOG_AND_KEY, NOTHING, Gate, Reading, Subject, no_order
from cse_bench.release.schema import ALL_SPLITS
from cse_bench.types import Ints

HASHES = ("md5", "sha1", "sha256", "blake2b", "blake2s")
PREFIXES = ("", "product", "product:", "sku", "sku_", "item", "id:", "salt")
"""What a hurried anonymiser puts before an id; the shop's name is tried too."""


def _ids(subject: Subject) -> list[Reading]:
    """From the release alone: the form of ids, none shared, no order across shops."""
    release = subject.release
    readings, seen, shared, odd = [], set[str](), 0, ""
    wrong = 0
    for name, shop in release.shops.items():
        pattern = re.compile(rf"{re.escape(name)}_SKU([1-9][0-9]*)")
        numbers = []
        for product in shop.ids:
            match = pattern.fullmatch(product)
            numbers.append(int(match[1]) if match else -1)
            if match is None:
                wrong, odd = wrong + 1, odd or product
        wrong += int(np.sum(np.array(sorted(numbers)) != np.arange(1, len(numbers) + 1)))
        shared += len(seen.intersection(shop.ids))
        seen.update(shop.ids)
    readings.append(Reading("ids that are not SHOPn_SKU1 … m, dense", wrong, limit=0, example=odd))
    readings.append(Reading("ids shared by two shops", shared, limit=0))
    for source, target in release.directions:
        if source < target:
            parts = [release.pairs(s, source, target) for s in ALL_SPLITS]
            pairs = np.concatenate(parts)
            if len(pairs):
                what = f"order of {source}'s numbers and {target}'s over gold pairs"
                readings.append(no_order(what, pairs[:, 0], pairs[:, 1]))
    return readings


IDS = Gate(
    name="ids",
    about="ids are dense positions, shared by no two shops, unrelated across shops over gold pairs",
    threat="T1, T2",
    threshold="0; |Spearman| < max(.02, 4/√n)",
    needs=NOTHING,
    why="an id that another shop's id or a catalogue's order predicts identifies the product",
    measure=_ids,
)


def _id_order(subject: Subject) -> list[Reading]:
    """Against the raw ids: the key's order, and no order that needs no key."""
    facts = subject.known()
    readings = []
    for name, raw in facts.raw_products.items():
        place = np.arange(len(raw))
        wrong = int(np.sum(facts.keyed_place[name] != place))
        readings.append(Reading(f"{name}: products out of the key's order", wrong, limit=0))
        readings.append(no_order(f"{name}: order of the raw ids", place, raw_order(raw)))
        worst = Reading("", -1.0)
        for algorithm in HASHES:
            for prefix in (*PREFIXES, name):
                what = f"{name}: order of {algorithm}({prefix + ' ‖ ' if prefix else ''}raw id)"
                reading = no_order(what, place, _hash_order(raw, algorithm, prefix))
                # The largest of n tries is held to the limit of one.
                worst = max(worst, reading, key=lambda r: r.value)
        readings.append(worst)
    return readings


def raw_order(raw: list[str]) -> Ints:
    """Rank of each raw id: as numbers where all are, else as texts."""
    numeric = all(r.isascii() and r.isdigit() for r in raw)
    order = sorted(range(len(raw)), key=lambda i: (int(raw[i]) if numeric else 0, raw[i]))
    rank = np.empty(len(raw), np.int64)
    rank[order] = np.arange(len(raw))
    return rank


def _hash_order(raw: list[str], algorithm: str, prefix: str) -> Ints:
    digests = [
        hashlib.new(algorithm, (prefix + r).encode("utf-8", "surrogatepass")).digest() for r in raw
    ]
    rank = np.empty(len(raw), np.int64)
    rank[sorted(range(len(raw)), key=digests.__getitem__)] = np.arange(len(raw))
    return rank


ID_ORDER = Gate(
    name="id-order",
    about="ids stand in the order of a keyed HMAC-SHA256, and in that of no unkeyed hash or raw id",
    threat="T1, T2",
    threshold="0; |Spearman| < max(.02, 4/√n)",
    needs=LOG_AND_KEY,
    why="all ids there can be are hashed in no time: without a key a hash hides nothing",
    measure=_id_order,
)
