"""Visits and rows: every visit in one row at most, and as many rows as can be."""

from __future__ import annotations

from datetime import timedelta

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from cse_bench.building.keys import Key
from cse_bench.building.numbers import by_numbers, number_offers, number_users
from cse_bench.building.visits import (
    cross_shop_rows,
    free_visits,
    number_visits,
    session_items,
)
from cse_bench.logs.memory import put
from tests.small_log import START, make_log

DAY = 86400

visit_lists = st.lists(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 9)), min_size=1, max_size=12),
    min_size=1,
    max_size=4,
)
"""For each user, visits in turn: shop, and days since the one before."""


def visits_table(users):
    rows = []
    for user, visits in enumerate(users):
        time = START
        for number, (shop, days) in enumerate(visits):
            time += timedelta(days=days)
            rows.append((user, "train", number, "AB".index(shop), time))
    schema = {
        "user": "int32",
        "split": "string",
        "visit": "int64",
        "shop": "int64",
        "timestamp": "timestamp",
    }
    names = list(schema)
    return ibis.memtable({n: [r[i] for r in rows] for i, n in enumerate(names)}, schema=schema)


def plain_matching(visits, gap):
    """The largest choice of disjoint crossing neighbours, by dynamic programming."""
    best = [0] * (len(visits) + 1)
    for i in range(2, len(visits) + 1):
        crosses = visits[i - 1][0] != visits[i - 2][0] and visits[i - 1][1] <= gap
        best[i] = max(best[i - 1], best[i - 2] + crosses)
    return best[-1]


@settings(max_examples=25)
@given(visit_lists, st.integers(1, 9))
def test_rows_are_disjoint_crossings_and_as_many_as_can_be(users, gap):
    table = visits_table(users)
    engine = ibis.duckdb.connect()
    rows = engine.execute(cross_shop_rows(table, gap * DAY)).to_dict("records")
    used = [(r["user"], r["visit"] + d) for r in rows for d in (0, 1)]
    assert len(used) == len(set(used))
    for row in rows:
        visits = users[row["user"]]
        source, target = visits[row["visit"]], visits[row["visit"] + 1]
        assert (source[0], target[0]) == ("AB"[row["source_shop"]], "AB"[row["target_shop"]])
        assert source[0] != target[0]
        assert target[1] <= gap
    assert len(rows) == sum(plain_matching(visits, gap) for visits in users)
    free = engine.execute(free_visits(table, cross_shop_rows(table, gap * DAY)))
    left = set(zip(free["user"], free["visit"], strict=True))
    assert left.isdisjoint(used)
    assert len(left) + len(used) == sum(map(len, users))


def test_visits_of_one_moment_are_numbered_by_session():
    events = [("A", "u", s, p, START) for s in ("s2", "s1") for p in ("x", "y")]
    events += [("A", "u", "s3", "x", START)]  # one product: no visit
    log = make_log(events, pairs=False)
    engine = log.events.get_backend()
    users = number_users(log.events, Key(bytes(32))).table
    numbered = by_numbers(log.events, users, number_offers(log.events))
    products = put(engine, {"offer": [0, 1], "item": [0, 1], "shop_number": [0, 0]})
    cut = number_visits(session_items(numbered, products), users)
    visits = engine.execute(cut.visits).sort_values("visit")
    assert visits["visit"].tolist() == [0, 1]
    assert visits["n"].tolist() == [2, 2]
    assert len(engine.execute(cut.items)) == 4
