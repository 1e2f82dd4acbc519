"""Every gate: a clean release of a private-style log passes, and a planted leak is caught."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench.building import tables as building_tables
from cse_bench.building.keys import Key
from cse_bench.building.pipeline import BuildParameters, build_with_facts
from cse_bench.logs.memory import put
from cse_bench.privacy.base import RowFacts, Subject, no_order, rank_correlation, wilson
from cse_bench.privacy.membership import attack
from cse_bench.privacy.queries import personal
from cse_bench.privacy.registry import GATES
from cse_bench.privacy.report import examine
from cse_bench.ragged import Ragged
from cse_bench.release.read import read_release
from cse_bench.release.write import write_release
from cse_bench.trainers.base import Sessions
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.conftest import need
from tests.small_log import START, make_log

need("ibis")
KEY = Key(bytes(range(32)))


def private_log(*, users=220, visits=26, products=24, heaviest=5, typed=None, seed=0):
    """Baskets of a few products, common ones all; and what was typed in some visits."""
    rng = np.random.default_rng(seed)
    events, queries = [], []
    for user in range(users):
        time = START
        for visit in range(visits):
            time += timedelta(hours=float(rng.exponential(40)))
            shop, session = f"store {rng.integers(2)}", f"s{user}-{visit}"
            basket = rng.permutation(products)[: rng.integers(2, heaviest + 1)]
            for product in basket:
                events.append((shop, f"user {user}", session, f"p{product:02d}", time))
            if rng.random() < 0.4:
                text = f"Kind {basket[0] % 10}" if typed is None else typed(user)
                queries.append((shop, f"user {user}", session, time, text))
    log = make_log(events)
    names = ("shop", "user", "session", "timestamp", "text")
    columns = {n: pa.array([q[i] for q in queries]) for i, n in enumerate(names)}
    table = put(log.events.get_backend(), columns)
    return replace(log, waivers={}, queries=table)


def made(log, *, min_users=10, waivers=(), trainer=None):
    parameters = BuildParameters(min_users=min_users, waivers=dict.fromkeys(waivers, "a test"))
    trainer = trainer or PpmiSvd(8, random_state=KEY.seed("trainer"))
    return build_with_facts(log, trainer, parameters, KEY)


@pytest.fixture(scope="module")
def clean():
    return made(private_log())


@pytest.fixture
def place(tmp_path):
    directory = tmp_path / "release"
    directory.mkdir()
    return directory


def verdicts(place, contents, facts, waivers=()):
    write_release(place, contents)
    report = examine(Subject(read_release(place), facts), dict.fromkeys(waivers, "a test"))
    return {gate.name: gate.verdict for gate in report.gates}


def failed(place, contents, facts):
    return {
        name for name, verdict in verdicts(place, contents, facts).items() if verdict == "failed"
    }


def test_a_clean_release_of_a_private_log_passes(place, clean):
    found = verdicts(place, *clean)
    assert set(found) == set(GATES)
    for gate in ("recognition-catalogue", "recognition-log", "recognition-embeddings"):
        assert found.pop(gate) == "reported"
    assert set(found.values()) == {"passed"}


def test_without_the_log_its_gates_are_not_checked(place, clean):
    contents, _ = clean
    found = verdicts(place, contents, None)
    for name, gate in GATES.items():
        assert (found[name] == "not checked") == bool(gate.needs), name


@pytest.mark.parametrize("algorithm", ["sha256", "md5", "none"])
def test_ids_without_a_key_are_caught(place, monkeypatch, algorithm):
    import hashlib

    def unkeyed(self, purpose, messages):
        texts = ["".join(parts).encode() for parts in messages]
        if algorithm != "none":
            texts = [hashlib.new(algorithm, text).digest() for text in texts]
        position = np.empty(len(texts), np.int64)
        position[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
        return position

    log = private_log(products=200, visits=40)
    real = Key.order

    def order(self, purpose, messages):
        own = purpose.startswith("products of")
        return (unkeyed if own else real)(self, purpose, messages)

    monkeypatch.setattr(Key, "order", order)
    found = failed(place, *made(log))
    assert "id-order" in found
    assert ("row-order" in found) == (algorithm == "none")
    assert "ids" in found  # the two shops' products have the same raw names


def test_ids_of_another_form_are_caught(place, clean):
    contents, facts = clean
    table = contents.products["SHOP1"]
    ids = table["product_id"].to_pylist()
    renamed = pa.array(["SHOP1_SKU900", *ids[1:]])
    products = contents.products | {"SHOP1": table.set_column(0, "product_id", renamed)}
    tables = {
        kind: pa.Table.from_pylist(
            [
                {
                    c: [v.replace(ids[0], "SHOP1_SKU900") if v == ids[0] else v for v in value]
                    if isinstance(value, list)
                    else ("SHOP1_SKU900" if value == ids[0] else value)
                    for c, value in row.items()
                }
                for row in table.to_pylist()
            ],
            schema=table.schema,
        )
        for kind, table in contents.tables.items()
    }
    assert failed(place, replace(contents, products=products, tables=tables), facts) == {"ids"}


def test_pairs_in_the_order_of_the_log_are_caught(place):
    contents, facts = made(private_log(products=200, visits=40))
    pairs = contents.tables["pairs", "test"]
    raw = dict(
        zip(
            contents.products["SHOP1"]["product_id"].to_pylist(),
            facts.raw_products["SHOP1"],
            strict=True,
        )
    )
    order = np.argsort([raw[i] for i in pairs["left_id"].to_pylist()])
    sorted_ = contents.tables | {("pairs", "test"): pairs.take(pa.array(order))}
    assert "row-order" in failed(place, replace(contents, tables=sorted_), facts)


def test_rows_in_the_order_of_users_and_time_are_caught(place, monkeypatch):
    def unshuffled(self, split, key, table):
        return np.flatnonzero(self._split == split)

    monkeypatch.setattr(building_tables._Rows, "shuffled", unshuffled)
    assert failed(place, *made(private_log(), waivers=["rows-per-user"])) == {
        "rows-per-user",
        "shuffled",
    }


def test_a_column_of_times_is_caught(place, clean):
    contents, facts = clean
    table = contents.tables["sessions", "train"]
    timed = table.append_column("day", pa.array(["2020-01-31"] * table.num_rows))
    tables = contents.tables | {("sessions", "train"): timed}
    write_release(place, replace(contents, tables=tables))
    readings = GATES["schema"].measure(Subject(read_release(place), facts))
    assert [r.what for r in readings if not r.holds] == [
        "tables with other columns or types",
        "cells that look like a URL, a person's, a day, a time or a price",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "https://shop.example/p/1",
        "jo@example.org",
        "2020-01-31",
        "31/01/2020",
        "at 12:30",
        "19.99 €",
    ],
)
def test_a_cell_that_names_a_place_person_or_day_is_caught(place, clean, cell):
    contents, facts = clean
    table = contents.products["SHOP1"]
    column = pa.array([cell, *table["category"].to_pylist()[1:]])
    at = table.column_names.index("category")
    products = contents.products | {"SHOP1": table.set_column(at, "category", column)}
    assert failed(place, replace(contents, products=products), facts) == {"schema"}


@pytest.mark.parametrize("cell", ["user 7", "p03", "s7-3", "store 1"])
def test_a_raw_id_in_a_cell_is_caught(place, clean, cell):
    contents, facts = clean
    table = contents.products["SHOP2"]
    column = pa.array([cell, *table["category"].to_pylist()[1:]])
    at = table.column_names.index("category")
    products = contents.products | {"SHOP2": table.set_column(at, "category", column)}
    assert failed(place, replace(contents, products=products), facts) == {"raw-values"}


def test_stray_files_pickles_and_metadata_are_caught(place, clean):
    contents, facts = clean
    write_release(place, contents)
    (place / "vectors.pkl").write_bytes(pickle.dumps([1]))
    release = read_release(place)
    first, *_ = GATES["schema"].measure(Subject(release, facts))
    assert not first.holds
    assert first.example == "vectors.pkl"
    (place / "vectors.pkl").unlink()
    path = place / "pairs" / "test.parquet"
    table = pq.read_table(path).replace_schema_metadata({"made by": "user 7"})
    pq.write_table(table, path)
    readings = GATES["schema"].measure(Subject(release, facts))
    assert [r.example for r in readings if not r.holds] == ["pairs/test.parquet"]


def test_a_rare_product_is_caught(place):
    log = private_log()
    rows = log.events.to_pyarrow().to_pylist()
    rare = [r for r in rows if r["product"] != "p05" or r["user"] in ("user 1", "user 2")]
    events = put(log.events.get_backend(), {n: pa.array([r[n] for r in rare]) for n in rare[0]})
    found = failed(place, *made(replace(log, events=events), min_users=1))
    assert "support" in found


def test_popularity_of_all_users_is_caught(place, clean):
    contents, facts = clean
    table = contents.products["SHOP1"]
    more = pa.array(table["popularity"].to_numpy() + np.float32(0.25))
    at = table.column_names.index("popularity")
    products = contents.products | {"SHOP1": table.set_column(at, "popularity", more)}
    assert failed(place, replace(contents, products=products), facts) == {"train-only"}


def test_learning_from_all_users_is_caught(place, clean):
    contents, facts = clean
    assert failed(place, contents, replace(facts, train_only=False)) == {"train-only"}


def test_a_seed_that_others_know_is_caught(place):
    assert failed(place, *made(private_log(), trainer=PpmiSvd(8))) == {"train-only"}


PERSONAL = [
    "jo.doe@example.org",
    "+44 20 7946 0958",
    "0151 23456789",
    "4111 1111 1111 1111",
    "de89 3704 0044 0532 0130 00",
    "192.168.0.17",
    "2001:db8:85a3::8a2e:370",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_what_a_person_typed_of_himself_is_caught(place, clean, text):
    contents, facts = clean
    assert personal(text) is not None
    table = contents.tables["queries", "test"]
    column = pa.array([text, *table["query"].to_pylist()[1:]])
    at = table.column_names.index("query")
    tables = contents.tables | {("queries", "test"): table.set_column(at, "query", column)}
    found = failed(place, replace(contents, tables=tables), facts)
    assert {"query-text", "query-support"} <= found


@pytest.mark.parametrize("text", ["frozen pizza 12 x 330 ml", "iphone 15 pro", "milk 3.5", "no 5"])
def test_what_is_about_products_is_not(text):
    assert personal(text) is None


def test_the_builder_shows_no_query_that_a_gate_would_catch():
    def typed(user):
        return PERSONAL[user % 7] if user % 2 else "Kind 3 of somebody"

    contents, _ = made(private_log(typed=typed))
    assert sum(t.num_rows for (c, _), t in contents.tables.items() if c == "queries") == 0


def test_a_query_of_few_users_is_caught(place, clean):
    contents, facts = clean
    few = replace(facts, query_users=dict.fromkeys(facts.query_users, 9))
    assert failed(place, contents, few) == {"query-support"}


def test_a_visit_in_two_rows_is_caught(place, clean):
    contents, facts = clean
    rows = facts.rows["cross_sessions", "train"]
    twice = RowFacts(rows.user, np.repeat(rows.visits[:, :1], 2, axis=1), rows.time)
    leaking = replace(facts, rows=facts.rows | {("cross_sessions", "train"): twice})
    assert failed(place, contents, leaking) == {"one-row"}


def test_long_rows_are_cut_or_caught(place, tmp_path):
    log = private_log(products=40, heaviest=25)
    assert "length" not in failed(place, *made(log))
    whole = tmp_path / "whole"
    whole.mkdir()
    assert "length" in failed(whole, *made(log, waivers=["length"]))


def test_a_cut_row_is_a_part_of_the_visit_in_its_order():
    log = private_log(products=40, heaviest=25)
    cut, _ = made(log, waivers=["rows-per-user"])
    whole, _ = made(log, waivers=["rows-per-user", "length"])
    shorter = 0
    for kind, table in cut.tables.items():
        for column in ("products", "source", "target"):
            if column in table.column_names:
                pairs = zip(
                    table[column].to_pylist(), whole.tables[kind][column].to_pylist(), strict=True
                )
                for part, all_ in pairs:
                    assert part == [p for p in all_ if p in set(part)]
                    assert len(part) == min(len(all_), 10)
                    shorter += len(part) < len(all_)
    assert shorter > 100


def test_a_user_with_many_rows_is_limited_or_caught(place, tmp_path):
    log = private_log()
    assert "rows-per-user" not in failed(place, *made(log))
    whole = tmp_path / "whole"
    whole.mkdir()
    assert "rows-per-user" in failed(whole, *made(log, waivers=["rows-per-user"]))


def test_held_out_users_keep_one_row_and_no_table_is_starved(clean):
    contents, facts = clean
    users = [u for (_, s), rows in facts.rows.items() if s != "train" for u in rows.user.tolist()]
    assert len(users) == len(set(users))
    for config in ("cross_sessions", "rendered", "queries"):
        assert contents.tables[config, "test"].num_rows >= 5


def test_rows_that_few_products_single_out_are_caught(place):
    found = failed(place, *made(private_log(products=300, visits=60, users=120)))
    assert "unicity" in found


def test_unicity_follows_its_definition(place, clean):
    contents, facts = clean
    write_release(place, contents)
    release = read_release(place)
    rows = [
        frozenset(i for c in ("products", "source", "target") for i in row.get(c) or ())
        for kind in facts.rows
        for row in release.table(*kind).to_pylist()
    ]
    readings = GATES["unicity"].measure(Subject(release))
    rng = np.random.default_rng(1)
    for known in (2, 3):
        long_enough = [row for row in rows if len(row) >= known]
        single = 0
        for i in rng.integers(0, len(long_enough), 600):
            some = set(rng.choice(sorted(long_enough[i]), known, replace=False))
            single += sum(some <= row for row in rows) == 1
        assert abs(readings[known - 1].value - single / 600) < 0.06


def test_embeddings_that_remember_single_baskets_are_caught():
    """The same trainer, but counting pairs that met once: an attack finds who was there."""
    release = cse_bench.load_release()
    subject = Subject(release)
    assert all(reading.holds for reading in GATES["membership"].measure(subject))
    shops = {}
    for name, shop in release.shops.items():
        rows = [release.sessions("train", name)[0]]
        for other in release.shops:
            if other != name:
                rows.append(release.rows("cross_sessions", "train", name, other).source)
                rows.append(release.rows("cross_sessions", "train", other, name).target)
        sessions = Sessions(shop.ids, sum(rows[1:], rows[0]))
        vectors = PpmiSvd(100, discount=0.0, n_iter=2).fit(sessions).vectors
        shops[name] = replace(shop, vectors=vectors)
    leaking = replace(release, shops=shops)
    value = GATES["membership"].measure(Subject(leaking))[0]
    assert not value.holds
    assert value.value > 0.7
    members, others = attack(Subject(leaking))
    assert len(members) == len(others) == value.n


def test_order_statistics():
    rng = np.random.default_rng(0)
    first = np.arange(5000)
    assert no_order("", first, rng.permutation(5000)).holds
    assert not no_order("", first, first + rng.integers(0, 20000, 5000)).holds
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first[:2], first[:2]) == 0
    assert rank_correlation(first, np.zeros(5000)) == 0
    from scipy.stats import spearmanr

    other = rng.integers(0, 9, 5000)
    assert rank_correlation(first, other) == pytest.approx(spearmanr(first, other).statistic)
    low, high = wilson(0.5, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=1e-4), pytest.approx(0.5962, abs=1e-4))
    assert len(Ragged.from_lists([])) == 0
