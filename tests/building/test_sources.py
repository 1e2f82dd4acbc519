"""Every kind of log: built from the command line, scored by every aligner, loaded by datasets.

But for The Complete Journey, which docs/building.md has built and scored.
"""

from __future__ import annotations

import csv
import json

import pytest

import cse_bench
from cse_bench.aligners.loading import find_aligner
from cse_bench.aligners.registry import ALIGNERS
from tests.cli.test_cli import run
from tests.conftest import need
from tests.logs.test_coveo import write_archive
from tests.logs.test_tabular import NAMES, write_csv, write_jsonl
from tests.release.test_release import assert_same_cells, load_in_fresh_process
from tests.small_log import random_events


def tabular_events(shops=2):
    return [(*row[:4], row[4].isoformat()) for row in random_events(users=400, shops=shops)]


def csv_with_mapping(place):
    names = ("store", "visitor", "visit", "sku", "when")
    events = write_csv(place / "log.csv", tabular_events(), names)
    (place / "map.toml").write_text(
        '[events]\nshop="store"\nuser="visitor"\nsession="visit"\nproduct="sku"\ntimestamp="when"\n'
    )
    products = sorted({row[3] for row in tabular_events()})
    rows = [(p, f"kind {p[-1]} thing of shape {p[-2:]}", f"kind {p[-1]}") for p in products]
    catalogue = write_csv(place / "products.csv", rows, ("product", "title", "category"))
    pairs = [("shop 0", p, "shop 1", p) for p in products]
    gold = write_csv(place / "pairs.csv", pairs, ("left_shop", "left", "right_shop", "right"))
    return [
        "tabular", "--events", events, "--mapping", str(place / "map.toml"),
        "--catalogue", catalogue, "--with-pairs", gold, "--pairs-basis", "consent",
    ]  # fmt: skip


def jsonl_without_sessions(place):
    rows = [row[:2] + row[3:] for row in tabular_events(shops=3)]
    events = write_jsonl(place / "log.jsonl", rows, NAMES[:2] + NAMES[3:])
    return ["tabular", "--events", events, "--session-gap", "45"]


def archive(place):
    return ["coveo", "--archive", str(write_archive(place / "archive.zip"))]


def synthetic(place):
    return ["synthetic", "--size", "30000", "--shops", "2", "--asking", "0.3"]


ONE_OF_EACH = ("identity", "content-seeds", "cca", "translation-table", "joint")
"""An aligner for each kind of evidence."""

SCORED = {"csv": tuple(ALIGNERS)}
"""What is scored, where it is not one of each: all on the smallest log."""

SOURCES = {
    "csv": (csv_with_mapping, 2, {"pairs", "content", "cross_sessions"}),
    "jsonl": (jsonl_without_sessions, 3, {"cross_sessions"}),
    "coveo": (archive, 2, set()),
    "synthetic": (synthetic, 2, {"pairs", "content", "cross_sessions"}),
}


@pytest.mark.parametrize("name", SOURCES)
def test_build_score_and_load(tmp_path, key_file, name):
    need("ibis")
    arguments, shops, evidence = SOURCES[name]
    users = {"synthetic": "2"}.get(name, "5")
    trainer = ["--min-users", users, "--gap", "14d", "--key-file", str(key_file)]
    if name in ("csv", "jsonl"):  # few products: no 100 dimensions
        done = run("build", *arguments(tmp_path), "--out", "built", *trainer, cwd=tmp_path)
        assert done.returncode == 2
        assert "dimensions were asked of" in done.stderr
        trainer += ["--dimensions", "8"]
    done = run("build", *arguments(tmp_path), "--out", "built", *trainer, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "rows  products/SHOP1.parquet" in done.stdout
    report = json.loads((tmp_path / "built" / "build_report.json").read_text())
    assert report["read"]
    release = cse_bench.load_release(tmp_path / "built")
    assert len(release.shops) == shops
    for aligner in SCORED.get(name, ONE_OF_EACH):
        uses = find_aligner(aligner).info.uses
        if uses <= evidence:
            tracks = ["pairs-all"] if uses == {"pairs"} else []
            result = cse_bench.evaluate(
                aligner, release, tracks, split="validation", isolation="none"
            )
            assert len({(s.source_shop, s.target_shop) for s in result.scores}) == shops * (
                shops - 1
            )
    loaded = load_in_fresh_process(tmp_path / "built", tmp_path / "cache", tmp_path / "rows.json")
    assert_same_cells(loaded, tmp_path / "built")


def test_the_owner_is_told_which_product_each_id_is(tmp_path):
    need("ibis")
    arguments = csv_with_mapping(tmp_path)
    options = ["--min-users", "5", "--gap", "14d", "--dimensions", "8"]
    options += ["--waive", "unicity", "--because", "invented", "--waive", "membership"]
    options += ["--because", "invented"]
    inside = run("build", *arguments, "--out", "b", "--ids-out", "b/ids.csv", cwd=tmp_path)
    assert inside.returncode == 2
    assert "is to be public" in inside.stderr
    done = run("build", *arguments, "--out", "b", "--ids-out", "ids.csv", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "ids.csv").open() as file:
        rows = list(csv.DictReader(file))
    release = cse_bench.load_release(tmp_path / "b")
    ids = [i for shop in release.shops.values() for i in shop.ids]
    assert [row["product_id"] for row in rows] == ids
    assert {row["shop"] for row in rows} == {"shop 0", "shop 1"}
    raw = {row["product_id"]: row["product"] for row in rows}
    # The log's gold pairs are of products of one raw name.
    pairs = [release.table("pairs", split) for split in ("train", "validation", "test")]
    both = [tuple(row.values()) for table in pairs for row in table.to_pylist()]
    assert both
    assert all(raw[a] == raw[b] for a, b in both)
    for path in (tmp_path / "b").rglob("*"):
        assert path.name != "ids.csv"
