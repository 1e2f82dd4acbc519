"""The first minute of a new user, timed in a clean virtual environment.

    python benchmarks/first_minute.py [--out benchmarks/first-minute.md]

Makes an environment, installs the package from this checkout, then runs each of the first commands
there, in an empty directory with an empty cache: the wall-clock seconds of each, and the size of
what was installed. How long pip takes depends on the network and on what it has cached.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

COMMANDS = (
    ("--help",),
    ("list",),
    ("new", "mine.py"),
    ("check", "mine.py"),
    ("evaluate", "mine.py", "--quiet"),
    ("evaluate", "mine.py", "--quiet"),
    ("evaluate", "procrustes", "--quiet"),
    ("compare", "results/procrustes/result.json", "results/mine/result.json"),
    ("report", "results/mine/result.json", "--aligner", "mine.py"),
    ("describe",),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "first-minute.md")
    options = parser.parse_args()
    lines = ["| what | seconds | |", "|---|--:|---|"]
    with tempfile.TemporaryDirectory() as place:
        for row in rows(Path(place)):
            print(row, flush=True)
            lines.append(row)
    text = ["# The first minute", "", "`python benchmarks/first_minute.py`", "", *lines, ""]
    options.out.write_text("\n".join(text), encoding="utf-8")


def rows(place: Path) -> Iterator[str]:
    venv = place / "venv"
    timed([sys.executable, "-m", "venv", str(venv)], place)
    bare = size(venv)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    for extra in ("", "[report]"):
        before = size(venv)
        seconds, _ = timed([*pip, f"{ROOT}{extra}"], place)
        more = size(venv) - (before if extra else bare)
        yield f"| `pip install .{extra}` | {seconds:.0f} | {more / 2**20:.0f} MiB |"
    seen = set()
    for command in COMMANDS:
        seconds, done = timed([str(venv / "bin" / "cse-bench"), *command], place)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        note = ""
        if command in seen:
            note = "again, from the cache"
        seen.add(command)
        yield f"| `cse-bench {' '.join(command)}` | {seconds:.2f} | {note.strip()} |"


def timed(command: list[str], place: Path) -> tuple[float, subprocess.CompletedProcess[str]]:
    cache = {"CSE_BENCH_CACHE": str(place / "cache"), "HF_HOME": str(place / "hub")}
    begun = time.perf_counter()
    done = subprocess.run(
        command, cwd=place, env=os.environ | cache, capture_output=True, text=True
    )
    return time.perf_counter() - begun, done


def size(place: Path) -> int:
    """Bytes of the files beneath a directory."""
    return sum(p.stat().st_size for p in place.rglob("*") if p.is_file() and not p.is_symlink())


if __name__ == "__main__":
    main()
