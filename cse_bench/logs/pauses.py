"""Sessions where a log has none: a pause ends one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


def cut_sessions(events: ir.Table, gap_minutes: float) -> ir.Table:
    """Give a session to events that have none: a new one after each pause.

    Parameters
    ----------
    events : ibis Table
        Events whose ``session`` may be null.
    gap_minutes : float
        A pause longer than this ends a session.

    Returns
    -------
    ibis Table
        The same, with a session everywhere: ``log …`` where the log has one, else ``cut …``.
    """
    loose = ["shop", "user", events.session.isnull()]
    in_time = ibis.window(group_by=loose, order_by=["timestamp", "product"])
    seconds = events.timestamp.epoch_seconds()
    pause = seconds - seconds.lag().over(in_time)
    begun = events.mutate(begins=(pause > gap_minutes * 60).fill_null(False).cast("int64"))
    so_far = ibis.window(
        group_by=["shop", "user", begun.session.isnull()],
        # Of two like events the one that begins a session comes first, in every engine's order.
        order_by=["timestamp", "product", begun.begins.desc()],
        preceding=None,
        following=0,
    )
    number = begun.begins.sum().over(so_far).cast("string")
    # Marked apart, so that a cut session never meets one of the log's own names.
    named = ibis.coalesce(ibis.literal("log ") + begun.session, ibis.literal("cut ") + number)
    return begun.mutate(session=named).drop("begins")
