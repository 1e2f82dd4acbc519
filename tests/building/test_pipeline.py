"""The whole pipeline, on invented logs whose truth is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cse_bench.building.embeddings import round_mantissa
from cse_bench.building.keys import Key
from cse_bench.building.pipeline import BuildParameters, build_contents
from cse_bench.errors import InputError
from cse_bench.logs.memory import put
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.small_log import START, make_log, random_events

KEY = Key(bytes(range(32)))
PARAMETERS = BuildParameters(min_users=3)


def build(events, *, key=KEY, parameters=PARAMETERS, **options):
    return build_contents(make_log(events, **options), PpmiSvd(4), parameters, key)


@pytest.fixture(scope="module")
def events():
    return random_events()


@pytest.fixture(scope="module")
def contents(events):
    return build(events)


def raw_names(events, contents):
    """Release id → raw product, by matching popularity-free truth: category and title digits."""
    from cse_bench.building.catalogue import number_products
    from cse_bench.building.numbers import by_numbers, number_offers, number_users
    from cse_bench.building.visits import support

    log = make_log(events)
    users, offers = number_users(log.events, KEY), number_offers(log.events)
    counted = support(by_numbers(log.events, users.table, offers), users.table)
    catalogue = number_products(log, counted.inner_join(offers, "offer"), 3, KEY)
    return dict(zip(catalogue.ids, catalogue.raw, strict=True))


def test_no_visit_is_in_two_rows_and_rows_are_real_visits(events, contents):
    raw = raw_names(events, contents)
    known = set(raw.values())
    visits = Counter()
    for shop, user, session, product, _ in events:
        if (shop, product) in known:
            visits.setdefault((shop, user, session), set()).add(product)
    baskets = Counter((shop, frozenset(p)) for (shop, _, _), p in visits.items() if len(p) >= 2)
    rows = Counter()
    for (config, _), table in contents.tables.items():
        if config in ("sessions", "cross_sessions"):
            for column in ("products",) if config == "sessions" else ("source", "target"):
                for ids in table[column].to_pylist():
                    names = [raw[i] for i in ids]
                    assert len({shop for shop, _ in names}) == 1
                    rows[names[0][0], frozenset(p for _, p in names)] += 1
    assert rows  # not vacuous
    assert rows <= baskets, "a row is no visit, or a visit stands in two rows"
    rendered = sum(t.num_rows for (c, _), t in contents.tables.items() if c == "rendered")
    assert 0 < rendered <= baskets.total() - rows.total()


def test_rendered_rows_show_held_out_pairs_and_hide_the_other_half(events, contents):
    raw = raw_names(events, contents)
    train_pairs = {
        frozenset(pair.values()) for pair in contents.tables["pairs", "train"].to_pylist()
    }
    for split in ("validation", "test"):
        for row in contents.tables["rendered", split].to_pylist():
            shown = {raw[i][1] for i in row["source"]}
            hidden = {raw[i][1] for i in row["target"]}
            assert len(shown) >= 2
            assert shown.isdisjoint(hidden)
            assert {i.split("_")[0] for i in row["source"]} == {row["source_shop"]}
            assert {i.split("_")[0] for i in row["target"]} == {row["target_shop"]}
            by_raw = {v: k for k, v in raw.items()}
            for source in row["source"]:
                twins = [i for (s, p), i in by_raw.items() if p == raw[source][1] and i != source]
                assert all(frozenset((source, twin)) not in train_pairs for twin in twins)


def test_the_same_key_gives_the_same_release_and_another_gives_another(events, contents):
    again = build(list(reversed(events)))
    assert all(contents.tables[k].equals(again.tables[k]) for k in contents.tables)
    assert all(contents.products[k].equals(again.products[k]) for k in contents.products)
    other = build(events, key=Key(bytes(32)))
    assert not contents.tables["pairs", "test"].equals(other.tables["pairs", "test"])


def test_support_popularity_and_embeddings_come_from_train_users(events):
    from cse_bench.building.keys import split_users

    users = sorted({e[1] for e in events})
    split = dict(zip(users, split_users(users, KEY), strict=True))
    held_out = {u for u, s in split.items() if s != "train"}
    # Held-out users' extra visits, and a product that they alone buy, change nothing learned.
    extra = [e for e in events if e[1] in held_out] + [
        ("shop 0", u, f"extra {u}", "p99", START) for u in held_out
    ]
    moved = [(s, u, f"again {i}", p, t) for (s, u, i, p, t) in extra]
    before, after = build(events), build(events + moved)
    for shop, table in before.products.items():
        assert table.equals(after.products[shop])


def test_the_order_of_rows_tells_neither_time_nor_user():
    """Rows of one user stand no nearer to each other than chance has it, in any table."""
    checked = 0
    for (config, split), table in build(random_events(users=240)).tables.items():
        if "group" in table.column_names and split != "train":
            group = table["group"].to_numpy()
            together = np.mean(group[1:] == group[:-1])
            by_chance = np.sum((np.bincount(group) / len(group)) ** 2)
            assert together < by_chance + 0.2, (config, split)
            checked += len(group) > 50
    assert checked >= 3


def test_three_shops_and_no_pairs():
    contents = build(random_events(shops=3, users=80))
    crossings = contents.tables["cross_sessions", "train"]
    directions = set(
        zip(crossings["source_shop"].to_pylist(), crossings["target_shop"].to_pylist(), strict=True)
    )
    assert len(directions) == 6
    contents = build(random_events(), pairs=False)
    assert {c for c, _ in contents.tables} == {"sessions", "cross_sessions"}


def test_a_log_of_one_shop_is_refused():
    with pytest.raises(InputError, match="of one shop"):
        build(random_events(shops=1))
    with pytest.raises(InputError, match="0 shop"):
        build(random_events(), parameters=BuildParameters(min_users=1000))


def test_a_shop_that_keeps_no_product_is_counted():
    events = random_events(shops=2)
    rare = [("shop 9", e[1], f"rare {i}", f"r{i}", e[4]) for i, e in enumerate(events[:20])]
    report = build(events + rare).report
    assert {"table": "shops", "reason": "no supported product", "rows": 1} in report["drops"]
    assert report["read"]["events"] == len(events) + 20
    assert sum(shop["events_read"] for shop in report["shops"].values()) == len(events)


def test_the_report_counts_the_rows_of_each_direction(contents):
    for config in ("cross_sessions", "rendered", "sessions", "pairs"):
        for split, parts in contents.report["rows"][config].items():
            assert sum(parts.values()) == contents.tables[config, split].num_rows
            assert len(parts) == (1 if config == "pairs" else 2)


def test_pairs_and_products_that_do_not_meet_are_counted_or_refused(events):
    log = make_log(events)
    engine = log.events.get_backend()
    strange = log.pairs.to_pyarrow().to_pylist()
    for row in strange[:7]:
        row["left"] += " of another log"
    columns = {name: [row[name] for row in strange] for name in strange[0]}
    half = replace(log, pairs=put(engine, columns))
    report = build_contents(half, PpmiSvd(4), PARAMETERS, KEY).report
    reason = "of a product that is not in the release"
    assert {"table": "pairs", "reason": reason, "rows": 7} in report["drops"]
    columns["left"] = [f"no {i}" for i in range(len(strange))]
    with pytest.raises(InputError, match="gold pairs, none joins"):
        build_contents(replace(log, pairs=put(engine, columns)), PpmiSvd(4), PARAMETERS, KEY)
    for shop, told in (("shop 0", True), ("no shop", False)):  # of none, a note tells
        some = replace(log, catalogue=log.catalogue.filter(log.catalogue.shop == shop))
        report = build_contents(some, PpmiSvd(4), PARAMETERS, KEY).report
        lost = [d["rows"] for d in report["drops"] if d["table"] == "descriptions"]
        assert lost == ([40] if told else [])
        assert any("no product has a title" in note for note in report["notes"]) != told


def test_mantissa_rounding_is_close_and_idempotent():
    values = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    rounded = round_mantissa(values, 12)
    assert np.max(np.abs(rounded - values) / np.abs(values)) <= 2.0**-13
    np.testing.assert_array_equal(rounded, round_mantissa(rounded, 12))
    assert np.all(rounded.view(np.uint32) % (1 << 11) == 0)
