"""Tables of any shop: formats, sessions, and everything that may be wrong with them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cse_bench.errors import InputError
from cse_bench.logs.pauses import cut_sessions
from cse_bench.logs.tabular import TabularOptions, read
from tests.conftest import need

need("ibis")

ROWS = [
    ("A", "u1", "s1", "p,1", "2020-01-01T00:00:00"),
    ("A", "u1", "s1", 'p"2"', "2020-01-01 00:00:05"),
    ("B", "u1", "s2", "p\nline", "1577836860"),
    ("B", "u2", "s3", "p🛒", "1577836861000"),
    ("B", "u2", "s3", "p" * 10_000, "2020-01-01T00:01:02Z"),
]
NAMES = ("shop", "user", "session", "product", "timestamp")


def write_csv(path, rows=ROWS, names=NAMES):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def write_jsonl(path, rows=ROWS, names=NAMES):
    lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def write_parquet(path, rows=ROWS, names=NAMES):
    columns = [pa.array([r[i] for r in rows], pa.string()) for i in range(len(names))]
    pq.write_table(pa.table(columns, names=list(names)), path)
    return str(path)


WRITERS = {"csv": write_csv, "csv.gz": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}


def read_events(*events, engine=None, **options):
    log = read(engine or ibis.duckdb.connect(), TabularOptions(events=events, **options))
    return log, log.events.order_by("timestamp", "product").to_pyarrow().to_pylist()


@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_gives_the_same_events(tmp_path, ending):
    path = WRITERS[ending](tmp_path / f"log.{ending}")
    _, rows = read_events(path)
    assert [(r["shop"], r["user"], r["product"]) for r in rows] == [r[:2] + r[3:4] for r in ROWS]
    times = [r["timestamp"].replace(tzinfo=UTC).timestamp() - 1577836800 for r in rows]
    assert times == [0, 5, 60, 61, 62]
    assert len({r["session"] for r in rows}) == 3


def test_directories_globs_urls_and_one_log_a_shop(tmp_path):
    import fsspec

    bare = [row[1:] for row in ROWS]
    (tmp_path / "many").mkdir()
    write_csv(tmp_path / "many" / "a.csv", bare[:2], NAMES[1:])
    write_csv(tmp_path / "many" / "b.csv", bare[2:], NAMES[1:])
    for reference in (str(tmp_path / "many"), str(tmp_path / "many" / "*.csv")):
        _, rows = read_events(f"mine={reference}")
        assert len(rows) == 5
        assert {r["shop"] for r in rows} == {"mine"}
    _, rows = read_events(f"X={tmp_path / 'many' / 'a.csv'}", f"Y={tmp_path / 'many' / 'b.csv'}")
    assert [r["shop"] for r in rows] == ["X", "X", "Y", "Y", "Y"]
    with fsspec.open("memory://log/events.parquet", "wb") as stream:
        stream.write((tmp_path / write_parquet(tmp_path / "e.parquet")).read_bytes())
    _, rows = read_events("memory://log/events.parquet")
    assert len(rows) == 5


def test_a_mapping_says_which_column_is_which(tmp_path):
    names = ("store", "visitor", "visit", "sku", "when")
    path = write_csv(tmp_path / "log.csv", names=names)
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[events]\nshop = "store"\nuser = "visitor"\nsession = "visit"\nproduct = "sku"\n'
        'timestamp = "when"\n'
    )
    _, rows = read_events(path, mapping=mapping)
    assert len(rows) == 5
    with pytest.raises(InputError, match=r"log\.csv has no column 'user'"):
        read_events(path)
    there = mapping.read_text()
    for text, message in {
        there + 'kind = "knd"\n': "has no column 'knd'",
        "[event]\n": "did you mean 'events'",
        "[events]\nproducts = 'sku'\n": "did you mean 'product'",
        "[events]\nuser = 3\n": "no column name",
        "[events\n": "not TOML",
    }.items():
        mapping.write_text(text)
        with pytest.raises(InputError, match=message):
            read_events(path, mapping=mapping)


def test_sessions_are_cut_by_a_pause(tmp_path):
    times = ["00:00:00", "00:20:00", "00:40:00", "01:11:00", "01:11:00"]
    rows = [("A", "u", f"p{i}", f"2020-01-01 {t}") for i, t in enumerate(times)]
    path = write_csv(tmp_path / "log.csv", rows, ("shop", "user", "product", "timestamp"))
    _, found = read_events(path)
    sessions = [r["session"] for r in found]
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3] == sessions[4]
    _, found = read_events(path, session_gap=60)
    assert len({r["session"] for r in found}) == 1
    _, found = read_events(path, session_gap=10)
    assert len({r["session"] for r in found}) == 4
    # A log that names some of its sessions keeps those, and has the rest cut.
    table = ibis.memtable(
        {
            "shop": ["A"] * 3,
            "user": ["u"] * 3,
            "session": ["mine", None, None],
            "product": ["x", "y", "z"],
            "timestamp": [datetime(2020, 1, 1, h) for h in (0, 1, 2)],
        },
        schema=dict.fromkeys(NAMES[:4], "string") | {"timestamp": "timestamp"},
    )
    cut = ibis.duckdb.connect().to_pyarrow(cut_sessions(table, 30))["session"].to_pylist()
    assert len(set(cut)) == 3
    assert "log mine" in cut


def test_an_event_that_is_logged_twice_begins_a_session_once():
    """Both copies belong to the session that they begin, whichever an engine puts first."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        texts = {
            column: pa.array([f"{column} {i}" for i in rng.integers(0, n, 2000)])
            for column, n in (("shop", 2), ("user", 12), ("product", 2))
        }
        days = pa.array(rng.integers(0, 10, 2000) * 86_400_000_000, pa.timestamp("us"))
        table = pa.table({**texts, "session": pa.nulls(2000, pa.string()), "timestamp": days})
        cut = ibis.duckdb.connect().to_pyarrow(cut_sessions(ibis.memtable(table), 30))
        sessions = {}
        for row in cut.to_pylist():
            key = (row["shop"], row["user"], row["session"])
            sessions.setdefault(key, set()).add(row["timestamp"])
        assert all(len(times) == 1 for times in sessions.values())


BAD = {
    "bad.csv, row 3, column 'timestamp': 'yesterday' is no timestamp": [
        ROWS[0],
        ("A", "u1", "s1", "p", "yesterday"),
    ],
    "bad.csv, row 25002, column 'timestamp': 'far down' is no timestamp": [
        *[ROWS[0]] * 25_000,
        ("A", "u1", "s1", "p", "far down"),
    ],
    "bad.csv, row 3, column 'timestamp': '2020-02-30' is no timestamp": [
        ROWS[0],
        ("A", "u1", "s1", "p", "2020-02-30"),
    ],
    "bad.csv, row 4, column 'timestamp': empty is no timestamp": [
        ROWS[0],
        ROWS[1],
        ("A", "u", "s", "p", ""),
    ],
    "bad.csv, row 3, column 'timestamp': '99999999999999999999' is no timestamp": [
        ROWS[0],
        ("A", "u", "s", "p", "99999999999999999999"),
    ],
    "bad.csv, row 3, column 'timestamp': 'nan' is no timestamp": [
        ROWS[0],
        ("A", "u", "s", "p", "nan"),
    ],
    "bad.csv, row 3, column 'timestamp': '-5' is no timestamp": [
        ROWS[0],
        ("A", "u", "s", "p", "-5"),
    ],
    "bad.csv, row 2, column 'shop': empty; every event needs a shop": [("", "u", "s", "p", "1")],
    "bad.csv holds no event": [],
}


@pytest.mark.parametrize("message", BAD)
def test_what_is_wrong_is_named_by_file_row_and_column(tmp_path, message):
    path = write_csv(tmp_path / "bad.csv", BAD[message])
    with pytest.raises(InputError) as error:
        read_events(path)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "cut.jsonl",
            b'{"shop":"A","user":"u","product":"p","timestamp":1}\n{"shop":"A","us',
            "row 2",
        ),
        ("cut.parquet", None, "cut.parquet"),
        ("cut.csv.gz", None, "cut.csv.gz"),
        ("quote.csv", b'shop,user,session,product,timestamp\nA,u,s,"p,1\nA,u,s,q,2\n', "quote.csv"),
        ("ragged.csv", b"shop,user,session,product,timestamp\nA,u,s,p,1\nA,u,s,p,1,9,9\n", "row 3"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("semicolons.csv", b"shop;user;product;timestamp\nA;u;p;1\n", "separated by commas"),
        ("latin.csv", b"shop,user,session,product,timestamp\nA,u,s,caf\xe9,1\n", "UTF-8"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    if content is None:
        WRITERS[name.partition(".")[2]](path)
        content = path.read_bytes()[:-40]
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_events(str(path))
    assert message in str(error.value)
    assert "Traceback" not in str(error.value)


def test_anonymous_rows_and_rows_of_no_product_are_counted_drops(tmp_path):
    rows = [*ROWS, ("A", "", "s", "p", "1"), ("A", "u", "s", "", "2"), ("A", "", "s", "", "2")]
    log, found = read_events(write_csv(tmp_path / "log.csv", rows))
    assert len(found) == 5
    assert {(d.reason, d.rows) for d in log.drops} == {("no user", 2), ("no product", 1)}


def test_only_the_events_of_some_kinds_can_be_kept(tmp_path):
    rows = [
        (*row, kind) for row, kind in zip(ROWS, ("buy", "view", "buy", "", "cart"), strict=True)
    ]
    path = write_csv(tmp_path / "log.csv", rows, (*NAMES, "kind"))
    log, found = read_events(path, kinds=("buy", "cart"))
    assert len(found) == 3
    assert [(d.reason, d.rows) for d in log.drops] == [("of another kind", 2)]
    with pytest.raises(InputError, match="no event is of the kind sale") as error:
        read_events(path, kinds=("sale",))
    assert "buy" in str(error.value)


def test_what_the_options_ask_must_be_there(tmp_path):
    path = write_csv(tmp_path / "log.csv")
    with pytest.raises(InputError, match="no column 'kind'"):
        read_events(path, kinds=("buy",))
    with pytest.raises(InputError, match="session gap of nan"):
        read_events(path, session_gap=float("nan"))


def test_a_release_may_be_passed_on_under_its_owners_licence_alone(tmp_path):
    events = (write_csv(tmp_path / "e.csv"),)
    engine = ibis.duckdb.connect()
    found = read(engine, TabularOptions(events=events))
    assert (found.licence, found.redistributable) == ("other", False)
    found = read(engine, TabularOptions(events=events, licence="cc-by-4.0"))
    assert (found.licence, found.redistributable) == ("cc-by-4.0", True)
    for none in ("other", "none", "", "CC BY", "unknown"):
        with pytest.raises(InputError, match="names no licence"):
            read(engine, TabularOptions(events=events, licence=none))


def test_of_two_rows_of_a_product_one_is_taken_whole(tmp_path):
    names = ("product", "title", "category")
    rows = [("p,1", "b title", "a category"), ("p,1", "a title", "b category")]
    path = write_csv(tmp_path / "c.csv", rows, names)
    log, _ = read_events(write_csv(tmp_path / "log.csv"), catalogue=(path,))
    for row in log.catalogue.to_pyarrow().to_pylist():
        assert (row["title"], row["category"]) == ("a title", "b category")
    assert ("catalogue", "a second row of the same product", 2) in {
        (d.table, d.reason, d.rows) for d in log.drops
    }


def test_queries_are_read_like_events(tmp_path):
    events = write_csv(tmp_path / "log.csv")
    names = ("shop", "user", "session", "timestamp", "text")
    rows = [
        ("A", "u1", "s1", "2020-01-01", "pizza"),
        ("A", "u1", "", "5", "  "),
        ("A", "", "", "5", "tea"),
        ("A", "u1", "", "5", ""),
    ]
    log, _ = read_events(events, queries=(write_csv(tmp_path / "q.csv", rows, names),))
    found = log.queries.order_by("timestamp").to_pyarrow().to_pylist()
    assert [(q["session"], q["text"]) for q in found] == [(None, "  "), ("log s1", "pizza")]
    assert {(d.table, d.reason) for d in log.drops} == {
        ("queries", "no user"),
        ("queries", "no text"),
    }
    for column, value, message in (
        (3, "yesterday", "q.csv, row 3, column 'timestamp': 'yesterday' is no timestamp"),
        (0, "", "q.csv, row 3, column 'shop': empty; every query needs a shop"),
    ):
        bad = list(rows[0])
        bad[column] = value
        path = write_csv(tmp_path / "q.csv", [rows[0], tuple(bad)], names)
        with pytest.raises(InputError) as error:
            read_events(events, queries=(path,))
        assert message in str(error.value)
    with pytest.raises(InputError, match=r"q\.csv holds no query"):
        read_events(events, queries=(write_csv(tmp_path / "q.csv", [], names),))


def test_mixed_types_are_text(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{"shop":1,"user":1,"product":"7","timestamp":"2020-01-01","extra":[1]}\n'
        '{"shop":"one","user":"two","product":7,"timestamp":1577836801}\n'
    )
    _, rows = read_events(str(path))
    assert [(r["shop"], r["user"], r["product"]) for r in rows] == [
        ("1", "1", "7"),
        ("one", "two", "7"),
    ]


def test_catalogues_join_and_repeat_once(tmp_path):
    events = write_csv(tmp_path / "log.csv")
    rows = [("p,1", "a title", "c"), ("p,1", "b title", "c"), ("p🛒", "", "d"), ("", "x", "y")]
    catalogue = write_csv(tmp_path / "catalogue.csv", rows, ("product", "title", "category"))
    log, _ = read_events(events, catalogue=(catalogue,))
    found = log.catalogue.to_pyarrow().to_pylist()
    assert len(found) == 4  # two products in two shops
    assert {r["title"] for r in found if r["product"] == "p,1"} == {"a title"}
    reasons = {d.reason: d.rows for d in log.drops}
    assert reasons == {"a second row of the same product": 2, "no shop or product": 2}


def test_no_file_and_unknown_formats_are_told(tmp_path):
    (tmp_path / "log.xlsx").write_text("")
    for reference in (tmp_path / "log.xlsx", tmp_path / "absent", tmp_path):
        with pytest.raises(InputError, match=r"wanted: \.parquet"):
            read_events(str(reference))
    with pytest.raises(InputError, match=r"absent\.csv\n  → look at the path"):
        read_events(str(tmp_path / "absent.csv"))
    write_csv(tmp_path / "a.csv")
    write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="several formats: csv, parquet"):
        read_events(str(tmp_path))


def test_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "excel.csv"
    write_csv(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    _, rows = read_events(str(path))
    assert len(rows) == len(ROWS)
    assert {row["shop"] for row in rows} == {"A", "B"}


def test_eight_digits_are_a_day(tmp_path):
    days = [("A", "u", "s", f"p{i}", t) for i, t in enumerate(("20200131", "20191231", "86400"))]
    _, rows = read_events(write_csv(tmp_path / "days.csv", days))
    assert [str(row["timestamp"].date()) for row in rows] == [
        "1970-01-02",
        "2019-12-31",
        "2020-01-31",
    ]
    with pytest.raises(InputError, match="'20201331' is no timestamp"):
        read_events(write_csv(tmp_path / "bad.csv", [("A", "u", "s", "p", "20201331")]))


def test_every_column_that_is_missing_is_named(tmp_path):
    path = write_csv(tmp_path / "x.csv", [("1", "2")], ("a", "b"))
    with pytest.raises(InputError, match="'user', 'product', 'timestamp', 'shop'"):
        read_events(path)


def test_content_is_numbers_in_every_format(tmp_path):
    events = write_csv(tmp_path / "log.csv")
    plain = write_csv(tmp_path / "plain.csv", [("a", "x")], ("product", "title"))
    rows = [("b", "[0.5, -1]"), ("c", ""), ("d", "[1,2]")]
    told = write_csv(tmp_path / "told.csv", rows, ("product", "content"))
    typed = pa.table({"product": ["e"], "content": pa.array([[3.0, 4.0]], pa.list_(pa.float32()))})
    pq.write_table(typed, tmp_path / "typed.parquet")
    catalogues = (f"A={plain}", f"A={told}", f"A={tmp_path / 'typed.parquet'}")
    log = read(ibis.duckdb.connect(), TabularOptions(events=(events,), catalogue=catalogues))
    found = {row["product"]: row["content"] for row in log.catalogue.to_pyarrow().to_pylist()}
    assert found == {"a": None, "b": [0.5, -1.0], "c": None, "d": [1.0, 2.0], "e": [3.0, 4.0]}
    bad = write_csv(tmp_path / "bad.csv", [("b", "[0.5, many]")], ("product", "content"))
    with pytest.raises(InputError, match="1 cells are no lists of numbers"):
        read(ibis.duckdb.connect(), TabularOptions(events=(events,), catalogue=(bad,)))
