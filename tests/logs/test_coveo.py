"""The paper's archive: a small invented one, in the documented format."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pytest

import cse_bench
from cse_bench import api
from cse_bench.errors import InputError
from cse_bench.logs.coveo import read_archive
from tests.conftest import need


def write_archive(path, *, sessions=400, seed=0, **replaced):
    """An archive of two small shops, whose aligned vectors are truly aligned. Invented data."""
    rng = np.random.default_rng(seed)
    n, d = 60, 12
    latent = rng.standard_normal((n, d))
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    names = {s: [f"SHOP{s}_SKU{i}" for i in range(n)] for s in (1, 2)}
    rows = []
    for _ in range(sessions):
        first, second = rng.permutation([1, 2])
        near = np.argsort(-latent @ latent[rng.integers(n)])[:12]
        rows.append(
            [names[first][i] for i in rng.choice(near, rng.integers(1, 4))]
            + [names[second][i] for i in rng.choice(near, rng.integers(1, 3))]
        )
    files = {
        "cross_shop_sessions.json": rows,
        "shop1_original_vectors.json": dict(zip(names[1], latent.tolist(), strict=True)),
        "shop2_original_vectors.json": dict(
            zip(names[2], (latent @ rotation).tolist(), strict=True)
        ),
        "shop1_aligned_vectors.json": dict(zip(names[1], latent.tolist(), strict=True)),
        "shop2_aligned_vectors.json": dict(zip(names[2], latent.tolist(), strict=True)),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | replaced).items():
            if content is not None:
                data = content if isinstance(content, bytes) else json.dumps(content)
                archive.writestr(f"release/{name}", data)
    return path


def test_the_archive_becomes_a_release_that_cannot_be_passed_on(tmp_path, key_file):
    need("ibis")
    path = write_archive(tmp_path / "archive.zip")
    options = {"log_options": {"archive": path}, "name": "paper", "key_file": key_file}
    manifest = api.build("coveo", tmp_path / "out", **options)
    assert not manifest.redistributable
    release = cse_bench.load_release(tmp_path / "out")
    assert {name.split("/")[0] for name in manifest.files} == {
        "products",
        "cross_sessions",
        "aligned",
    }
    assert sum(e.rows for n, e in manifest.files.items() if n.startswith("cross")) == 400
    result = cse_bench.evaluate("random-rotation", release)
    assert {s.task for s in result.scores} == {"next_event"}
    control = [
        s
        for s in result.scores
        if (s.track, s.variant, s.metric) == ("paper-aligned", "real", "auc")
    ]
    assert len(control) == 2
    for score in control:
        assert score.ci_low > score.floor + 0.05  # truly aligned vectors are seen to be so
    with pytest.raises(InputError, match="uses pairs, but the release paper has none"):
        cse_bench.evaluate("procrustes", release)


def test_the_same_archive_unpacked(tmp_path):
    path = write_archive(tmp_path / "archive.zip")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    packed, unpacked = read_archive(path), read_archive(tmp_path / "unpacked")
    assert packed.sessions == unpacked.sessions
    np.testing.assert_array_equal(packed.original["SHOP1"], unpacked.original["SHOP1"])


def test_parts_are_the_first_shop_then_the_next(tmp_path):
    rows = [
        ["SHOP1_SKU1", "SHOP1_SKU2", "SHOP2_SKU3"],
        ["SHOP2_SKU3", "SHOP1_SKU1", "SHOP2_SKU4"],
        ["SHOP1_SKU1", "SHOP1_SKU2"],
        ["SHOP1_SKU999", "SHOP1_SKU1", "SHOP2_SKU3"],
    ]
    archive = read_archive(write_archive(tmp_path / "a.zip", **{"cross_shop_sessions.json": rows}))
    assert archive.sessions == [
        (["SHOP1_SKU1", "SHOP1_SKU2"], ["SHOP2_SKU3"]),
        (["SHOP2_SKU3"], ["SHOP1_SKU1"]),
        (["SHOP1_SKU1"], ["SHOP2_SKU3"]),
    ]
    assert sum(drop.rows for drop in archive.drops) == 3


BAD = {
    "pickles are never loaded": {"vectors.pkl": pickle.dumps({})},
    "is not JSON": {"cross_shop_sessions.json": b'[["SHOP1_SKU1", "SH'},
    "holds 0 JSON lists": {"cross_shop_sessions.json": None},
    "of 1 shops": {"shop2_original_vectors.json": None},
    "session 0 is no list of ids": {"cross_shop_sessions.json": [[1, 2]]},
    "SHOP1_SKU1 has a vector of shape (2,)": {
        "shop1_original_vectors.json": {"SHOP1_SKU0": [1.0], "SHOP1_SKU1": [1.0, 2.0]}
    },
    "has no vector of numbers": {"shop1_original_vectors.json": {"SHOP1_SKU0": "vector"}},
    "has no aligned vector": {"shop1_aligned_vectors.json": {"SHOP1_SKU0": [1.0]}},
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_archive_is_told(tmp_path, message):
    with pytest.raises(InputError) as error:
        read_archive(write_archive(tmp_path / "a.zip", **BAD[message]))
    assert message in str(error.value)


def test_an_archive_cut_short_is_told(tmp_path):
    path = write_archive(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="no complete zip"):
        read_archive(path)
    with pytest.raises(InputError, match="there is no archive"):
        read_archive(tmp_path / "b.zip")
