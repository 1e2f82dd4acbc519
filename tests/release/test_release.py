"""Releases: written and read back, verified, and read alike by `load_dataset`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench import api
from cse_bench.building.keys import Key
from cse_bench.building.pipeline import BuildParameters, build_contents
from cse_bench.errors import CseBenchError, InputError, ReleaseError
from cse_bench.release.manifest import fingerprint_of
from cse_bench.release.read import read_release
from cse_bench.release.write import write_release
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.conftest import need
from tests.small_log import make_log, random_events


def write_small(directory, seed=0, **options):
    log = make_log(random_events(seed=seed), **options)
    contents = build_contents(log, PpmiSvd(4), BuildParameters(min_users=3), Key(bytes(32)))
    directory.mkdir()
    return write_release(directory, contents), contents


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    need("ibis")
    directory = tmp_path_factory.mktemp("release") / "small"
    manifest, contents = write_small(directory)
    return directory, manifest, contents


def test_what_is_written_is_read(small):
    directory, manifest, contents = small
    release = read_release(directory)
    assert release.manifest == manifest
    assert list(release.shops) == ["SHOP1", "SHOP2"]
    for name, table in contents.products.items():
        shop = release.shops[name]
        assert list(shop.ids) == table["product_id"].to_pylist()
        np.testing.assert_array_equal(shop.vectors, np.array(table["embedding"].to_pylist(), "f4"))
        assert not shop.vectors.flags.writeable
        assert list(shop.categories) == table["category"].to_pylist()
    for split in ("train", "validation", "test"):
        table = contents.tables["pairs", split].to_pylist()
        pairs = release.pairs(split, "SHOP1", "SHOP2")
        ids = [release.shops[s].ids for s in ("SHOP1", "SHOP2")]
        assert [[ids[0][a], ids[1][b]] for a, b in pairs] == [
            [row["left_id"], row["right_id"]] for row in table
        ]
        np.testing.assert_array_equal(release.pairs(split, "SHOP2", "SHOP1"), pairs[:, ::-1])
        seen = 0
        for source, target in release.directions:
            rows = release.rows("cross_sessions", split, source, target)
            theirs = [
                row
                for row in contents.tables["cross_sessions", split].to_pylist()
                if (row["source_shop"], row["target_shop"]) == (source, target)
            ]
            seen += len(theirs)
            for i, row in enumerate(theirs):
                assert [release.shops[source].ids[p] for p in rows.source[i]] == row["source"]
                assert [release.shops[target].ids[p] for p in rows.target[i]] == row["target"]
                assert rows.group[i] == (-1 if split == "train" else row["group"])
        assert seen == contents.tables["cross_sessions", split].num_rows


def test_the_fingerprint_is_of_the_tables_alone(small, tmp_path):
    _, manifest, _ = small
    again, _ = write_small(tmp_path / "again")
    assert again.fingerprint == manifest.fingerprint
    other, _ = write_small(tmp_path / "other", seed=1)
    assert other.fingerprint != manifest.fingerprint


def damage_table(directory):
    path = directory / "pairs" / "test.parquet"
    path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    return "pairs/test.parquet"


def drop_table(directory):
    (directory / "products" / "SHOP2.parquet").unlink()
    return "products/SHOP2.parquet is missing"


def swap_tables(directory):
    shutil.copy(directory / "pairs" / "train.parquet", directory / "pairs" / "test.parquet")
    return "pairs/test.parquet"


def cut_manifest(directory):
    path = directory / "manifest.json"
    path.write_text(path.read_text()[:100])
    return "manifest.json is not JSON"


def newer_manifest(directory):
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2}))
    return "schema_version is 2"


def no_manifest(directory):
    (directory / "manifest.json").unlink()
    return "is not a release"


def edited_fingerprint(directory):
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "0" * 64}))
    return "fingerprint"


@pytest.mark.parametrize(
    "harm",
    [
        damage_table,
        drop_table,
        swap_tables,
        cut_manifest,
        newer_manifest,
        no_manifest,
        edited_fingerprint,
    ],
)
def test_a_release_that_is_not_its_manifest_is_refused_by_name(small, tmp_path, harm):
    copy = tmp_path / "copy"
    shutil.copytree(small[0], copy)
    message = harm(copy)
    with pytest.raises(ReleaseError) as error:
        cse_bench.load_release(copy)
    assert message in str(error.value)
    with pytest.raises(ReleaseError, match="no such directory"):
        cse_bench.load_release(tmp_path / "absent")


def test_tables_carry_no_stray_metadata(release):
    for name in release.manifest.files:
        metadata = pq.read_metadata(release.path / name).metadata
        assert set(metadata) <= {b"ARROW:schema"}
        assert pq.read_schema(release.path / name).metadata is None


def test_the_embedded_release_is_small(release):
    files = [p for p in release.path.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 8 * 2**20


LOADER = """
import json, sys
from datasets import load_dataset, get_dataset_config_names
name, out = sys.argv[1:]
assert load_dataset(name)["SHOP1"].features["embedding"].length > 0   # bare: products
rows = {c: {s: d.to_list() for s, d in load_dataset(name, c).items()}
        for c in get_dataset_config_names(name)}
json.dump(rows, open(out, "w"))
"""


def load_in_fresh_process(directory, cache, out):
    """Every config and split through plain `load_dataset`, by the folder's bare name, offline."""
    environment = os.environ | {"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1"}
    subprocess.run(
        [sys.executable, "-c", LOADER, directory.name, str(out)],
        cwd=directory.parent,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(out.read_text())


def assert_same_cells(loaded, directory):
    release = read_release(directory)
    seen = set()
    for path in release.manifest.files:
        config, split = path.removesuffix(".parquet").split("/")
        expected = pq.read_table(directory / path)
        assert loaded[config][split] == expected.to_pylist(), path
        seen.add((config, split))
    assert seen == {(c, s) for c, splits in loaded.items() for s in splits}
    for name, shop in release.shops.items():
        rows = loaded["products"][name]
        assert [r["product_id"] for r in rows] == list(shop.ids)
        np.testing.assert_array_equal(np.array([r["embedding"] for r in rows], "f4"), shop.vectors)
        np.testing.assert_array_equal(
            np.array([r["popularity"] for r in rows], "f4"), shop.popularity
        )
        if shop.content is not None:
            np.testing.assert_array_equal(
                np.array([r["content"] for r in rows], "f4"), shop.content
            )
    for split in loaded.get("rendered", {}):
        for source, target in release.directions:
            ours = release.rows("rendered", split, source, target)
            theirs = [
                r
                for r in loaded["rendered"][split]
                if (r["source_shop"], r["target_shop"]) == (source, target)
            ]
            ids = release.shops[target].ids
            assert [[ids[i] for i in row] for row in ours.target] == [r["target"] for r in theirs]


def test_load_dataset_equals_the_reader_and_is_never_stale(tmp_path):
    need("ibis")
    directory = tmp_path / "cross-shop-embeddings"
    for seed in (0, 1):  # the second rebuilds the same folder, with the same cache
        shutil.rmtree(directory, ignore_errors=True)
        write_small(directory, seed=seed)
        loaded = load_in_fresh_process(directory, tmp_path / "cache", tmp_path / f"{seed}.json")
        assert_same_cells(loaded, directory)


def test_load_dataset_reads_the_downloaded_release(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    directory = api.download()
    loaded = load_in_fresh_process(directory.absolute(), tmp_path / "cache", tmp_path / "o.json")
    assert_same_cells(loaded, directory)


def test_download_repeats_quietly_and_overwrites_nothing(tmp_path):
    target = tmp_path / "here"
    assert api.download(target) == target
    assert api.download(target) == target
    (target / "pairs" / "test.parquet").write_bytes(b"changed")
    with pytest.raises(ReleaseError, match=r"pairs/test\.parquet"):
        api.download(target)
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="exists already"):
        api.download(foreign)
    assert (foreign / "thesis.txt").read_text() == "years of work"


def test_a_release_and_a_shop_are_shown_in_a_line(release):
    assert repr(release.shops["SHOP1"]) == "<SHOP1: 8,434 products, 64 dimensions>"
    assert len(repr(release)) < 1000
    assert "cross-shop-embeddings 1.0.0" in repr(release)


def test_a_release_without_content_or_pairs_is_read(tmp_path):
    need("ibis")
    log = make_log(random_events(), pairs=False)
    bare = log.catalogue.mutate(title=log.catalogue.title.nullif(log.catalogue.title))
    contents = build_contents(
        replace(log, catalogue=bare), PpmiSvd(4), BuildParameters(min_users=3), Key(bytes(32))
    )
    directory = tmp_path / "bare"
    directory.mkdir()
    write_release(directory, contents)
    release = read_release(directory)
    assert release.shops["SHOP1"].content is None
    assert len(release.pairs("test", "SHOP1", "SHOP2")) == 0
    loaded = load_in_fresh_process(directory, tmp_path / "cache", tmp_path / "o.json")
    assert set(loaded) == {"products", "sessions", "cross_sessions"}


@pytest.mark.parametrize(
    "name", ["../evil.parquet", "/etc/x.parquet", "a/b/c.parquet", "x.parquet"]
)
def test_a_manifest_names_nothing_outside_of_its_release(small, tmp_path, name):
    directory = small[0]
    shutil.copytree(directory, tmp_path / "copy")
    raw = json.loads((directory / "manifest.json").read_text())
    raw["files"][name] = next(iter(raw["files"].values()))
    (tmp_path / "copy" / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(ReleaseError, match="files"):
        read_release(tmp_path / "copy")


def test_a_shop_whose_table_is_not_listed_is_not_read(small, tmp_path):
    directory, manifest, _ = small
    shutil.copytree(directory, tmp_path / "copy")
    files = {n: e for n, e in manifest.files.items() if n != "products/SHOP2.parquet"}
    less = manifest.model_copy(update={"files": files, "fingerprint": fingerprint_of(files)})
    (tmp_path / "copy" / "manifest.json").write_text(less.model_dump_json())
    with pytest.raises(ReleaseError, match=r"lists the shop SHOP2, but no SHOP2\.parquet"):
        read_release(tmp_path / "copy")


def test_a_shop_that_is_not_there_is_named(release):
    for ask in (
        lambda: release.pairs("train", "SHOP1", "SHOP9"),
        lambda: release.rows("rendered", "test", "SHOP9", "SHOP1"),
        lambda: release.sessions("train", "SHOP9"),
    ):
        with pytest.raises(ReleaseError, match=r"no shop 'SHOP9'(.|\n)*SHOP1"):
            ask()


def test_a_folder_that_is_not_there_is_told_before_the_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CseBenchError, match="there is no folder rel/nothere here"):
        cse_bench.load_release("rel/nothere")
