"""The README is a contract: its commands run, in order, in one place; its Python runs too."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, need

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SKIPPED = ("pip install", "pytest")
"""Done by `.ci/run` in fresh environments, before and around these tests."""


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.S)


def commands():
    lines = [line for block in blocks("bash") for line in block.strip().splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if not part.startswith(SKIPPED)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with the examples, as a checkout has them."""
    directory = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", directory / "examples")
    (directory / "leaderboard").symlink_to(ROOT / "leaderboard")
    return directory


def run(command, place):
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(place / "cache")}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)


def test_the_readme_has_its_two_commands():
    assert blocks("bash")[0].strip() == (
        "pip install -e . && cse-bench evaluate examples/my_aligner.py"
    )
    assert "pip install -e '.[dev]' && pytest" in TEXT
    assert len(commands()) >= 6


def test_every_command_runs(place):
    need("ibis")
    for command in commands():
        program, *arguments = shlex.split(command)
        assert program == "cse-bench"
        done = run([sys.executable, "-m", "cse_bench", *arguments], place)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert (place / "results" / "my-aligner" / "result.json").is_file()


def test_every_python_block_runs(place):
    run([sys.executable, "-m", "cse_bench", "download"], place)
    for number, block in enumerate(blocks("python")):
        done = run([sys.executable, "-c", block], place)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        if "(Aligner)" in block:
            file = place / f"block_{number}.py"
            file.write_text(block)
            checked = run([sys.executable, "-m", "cse_bench", "check", str(file)], place)
            assert checked.returncode == 0, checked.stdout
