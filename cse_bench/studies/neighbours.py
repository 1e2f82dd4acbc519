"""Nearest products in both shops, before and after alignment: what the numbers look like."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from cse_bench.aligners.contract import Aligned
from cse_bench.errors import InputError
from cse_bench.metrics.cosine import unit
from cse_bench.release.read import Release
from cse_bench.release.tables import ShopTable
from cse_bench.types import Floats, Ints


@dataclass(frozen=True)
class Neighbour:
    """A product near another.

    Attributes
    ----------
    product : str
        Its id.
    category : str or None
        Its category.
    popularity : float
        log2 of its train events.
    cosine : float
        How near.
    """

    product: str
    category: str | None
    popularity: float
    cosine: float


@dataclass(frozen=True)
class Nearest:
    """What lies near a product.

    Attributes
    ----------
    product : Neighbour
        The product itself, with cosine 1.
    places : dict of str to list of Neighbour
        ``in <source>``, ``in <target>, before alignment`` and ``in <target>, after <aligner>`` →
        the nearest, best first.
    """

    product: Neighbour
    places: dict[str, list[Neighbour]]


def find_products(release: Release, shop: str, text: str, most: int) -> Ints:
    """Rows of a shop that a text means: a product id, else the most popular of a category.

    Parameters
    ----------
    release : Release
        The release.
    shop : str
        The shop.
    text : str
        An id; or a category, whole or in part, in any case.
    most : int
        How many products at most.

    Raises
    ------
    InputError
        If it means none.
    """
    table = release.shops[shop]
    if text in table.ids:
        return np.array([table.ids.index(text)])
    categories = [c.casefold() if c else "" for c in table.categories]
    wanted = text.casefold().strip()
    known = sorted({c for c in categories if c})
    chosen = [c for c in known if c == wanted] or [c for c in known if wanted and wanted in c]
    if not chosen:
        hint = f"give an id, such as {table.ids[0]}"
        if known:
            near = get_close_matches(wanted, known, n=1)
            popular = dict.fromkeys(categories[i] for i in np.argsort(-table.popularity))
            some = [repr(c) for c in popular if c][:3]
            hint = f"did you mean {near[0]!r}?" if near else f"categories are {', '.join(some)} …"
        raise InputError(f"{shop} has no product or category {text!r}", hint)
    rows = np.flatnonzero(np.isin(categories, chosen))
    order: Ints = np.argsort(-table.popularity[rows], kind="stable")
    found: Ints = rows[order[:most]]
    return found


def nearest(
    release: Release,
    source: str,
    target: str,
    rows: Ints,
    aligned: Aligned,
    aligner: str,
    *,
    k: int = 5,
) -> list[Nearest]:
    """The nearest products of each, within the shop and across.

    Parameters
    ----------
    release : Release
        The release.
    source, target : str
        Its shops.
    rows : ndarray of shape (m,), int64
        Products of the source shop.
    aligned : Aligned
        Both shops in one space.
    aligner : str
        What aligned them.
    k : int
        How many neighbours.
    """
    ours, theirs = release.shops[source], release.shops[target]
    spaces = {f"in {source}": (ours, unit(ours.vectors), unit(ours.vectors))}
    if ours.vectors.shape[1] == theirs.vectors.shape[1]:
        before = (theirs, unit(ours.vectors), unit(theirs.vectors))
        spaces[f"in {target}, before alignment"] = before
    after = (theirs, unit(aligned.source), unit(aligned.target))
    spaces[f"in {target}, after {aligner}"] = after
    found = []
    for row in rows:
        places = {}
        for place, (shop, queries, candidates) in spaces.items():
            scores = (candidates @ queries[row]).astype(np.float64)
            if shop is ours:
                scores[row] = -np.inf
            places[place] = _best(shop, scores, k)
        found.append(Nearest(_neighbour(ours, int(row), 1.0), places))
    return found


def _best(shop: ShopTable, scores: Floats, k: int) -> list[Neighbour]:
    order = np.argsort(-scores, kind="stable")[: min(k, len(scores))]
    return [_neighbour(shop, int(i), float(scores[i])) for i in order if np.isfinite(scores[i])]


def _neighbour(shop: ShopTable, row: int, cosine: float) -> Neighbour:
    return Neighbour(shop.ids[row], shop.categories[row], float(shop.popularity[row]), cosine)
