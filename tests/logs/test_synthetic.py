"""The synthetic log: its size, its truth, its determinism."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench import api
from cse_bench.errors import InputError
from cse_bench.logs import synthetic
from cse_bench.logs.synthetic import SyntheticOptions, write_log
from tests.conftest import need


def digest(directory: Path) -> str:
    files = sorted(p for p in directory.rglob("*.parquet"))
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def test_size_shops_and_truth(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic, "CHUNK_EVENTS", 5_000)  # several chunks
    write_log(tmp_path, SyntheticOptions(size=30_000, shops=3, products=300, categories=10))
    events = pq.read_table(tmp_path / "events").to_pandas()
    assert 25_000 < len(events) < 35_000
    assert events["shop"].nunique() == 3
    assert not events.isna().any().any()
    assert events.groupby("session")["shop"].nunique().max() == 1
    assert events.groupby("session")["user"].nunique().max() == 1
    catalogue = pq.read_table(tmp_path / "catalogue").to_pandas()
    sold = set(zip(catalogue["shop"], catalogue["product"], strict=True))
    met = set(zip(events["shop"], events["product"], strict=True))
    assert len(met - sold) <= 30  # the one product of a kind that a shop lacks altogether
    pairs = pq.read_table(tmp_path / "pairs").to_pandas()
    title = catalogue.set_index(["shop", "product"])["title"]
    numbers = [[name.split("-")[1] for name in pairs[side]] for side in ("left", "right")]
    assert np.mean(np.array(numbers[0]) == np.array(numbers[1])) < 0.05  # ids tell nothing
    for row in pairs.itertuples():
        assert title[row.left_shop, row.left] == title[row.right_shop, row.right]


def test_the_same_seed_gives_the_same_log(tmp_path):
    options = [SyntheticOptions(size=5_000, seed=s) for s in (0, 0, 1)]
    digests = []
    for number, option in enumerate(options):
        place = tmp_path / str(number)
        place.mkdir()
        write_log(place, option)
        digests.append(digest(place))
    assert digests[0] == digests[1] != digests[2]


def test_a_release_of_it_is_discriminative(tmp_path):
    need("ibis")
    api.build(
        "synthetic", tmp_path / "out", log_options={"size": 60_000, "products": 600}, min_users=5
    )
    result = cse_bench.evaluate("procrustes", tmp_path / "out", ["pairs-all"])
    for score in result.scores:
        if score.metric == "auc" and score.variant in ("real", "rendered"):
            assert score.ci_low > score.floor + 0.05


def test_impossible_worlds_are_refused():
    with pytest.raises(InputError, match="two shops"):
        SyntheticOptions(shops=1)


def test_its_files_are_there_as_long_as_its_events(tmp_path, monkeypatch):
    import gc
    import tempfile
    from dataclasses import replace

    import ibis

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    options = SyntheticOptions(size=2_000, products=200, categories=10)
    log = synthetic.read(ibis.duckdb.connect(), options)
    log = replace(log, pairs=None)  # as with pairs of the user's own
    gc.collect()
    assert log.events.count().to_pyarrow().as_py() > 0
    del log
    gc.collect()
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(synthetic, "write_log", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        synthetic.read(ibis.duckdb.connect(), options)
    assert not list(tmp_path.iterdir()), "what was begun is taken away"
