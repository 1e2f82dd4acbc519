"""A build that is killed, at any stage, leaves no release, or the one that was there before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import cse_bench
from cse_bench import api
from cse_bench.building.report import STAGES
from tests.conftest import need

BUILD = """
import sys, time
from cse_bench import api
wanted = sys.argv[1]
def stage(name):
    print(name, flush=True)
    if name == wanted:
        time.sleep(30)   # until the signal comes
api.build("synthetic", "out", log_options={"size": 20_000, "products": 300, "categories": 20},
          min_users=3, replace=True, stage=stage)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    need("ibis")
    directory = tmp_path_factory.mktemp("interrupt")
    options = {"size": 20_000, "products": 300, "categories": 20, "seed": 7}
    api.build("synthetic", directory / "out", log_options=options, min_users=3)
    return directory


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_the_release_before_stays_whole(place, stage, sent):
    before = cse_bench.load_release(place / "out").manifest
    command = [sys.executable, "-c", BUILD, stage]
    child = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in child.stdout:
        if line.decode().strip() == stage:
            break
    os.kill(child.pid, sent)
    child.communicate(timeout=60)
    assert child.returncode != 0
    assert cse_bench.load_release(place / "out").manifest == before
    left = [p.name for p in place.iterdir() if p.name != "out"]
    if sent == signal.SIGINT:
        assert left == []
    else:  # a killed process cannot tidy up; what it leaves is hidden, and no release
        assert all(name.startswith(".out-") for name in left)
