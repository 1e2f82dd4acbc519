"""A stranger reads exactly what was built: by tag, in a fresh process, with the usual clients."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cse_bench import api
from tests.hub.conftest import USERS, run, settings
from tests.hub_server import HubServer

REPO = "org/cross-shop-embeddings"
READER = Path(__file__).with_name("reader.py")


UPLOAD = """
import sys
from pathlib import Path
from cse_bench.hub.client import Hub
from cse_bench.hub.plan import Order, first_plan
from cse_bench.hub.publish import carry_out
from cse_bench.release.manifest import read_manifest
stage, manifest = Path(sys.argv[1]), read_manifest(Path(sys.argv[1]))
print(carry_out(Hub(), first_plan(Order(sys.argv[2], "v1"), stage, manifest), manifest).said)
"""
"""What `publish` does once a release is rendered and checked, which need not be done twice."""


def publish_embedded(rendered, env):
    """The first time by the command itself; then what that has rendered, over the other way."""
    if not rendered.is_dir():
        done = run("publish", api.EMBEDDED, "--repo", REPO, "--tag", "v1", env=env)
        assert done.returncode == 0, done.stderr
        done = run("download", f"{REPO}@v1", "--to", rendered, env=env)
    else:
        command = [sys.executable, "-c", UPLOAD, str(rendered), REPO]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["plain HTTP", "Xet"])
def published(request, tmp_path_factory, built):
    """A stand-in where the embedded release was published as v1, the small one as v2."""
    place = tmp_path_factory.mktemp("read-back")
    server = HubServer(place / "storage", USERS)
    plain = {"HF_HUB_DISABLE_XET": "1"} if request.param == "plain HTTP" else {}
    env = settings(server, place / "publisher", **plain)
    publish_embedded(tmp_path_factory.getbasetemp() / "rendered", env)
    done = run("publish", built.path, "--repo", REPO, "--tag", "v2", env=env)
    assert done.returncode == 0, done.stderr
    xet = any("xet-write-token" in line for line in server.requests)
    http = any("lfs/upload" in line for line in server.requests)
    assert (xet, http) == (request.param == "Xet", request.param != "Xet")
    yield server, {"v1": api.embedded_directory(), "v2": built.path}, plain
    server.stop()


def test_a_fresh_process_loads_every_split_of_each_version_cell_by_cell(published, tmp_path):
    server, release, plain = published
    before = len(server.requests)
    places = json.dumps({tag: str(path) for tag, path in release.items()})
    env = settings(server, tmp_path / "fresh", token=None, **plain)
    done = subprocess.run(
        [sys.executable, str(READER), REPO, places], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    expected = {
        f"{tag} {path.parent.name}/{path.stem}"
        for tag, place in release.items()
        for path in place.glob("*/*.parquet")
    }
    assert set(seen) == expected
    assert len(server.requests) > before, "it was read from a cache"


def test_the_cards_own_snippet_runs(published, tmp_path):
    server, _, plain = published
    env = settings(server, tmp_path / "home", token=None, **plain)
    done = run("download", f"{REPO}@v1", "--to", tmp_path / "copy", env=env)
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "copy" / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", card, flags=re.S)
    assert 'revision="v1"' in snippet
    files = json.loads((tmp_path / "copy" / "manifest.json").read_text())["files"]
    rows = files["products/SHOP1.parquet"]["rows"]
    code = snippet + f"\nassert products['SHOP1'].num_rows == {rows}, products\nassert crossings"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_mlcroissant_reads_it_from_the_web_and_checks_the_digests(published, tmp_path):
    server, release, _ = published
    place = f"{server.url}/datasets/{REPO}/resolve/v2"
    code = (
        "import mlcroissant as mlc, sys\n"
        f"data = mlc.Dataset(jsonld='{place}/croissant.json')\n"
        "print(sum(1 for _ in data.records('pairs/test')))"
    )
    env = settings(server, tmp_path, token=None)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads((release["v2"] / "manifest.json").read_text())["files"]
    assert int(done.stdout) == rows["pairs/test.parquet"]["rows"]
