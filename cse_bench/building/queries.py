"""Queries that users really typed: normalised, common ones only, joined to visits."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa

from cse_bench.building.numbered import NumberedLog
from cse_bench.building.report import BuildReport
from cse_bench.logs.memory import put
from cse_bench.logs.schema import Log
from cse_bench.privacy.queries import personal, words

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, eq=False)
class Asked:
    """Which visits had a query.

    Attributes
    ----------
    texts : list of str
        Normalised queries in sorted order; query ``i`` is ``texts[i]``.
    visits : ibis Table
        ``user, visit, query``: the first common query of each visit that had one.
    n_users : dict of (int, int) to int
        (Shop, query) → distinct train users who typed it, of the common ones.
    """

    texts: list[str]
    visits: ir.Table
    n_users: dict[tuple[int, int], int]


def normalise(text: str) -> str:
    """A query as it is compared: NFKC, case folded, single spaces, no control characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isprintable() else " " for c in folded).split())


def allowed(text: str, vocabulary: frozenset[str]) -> bool:
    """Whether a query may be shown: all its words are the catalogue's, and it looks like no person.

    Parameters
    ----------
    text : str
        The normalised query.
    vocabulary : frozenset of str
        Words of the catalogue.
    """
    found = words(text)
    return bool(found) and set(found) <= vocabulary and personal(text) is None


def find_asked(
    log: Log,
    numbered: NumberedLog,
    *,
    min_users: int,
    keep: Callable[[ir.Table], ir.Table],
    report: BuildReport,
) -> Asked:
    """Find the visits in which a common query was typed.

    Parameters
    ----------
    log : Log
        A log with queries.
    numbered : NumberedLog
        The same log, by numbers.
    min_users : int
        How many train users must have typed a query in a shop.
    keep : callable
        Computes a table once.
    report : BuildReport
        Told what was left out.
    """
    assert log.queries is not None
    users, catalogue = numbered.users.table, numbered.catalogue
    shops = catalogue.raw_shops
    engine = log.events.get_backend()
    raw = sorted(log.queries.select("text").distinct().to_pyarrow()["text"].to_pylist())
    plain = [normalise(text) for text in raw]
    plain = [text if allowed(text, catalogue.vocabulary) else "" for text in plain]
    texts = sorted({text for text in plain if text})
    number = {text: i for i, text in enumerate(texts)}
    spelled = put(
        engine,
        {
            "text": pa.array([r for r, p in zip(raw, plain, strict=True) if p], pa.string()),
            "query": pa.array([number[p] for p in plain if p], pa.int64()),
        },
    )
    known = put(engine, {"name": pa.array(shops), "shop": np.arange(len(shops))})
    typed = log.queries.select(
        "session", "timestamp", "text", raw=log.queries.user, name=log.queries.shop
    )
    typed = keep(
        typed.inner_join(users.select("raw", "user", "split"), "raw")
        .inner_join(known, "name")
        .inner_join(spelled, "text")
        .select("user", "split", "shop", "session", "timestamp", "query")
    )
    train = typed.filter(typed.split == "train")
    common = train.group_by("shop", "query").agg(n_users=train.user.nunique())
    common = keep(common.filter(common.n_users >= min_users))
    n_users = {(r["shop"], r["query"]): r["n_users"] for r in common.to_pyarrow().to_pylist()}
    kept = keep(typed.semi_join(common, ["shop", "query"]))

    placed = keep(in_sessions(kept, numbered.events, numbered.products, log.session_gap))
    in_visit = placed.inner_join(
        numbered.visits.select("user", "shop", "session", "visit"), ["user", "shop", "session"]
    )
    turn = ibis.window(group_by=["user", "visit"], order_by=["timestamp", "query"])
    in_visit = in_visit.mutate(turn=ibis.row_number().over(turn))
    first = keep(in_visit.filter(in_visit.turn == 0).select("user", "visit", "query"))

    rows = [t.count().to_pyarrow().as_py() for t in (log.queries, typed, kept, first)]
    report.read["queries"] = int(rows[0])
    reason = "empty, personal, with words that the catalogue lacks, or of an unknown user or shop"
    report.drop("queries", reason, _less(rows))
    report.drop("queries", "typed by fewer train users than --min-users", _less(rows[1:]))
    report.drop("queries", "in no visit of the release, or not its first", _less(rows[2:]))
    return Asked(texts, first, n_users)


def _less(rows: list[int]) -> int:
    return rows[0] - rows[1]


def in_sessions(
    queries: ir.Table, events: ir.Table, products: ir.Table, gap_minutes: float
) -> ir.Table:
    """Give a session to queries that name none: that of the user's event before, else after.

    Parameters
    ----------
    queries : ibis Table
        ``user, shop, session, timestamp, query``; best computed beforehand.
    events : ibis Table
        ``user, offer, session, timestamp``.
    products : ibis Table
        ``offer, shop_number``.
    gap_minutes : float
        An event further away in time is of another session.

    Returns
    -------
    ibis Table
        ``user, shop, session, timestamp, query``, without the queries that no event is near.
    """
    met = events.mutate(timestamp=events.timestamp.cast("timestamp")).inner_join(
        products.select("offer", shop=products.shop_number), "offer"
    )
    moments = met.group_by("user", "shop", "timestamp").agg(session=met.session.min())
    columns = ("user", "shop", "timestamp", "query")
    queries = queries.mutate(timestamp=queries.timestamp.cast("timestamp"))
    loose = queries.filter(queries.session.isnull()).select(*columns)
    both = moments.select(
        "user", "shop", "timestamp", query=ibis.null("int64"), met=moments.timestamp
    ).union(loose.mutate(met=ibis.null("timestamp")))
    both = both.mutate(typed=both.query.notnull())
    order = {"group_by": ["user", "shop"], "order_by": ["timestamp", "typed", "query"]}
    near = both.mutate(
        before=both.met.max().over(ibis.window(**order, preceding=None, following=0)),
        after=both.met.min().over(ibis.window(**order, preceding=0, following=None)),
    )
    near = near.filter(near.typed)
    seconds = near.timestamp.epoch_seconds()
    allowed = round(gap_minutes * 60)
    moment = ibis.cases(
        (seconds - near.before.epoch_seconds() <= allowed, near.before),
        (near.after.epoch_seconds() - seconds <= allowed, near.after),
        else_=ibis.null("timestamp"),
    )
    found = near.mutate(moment=moment).filter(lambda t: t.moment.notnull())
    found = found.select(*columns, "moment")
    placed = found.inner_join(
        moments.select("user", "shop", "session", moment=moments.timestamp),
        ["user", "shop", "moment"],
    )
    result = ("user", "shop", "session", "timestamp", "query")
    named = queries.filter(queries.session.notnull()).select(*result)
    return named.union(placed.select(*result))
