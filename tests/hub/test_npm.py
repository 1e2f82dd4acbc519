"""The Hub's JavaScript client reads what was published, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cse_bench.hub.publish import carry_out

CLIENT = Path(__file__).with_name("npm")


@pytest.fixture(scope="module")
def node():
    """Node and the client; a user may lack them."""
    found = shutil.which("node")
    if found is None or not (CLIENT / "node_modules").is_dir():
        what = f"node, and `npm ci --prefix {CLIENT}`, are needed"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
    return found


@pytest.mark.parametrize("plain_http", [True, False], ids=["plain HTTP", "Xet"])
def test_the_npm_client_reads_every_file(server, hub, staged, repo, node, monkeypatch, plain_http):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", plain_http)
    carry_out(hub, staged.to(repo), staged.manifest)
    command = [node, str(CLIENT / "read.mjs"), server.url, repo, "v1.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    digests = json.loads(done.stdout)
    assert digests.pop(".gitattributes")
    assert digests == {file.path: file.sha256 for file in staged.plan.files}
