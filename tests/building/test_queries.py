"""Real queries: what is common, to which visit each belongs, and that no visit is used twice."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.building.keys import Key, split_users
from cse_bench.building.pipeline import BuildParameters, build_contents
from cse_bench.building.queries import in_sessions, normalise
from cse_bench.logs.memory import put
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.building.test_pipeline import raw_names
from tests.small_log import START, make_log, random_events

KEY = Key(bytes(range(32)))


@given(st.text())
def test_a_normalised_text_is_stable_and_on_one_line(text):
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())


def test_spellings_of_one_query_are_one():
    assert {normalise(t) for t in ("Frozen  PIZZA", " frozen\npizza ", "ｆrozen pizza")} == {
        "frozen pizza"
    }


def at(minutes):
    return START + timedelta(minutes=minutes)


def test_a_query_without_a_session_joins_the_nearest_one():
    engine = ibis.duckdb.connect()
    times = pa.array([at(0), at(100), at(200)], pa.timestamp("us"))
    events = put(
        engine,
        {"user": [0] * 3, "offer": [0] * 3, "session": ["a", "b", "c"], "timestamp": times},
    )
    products = put(engine, {"offer": [0], "shop_number": [0]})
    asked = [(10, None), (95, None), (110, None), (150, None), (170, None), (200, None), (5, "z")]
    queries = put(
        engine,
        {
            "user": [0] * len(asked),
            "shop": [0] * len(asked),
            "session": pa.array([s for _, s in asked], pa.string()),
            "timestamp": pa.array([at(m) for m, _ in asked], pa.timestamp("us")),
            "query": list(range(len(asked))),
        },
    )
    found = in_sessions(queries, events, products, 30).to_pyarrow().to_pylist()
    assert {row["query"]: row["session"] for row in found} == {
        0: "a", 1: "b", 2: "b", 4: "c", 5: "c", 6: "z",
    }  # fmt: skip


def typed_log(events, asked):
    """A log whose queries are ``(shop, user, session, minutes, text)``."""
    log = make_log(events)
    engine = log.events.get_backend()
    names = ("shop", "user", "session", "timestamp", "text")
    columns = {n: [q[i] for q in asked] for i, n in enumerate(names)}
    texts = {n: pa.array(v, pa.string()) for n, v in columns.items() if n != "timestamp"}
    times = {"timestamp": pa.array(columns["timestamp"], pa.timestamp("us"))}
    from dataclasses import replace

    return replace(log, queries=put(engine, texts | times))


@pytest.fixture(scope="module")
def events():
    return random_events(users=120)


@pytest.fixture(scope="module")
def built(events):
    first = {}
    for shop, user, session, product, time in events:
        first.setdefault((shop, user, session), (time, product))
    asked = [
        (shop, user, session, time, f"Kind {product[-1]}")
        for (shop, user, session), (time, product) in first.items()
    ]
    asked += [("shop 0", "user 0", None, START, "thing of kind 3")] * 50  # one user only
    asked += [("shop 0", u, None, START, "my neighbour") for u in sorted({e[1] for e in events})]
    log = typed_log(events, asked)
    return build_contents(log, PpmiSvd(4), BuildParameters(min_users=3), KEY), asked


def test_only_common_queries_are_in_the_release(built):
    contents, asked = built
    said = {q for s in ("train", "validation", "test") for q in texts_of(contents, s)}
    assert said.isdisjoint({"thing of kind 3", "my neighbour"})
    users = sorted({user for _, user, _, _, _ in asked})
    train = {u for u, s in zip(users, split_users(users, KEY), strict=True) if s == "train"}
    for query in said:
        typed = {(shop, u) for shop, u, _, _, t in asked if normalise(t) == query and u in train}
        assert max(sum(s == shop for s, _ in typed) for shop in ("shop 0", "shop 1")) >= 3
    reasons = {d["reason"]: d["rows"] for d in contents.report["drops"] if d["table"] == "queries"}
    assert reasons["typed by fewer train users than --min-users"] >= 50
    assert sum(n for reason, n in reasons.items() if "lacks" in reason) >= 120


def texts_of(contents, split):
    return contents.tables["queries", split]["query"].to_pylist()


def test_rows_are_visits_followed_by_what_was_typed(events, built):
    contents, asked = built
    raw = raw_names(events, contents)
    baskets, said = {}, {}
    for shop, user, session, product, _ in events:
        if (shop, product) in set(raw.values()):
            baskets.setdefault((shop, user, session), set()).add(product)
    for shop, user, session, _, text in asked:
        said.setdefault((shop, user, session), normalise(text))
    began = {}
    for shop, user, session, product, time in events:
        if (shop, product) in set(raw.values()):
            began.setdefault(user, {})[shop, user, session] = time
    after = {}  # a visit of two products or more → the user's next one
    for visits in began.values():
        known = sorted((v for v in visits if len(baskets[v]) >= 2), key=visits.get)
        after |= dict(pairwise(known))
    by_basket = {}
    for (shop, user, session), basket in baskets.items():
        by_basket.setdefault((shop, frozenset(basket)), set()).add((user, session))
    seen = 0
    for split in ("train", "validation", "test"):
        for row in contents.tables["queries", split].to_pylist():
            shop = raw[row["source"][0]][0]
            basket = frozenset(raw[i][1] for i in row["source"])
            owners = by_basket[shop, basket]
            assert (row["source_shop"] == row["target_shop"]) == (split == "train")
            assert (row["group"] is None) == (split == "train")
            if split == "train":
                typed = {said.get((shop, *owner)) for owner in owners}
            else:
                typed = {said.get(after.get((shop, *owner))) for owner in owners}
            assert row["query"] in typed
            seen += 1
    assert seen > 50


def test_no_visit_is_in_two_rows(events, built):
    contents, _ = built
    raw = raw_names(events, contents)
    visits, rows = [], []
    for (config, _), table in contents.tables.items():
        for column in ("products", "source", "target"):
            if column in table.column_names and config != "rendered":
                rows += [frozenset(ids) for ids in table[column].to_pylist()]
    by_raw = {v: k for k, v in raw.items()}
    baskets = {}
    for shop, user, session, product, _ in events:
        if (shop, product) in by_raw:
            baskets.setdefault((shop, user, session), set()).add(by_raw[shop, product])
    visits = [frozenset(basket) for basket in baskets.values()]
    for basket in set(rows):
        assert rows.count(basket) <= visits.count(basket)
