"""What the sandbox costs: from the start of a process to the first line of the aligner, and whole.

    python benchmarks/sandbox.py [--repeats 25] [--threads 1]

Four ways to the same line, in turns, so that the machine's moods meet all of them alike: a plain
``python -I`` child that imports NumPy; the same that imports `Aligner` too; and the two sandboxes,
on a file that imports NumPy first. Their whole is with a fit, from inputs in place to output read.
Milliseconds to the line, the fastest and the median of the turns, with what the child's processor
had done by then (the fastest; without bubblewrap's own part), and the median of the whole.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cse_bench
from cse_bench.aligners.loading import read_aligner
from cse_bench.harness.direction import Direction
from cse_bench.harness.sandbox import fit, paths, process
from cse_bench.harness.sandbox.backends import BACKENDS, problem
from cse_bench.harness.sandbox.fit import Sandbox
from cse_bench.harness.sandbox.limits import Limits

FIRST_LINE = (
    "import numpy, time; "
    "print(time.clock_gettime_ns(time.CLOCK_MONOTONIC), time.process_time_ns(), flush=True)\n"
)
ALIGNER = (
    FIRST_LINE
    + """
from cse_bench import Aligner
class Timed(Aligner):
    name = "timed"
    def fit(self, source, target, evidence):
        return self
    def transform(self, shop):
        return shop.vectors * 2
"""
)
Times = tuple[float, float, float]
"""Milliseconds to the first line, of the whole, and of the child's processor by the first line."""
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); from cse_bench import Aligner\n"


def plain(code: str, threads: int) -> Times:
    """Milliseconds to the first line and of the whole of a plain child."""
    command = [sys.executable, "-I", "-B", "-c", code, str(paths.PACKAGE.parent)]
    environment = {"OPENBLAS_NUM_THREADS": str(threads)}
    begun = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    whole = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begun
    first, busy = map(int, done.stdout.split())
    return (first - begun) / 1e6, whole / 1e6, busy / 1e6


def confined(sandbox: Sandbox, file: Path, direction: Direction) -> Times:
    """The same of a fit in the sandbox, whose inputs were written before."""
    said: list[str] = []
    begun: list[int] = []
    ended: list[int] = []

    def timed(*given: Any, **more: Any) -> Any:
        begun.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC))
        ending = process.run_child(*given, **more)
        ended.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC))
        return ending

    fit.run_child = timed
    fit._show_log = lambda name, log: said.append(log)
    sandbox.fit(read_aligner(file), 0, direction, direction.evidence, 0)
    first, busy = map(int, said[0].split())
    return (first - begun[0]) / 1e6, (ended[0] - begun[0]) / 1e6, busy / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    compileall.compile_dir(paths.PACKAGE, quiet=1)  # as pip does
    release = cse_bench.load_release()
    direction = Direction.prepare(release, "validation", "SHOP1", "SHOP2")
    ways = {
        "python -I, import numpy": lambda: plain(FIRST_LINE, given.threads),
        "python -I, import Aligner": lambda: plain(IMPORT + FIRST_LINE, given.threads),
    }
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "timed.py"
        file.write_text(ALIGNER)
        for name, backend in BACKENDS.items():
            if problem(name) is None:
                sandbox = Sandbox(backend, Limits(threads=given.threads))
                ways[name] = lambda box=sandbox: confined(box, file, direction)  # type: ignore[misc]
        taken: dict[str, list[Times]] = {name: [] for name in ways}
        for turn in range(given.repeats + 2):
            for name, way in ways.items():
                measured = way()
                if turn >= 2:
                    taken[name].append(measured)
    print(f"{given.repeats} turns, {given.threads} thread(s), {os.cpu_count()} cores")
    print("| way | fastest | median | more than the first way | its processor time | whole |")
    print("|---|---|---|---|---|---|")
    base = [first for first, _, _ in taken["python -I, import numpy"]]
    for name, turns in taken.items():
        first, whole, busy = zip(*turns, strict=True)
        more = [min(first) - min(base), statistics.median(first) - statistics.median(base)]
        print(
            f"| {name} | {min(first):.1f} | {statistics.median(first):.1f} "
            f"| {more[0]:+.1f}, {more[1]:+.1f} | {min(busy):.1f} | {statistics.median(whole):.1f} |"
        )


if __name__ == "__main__":
    main()
