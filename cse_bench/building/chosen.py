"""Which visits go into which table."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cse_bench.building.numbered import NumberedLog, kept_table
from cse_bench.building.queries import Asked, find_asked
from cse_bench.building.rendered import draw_visits
from cse_bench.building.report import BuildReport
from cse_bench.building.visits import cross_shop_rows, free_visits
from cse_bench.logs.schema import Log

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, eq=False)
class Chosen:
    """The visits of each table, on the engine; no visit tells of itself in two of them.

    Attributes
    ----------
    crossing : ibis Table
        Of cross-shop sessions, from `visits.cross_shop_rows`.
    within : ibis Table
        In-shop sessions.
    rendered : ibis Table
        Those to be rendered, where there are pairs.
    asking : ibis Table or None
        ``user, visit, target_shop, query``; None where the log has no queries.
    asked : Asked or None
        What was typed, likewise.
    """

    crossing: ir.Table
    within: ir.Table
    rendered: ir.Table
    asking: ir.Table | None
    asked: Asked | None


def choose_visits(
    log: Log,
    numbered: NumberedLog,
    gap_days: float,
    min_users: int,
    scratch: ExitStack,
    report: BuildReport,
    *,
    rendering: bool,
) -> Chosen:
    """Choose them, by the draws of their users.

    Parameters
    ----------
    log : Log
        The log, on its engine.
    numbered : NumberedLog
        The same, by numbers.
    gap_days : float
        The longest time between the two visits of a cross-shop session.
    min_users : int
        How many train users must have typed a query in a shop.
    scratch : ExitStack
        Tables are kept on the engine until it is closed.
    report : BuildReport
        Told what was left out.
    rendering : bool
        Whether there are pairs, by which visits can be rendered.
    """
    users, visits = numbered.users.table, numbered.visits
    crossing = kept_table(scratch, cross_shop_rows(visits, round(gap_days * 86400)))
    free = kept_table(scratch, draw_visits(free_visits(visits, crossing), users))
    within = _kept_sessions(free, rendering=rendering)
    if log.queries is None:
        return Chosen(crossing, within, _to_render(free), None, None)
    keep = partial(kept_table, scratch)
    asked = find_asked(log, numbered, min_users=min_users, keep=keep, report=report)
    asking = keep(_query_rows(asked.visits, crossing, within, users))
    crossing = keep(crossing.anti_join(asking, ["user", "visit"]))
    within = within.anti_join(asking, ["user", "visit"])
    return Chosen(crossing, within, _to_render(free), asking, asked)


def _kept_sessions(free: ir.Table, *, rendering: bool) -> ir.Table:
    """Which free visits are in-shop sessions: train's, and of validation's those not rendered."""
    validation = free.split == "validation"
    if rendering:
        validation = validation & (free.draw % 2 == 1)
    return free.filter((free.split == "train") | validation)


def _query_rows(asked: ir.Table, rows: ir.Table, kept: ir.Table, users: ir.Table) -> ir.Table:
    """Which visits go into the table of queries: a drawn half of those that could.

    Of held-out crossings, those whose second visit had a query; of train's in-shop sessions, those
    that had one themselves. The other half stay where they were.

    Returns
    -------
    ibis Table
        ``user, visit, target_shop, query``; ``visit`` is the source part's.
    """
    columns = ("user", "visit", "target_shop", "query", "draw")
    later = asked.mutate(visit=asked.visit - 1)
    crossed = draw_visits(rows.filter(rows.split != "train"), users)
    crossed = crossed.inner_join(later, ["user", "visit"]).select(*columns)
    within = kept.filter(kept.split == "train").select(
        "user", "visit", "draw", target_shop=kept.shop
    )
    within = within.inner_join(asked, ["user", "visit"]).select(*columns)
    both = crossed.union(within)
    return both.filter(both.draw % 2 == 0).drop("draw")


def _to_render(free: ir.Table) -> ir.Table:
    """Which free visits are rendered: half of validation's, all of test's."""
    half = (free.split == "validation") & (free.draw % 2 == 0)
    return free.filter((free.split == "test") | half)
