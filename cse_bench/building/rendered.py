"""Rendered crossings: half of a held-out basket shown as another shop's products.

Ibis expressions only. Random choices come from keyed residues (`Key.residues`) of users and
products, joined beforehand: multiplied modulo a prime they give each visit, and each product of a
visit, a number that every engine computes alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from cse_bench.building.keys import MERSENNE_31

if TYPE_CHECKING:
    import ibis.expr.types as ir

MIN_SHOWN = 2
"""A rendered row shows at least two products."""


def draw_visits(visits: ir.Table, users: ir.Table) -> ir.Table:
    """Give each visit its keyed number, in the column ``draw``.

    Parameters
    ----------
    visits : ibis Table
        Visits with ``user`` and ``visit``.
    users : ibis Table
        ``user, user_draw``: keyed residues.
    """
    drawn = visits.inner_join(users.select("user", "user_draw"), "user")
    draw = (drawn.user_draw * (drawn.visit + 1)) % MERSENNE_31
    return drawn.mutate(draw=draw).drop("user_draw")


def rendered_items(
    visits: ir.Table, items: ir.Table, products: ir.Table, bridges: ir.Table, shops: int
) -> ir.Table:
    """Split each basket into a shown and a hidden half, and cross the shown one.

    A random half of the basket's products (rounded down) is to be shown, the rest to be predicted.
    Of the half to be shown, those products remain that have a pair outside the train split in the
    source shop; a basket with fewer than `MIN_SHOWN` of them makes no row.

    Parameters
    ----------
    visits : ibis Table
        ``user, visit, shop, n, draw``: the held-out visits to render.
    items : ibis Table
        ``user, visit, item``: their products, as release rows.
    products : ibis Table
        ``item, item_draw``: keyed residues.
    bridges : ibis Table
        ``item, other_shop, other_item``: pairs outside the train split, both ways round.
    shops : int
        How many shops there are; the source shop is drawn among the others.

    Returns
    -------
    ibis Table
        ``user, visit, source_shop, target_shop`` (shop numbers), ``shown`` (boolean) and ``item``.
    """
    offset = 1 + (visits.draw // 2) % max(shops - 1, 1)
    chosen = visits.select(
        "user",
        "visit",
        "n",
        "draw",
        target_shop=visits.shop,
        source_shop=(visits.shop + offset) % shops,
    )
    basket = items.select("user", "visit", "item").inner_join(chosen, ["user", "visit"])
    basket = basket.inner_join(products.select("item", "item_draw"), "item")
    shuffled = basket.mutate(draw=(basket.draw * basket.item_draw) % MERSENNE_31)
    place = ibis.row_number().over(
        ibis.window(group_by=["user", "visit"], order_by=["draw", "item"])
    )
    shuffled = shuffled.mutate(place=place)
    half = shuffled.n // 2
    shown = shuffled.filter(shuffled.place < half)
    crossed = shown.inner_join(
        bridges, [shown.item == bridges.item, shown.source_shop == bridges.other_shop]
    )
    keys = ("user", "visit", "source_shop", "target_shop")
    crossed = crossed.select(*keys, shown=ibis.literal(True), item=crossed.other_item)
    enough = crossed.group_by("user", "visit").agg(n_shown=crossed.count())
    enough = enough.filter(enough.n_shown >= MIN_SHOWN)
    hidden = shuffled.filter(shuffled.place >= half)
    hidden = hidden.select(*keys, "item", shown=ibis.literal(False)).select(*crossed.columns)
    return crossed.union(hidden).semi_join(enough, ["user", "visit"])
