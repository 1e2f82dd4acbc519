"""The README's figures are those of the entries, the release and the benchmarks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tests.conftest import ROOT


def filled(root, *arguments):
    return subprocess.run(
        [sys.executable, root / "benchmarks" / "figures.py", *arguments],
        capture_output=True,
        text=True,
    )


def test_the_readme_says_what_was_measured():
    done = filled(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_figure_that_was_changed_by_hand_is_seen_and_written_anew(tmp_path):
    for name in ("README.md", "benchmarks/figures.py", "benchmarks/peers.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "leaderboard").symlink_to(ROOT / "leaderboard")
    readme = tmp_path / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(r"\d+%", "999%", text, count=1), encoding="utf-8")
    assert "999%" in readme.read_text(encoding="utf-8")
    done = filled(tmp_path, "--check")
    assert done.returncode == 1
    assert "python benchmarks/figures.py" in done.stderr
    assert filled(tmp_path).returncode == 0
    assert readme.read_text(encoding="utf-8") == text
