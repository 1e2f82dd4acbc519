"""Builds fail closed, waivers are shown, and anyone can run the gates again."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys

import pytest

import cse_bench
from cse_bench import api
from cse_bench.errors import InputError, ReleaseError
from cse_bench.privacy.registry import GATES
from tests.cli.test_cli import run
from tests.conftest import need
from tests.logs.test_tabular import NAMES, write_parquet
from tests.small_log import random_events

need("ibis")

OPTIONS = {"size": 12_000, "products": 300, "categories": 20}
SECRET = bytes(range(200, 232))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("audit")
    (place / "key").write_bytes(SECRET)
    api.build(
        "synthetic", place / "release", log_options=OPTIONS, dimensions=16, key_file=place / "key"
    )
    return place


@pytest.fixture(scope="module")
def private_events(tmp_path_factory):
    rows = [
        (*row[:4], row[4].isoformat()) for row in random_events(users=200, products=100, visits=16)
    ]
    return write_parquet(tmp_path_factory.mktemp("log") / "log.parquet", rows, NAMES)


def test_the_embedded_release_passes_by_itself():
    done = run("audit")
    assert done.returncode == 0, done.stderr
    for name in GATES:
        assert f" {name}  (" in done.stdout
    assert "no gate failed that is not waived" in done.stdout
    report = json.loads(run("audit", "--json").stdout)
    found = {gate["name"]: gate for gate in report["gates"]}
    assert found["membership"]["verdict"] == found["ids"]["verdict"] == "passed"
    assert found["unicity"]["verdict"] == "waived"
    assert found["support"]["verdict"] == "by the build"
    assert "the build found: passed" in found["support"]["because"]
    assert found["support"]["values"]


def test_a_private_log_fails_closed(tmp_path, private_events, key_file):
    arguments = ["build", "tabular", "--events", private_events, "--out", "out"]
    arguments += ["--dimensions", "8", "--key-file", str(key_file)]
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "the release fails its privacy gates" in done.stderr
    assert "unicity: share of rows singled out by p = 2" in done.stderr
    assert "--waive unicity --because" in done.stderr
    assert list(tmp_path.iterdir()) == []

    done = run(*arguments, "--waive", "unicity", "--because", "both shops agreed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "out" / "README.md").read_text()
    assert "`unicity` is waived: both shops agreed." in card
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["build"]["waivers"] == {"unicity": "both shops agreed"}
    audited = run("audit", "out", cwd=tmp_path)
    assert audited.returncode == 0
    assert "both shops agreed" in audited.stdout


@pytest.mark.parametrize(
    ("waive", "message"),
    [
        (["--waive", "unicity"], "needs its own --because"),
        (["--waive", "unicity", "--because", " "], "waived without a reason"),
        (["--waive", "unicty", "--because", "x"], "did you mean 'unicity'"),
        (["--min-users", "4"], "never below 5"),
    ],
)
def test_a_waiver_is_whole_and_has_its_floor(tmp_path, private_events, waive, message):
    done = run("build", "tabular", "--events", private_events, "--out", "out", *waive, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_leaking_release_fails_its_audit(tmp_path, built):
    shutil.copytree(built / "release", tmp_path / "release")
    (tmp_path / "release" / "notes.pkl").write_bytes(b"mine")
    done = run("audit", tmp_path / "release")
    assert done.returncode == 1
    assert "failed: schema" in done.stdout
    assert "notes.pkl" in done.stdout


def test_what_the_build_found_failed_stays_failed(tmp_path, built):
    shutil.copytree(built / "release", tmp_path / "release")
    path = tmp_path / "release" / "privacy_report.json"
    report = json.loads(path.read_text())
    gate = next(gate for gate in report["gates"] if gate["name"] == "one-row")
    gate["verdict"] = "failed"
    path.write_text(json.dumps(report))
    done = run("audit", tmp_path / "release")
    assert done.returncode == 1
    assert "failed: one-row" in done.stdout


def test_raw_sessions_and_shop_names_of_a_tabular_log_are_known(tmp_path):
    """As the log writes them, not as the reader names them."""
    rows = [(*row[:4], row[4].isoformat()) for row in random_events(users=300)]
    events = write_parquet(tmp_path / "log.parquet", rows, NAMES)
    products = sorted({row[3] for row in rows})
    for leak in ("s7-1", "shop 1"):
        catalogue = [(p, "a thing", leak if p == products[0] else "kind") for p in products]
        path = write_parquet(tmp_path / "c.parquet", catalogue, ("product", "title", "category"))
        with pytest.raises(InputError, match="raw-values: columns with a raw id") as error:
            api.build(
                "tabular",
                tmp_path / "out",
                log_options={"events": (events,), "catalogue": (path,)},
                dimensions=8,
            )
        assert "column category: 1 of 2 values" in str(error.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("log", ["coveo", "synthetic"])
def test_the_card_promises_only_what_holds(tmp_path, built, log):
    from tests.logs.test_coveo import write_archive

    if log == "coveo":
        archive = write_archive(tmp_path / "archive.zip")
        api.build("coveo", tmp_path / "out", log_options={"archive": archive})
    text = ((tmp_path / "out" if log == "coveo" else built / "release") / "README.md").read_text()
    assert ("What is promised" in text) == (log == "synthetic")
    assert ("so is what they promise" in text) == (log == "coveo")
    assert "| `membership` |" in text


def test_with_log_and_key_every_gate_is_run(built):
    report = api.audit(
        built / "release", log="synthetic", log_options=OPTIONS, key_file=built / "key"
    )
    verdicts = {gate.name: gate.verdict for gate in report.gates}
    assert "by the build" not in verdicts.values()
    assert "not checked" not in verdicts.values()
    assert verdicts["id-order"] == verdicts["one-row"] == verdicts["shuffled"] == "passed"
    written = json.loads((built / "release" / "privacy_report.json").read_text())
    assert report.model_dump() == written


def test_another_key_log_or_option_is_told(tmp_path, built):
    release = built / "release"
    (tmp_path / "other").write_bytes(bytes(range(32)))
    with pytest.raises(InputError, match="give another"):
        api.audit(release, log="synthetic", log_options=OPTIONS, key_file=tmp_path / "other")
    with pytest.raises(InputError, match=r"give another|other tables"):
        api.audit(
            release, log="synthetic", log_options=OPTIONS | {"seed": 9}, key_file=built / "key"
        )
    with pytest.raises(InputError, match="was built from synthetic"):
        api.audit(release, log="completejourney", key_file=built / "key")
    with pytest.raises(InputError, match="need its key too"):
        api.audit(release, log="synthetic")
    with pytest.raises(InputError, match="size is about a log, and none is given"):
        api.audit(release, log_options={"seed": None, "size": 5})


def test_a_report_of_another_release_is_refused(tmp_path, built):
    shutil.copytree(built / "release", tmp_path / "release")
    path = tmp_path / "release" / "privacy_report.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "0" * 64}))
    with pytest.raises(ReleaseError, match="is of another release"):
        api.audit(tmp_path / "release")
    path.write_text("{}")
    with pytest.raises(ReleaseError, match="cannot be understood"):
        api.audit(tmp_path / "release")
    path.unlink()
    report = api.audit(tmp_path / "release")
    assert {g.verdict for g in report.gates if GATES[g.name].needs} == {"not checked"}


BUILD = """
import logging
import ibis
logging.basicConfig(level="DEBUG")
ibis.options.verbose = True  # every query is printed
from cse_bench import api
from cse_bench.building import engines

start = engines._spark_session

def talkative(*given):
    session = start(*given)
    session.sparkContext.setLogLevel("INFO")
    return session

engines._spark_session = talkative
api.build("synthetic", "release", log_options=%r, dimensions=16, key_file="key", engine=%r)
"""


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_the_key_is_in_no_file_and_no_log(tmp_path, engine):
    if engine == "spark":
        need("pyspark")
        need_java()
    (tmp_path / "key").write_bytes(SECRET)
    (tmp_path / "log4j2.properties").write_text(
        "rootLogger.level=info\nrootLogger.appenderRef.a.ref=a\n"
        "appender.a.type=File\nappender.a.name=a\nappender.a.fileName=spark.log\n"
        "appender.a.layout.type=PatternLayout\nappender.a.layout.pattern=%m%n\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", BUILD % (OPTIONS, engine)],
        cwd=tmp_path,
        capture_output=True,
        env={
            **os.environ,
            "JAVA_TOOL_OPTIONS": f"{os.environ['JAVA_TOOL_OPTIONS']} "
            f"-Dlog4j2.configurationFile={tmp_path / 'log4j2.properties'}",
        },
    )
    assert done.returncode == 0, done.stderr[-2000:].decode()
    said = done.stdout + done.stderr
    assert b"SELECT" in said
    assert engine == "duckdb" or (tmp_path / "spark.log").stat().st_size > 10_000
    forms = [SECRET, SECRET.hex().encode(), base64.b64encode(SECRET)[:40], repr(SECRET).encode()]
    texts = {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "key"}
    for name, text in {**texts, "output": said}.items():
        for form in forms:
            assert form not in text, name
            assert form.upper() not in text, name
    release = cse_bench.load_release(tmp_path / "release")
    assert "SHOP1" in release.shops


def need_java():
    if shutil.which("java") is None:
        if os.environ.get("CI"):
            pytest.fail("java is not installed")
        pytest.skip("java is not installed: apt-get install openjdk-17-jre-headless")
