"""README and docs are a contract: their commands run, in order, in one place; their Python too."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, need

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
SKIPPED = ("pip install", "pytest")
"""Done by `.ci/run` in fresh environments, before and around these tests."""


def blocks(language, page=README):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S)


def commands(page=README):
    lines = [line for block in blocks("bash", page) for line in block.strip().splitlines()]
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
    assert blocks("bash")[-1].strip() == "pip install -e '.[dev]' && pytest"
    assert len(commands()) >= 6


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_runs(page, place):
    need("ibis")
    need("optuna")
    for command in commands(page):
        program, *arguments = shlex.split(command)
        assert program == "cse-bench"
        done = run([sys.executable, "-m", "cse_bench", *arguments], place)
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_every_python_block_runs(place):
    run([sys.executable, "-m", "cse_bench", "download"], place)
    found = [block for page in PAGES for block in blocks("python", page)]
    assert len(found) >= 2
    for number, block in enumerate(found):
        done = run([sys.executable, "-c", block], place)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        if "(Aligner)" in block:
            file = place / f"block_{number}.py"
            file.write_text(block)
            checked = run([sys.executable, "-m", "cse_bench", "check", str(file)], place)
            assert checked.returncode == 0, checked.stdout
