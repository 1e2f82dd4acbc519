"""Time the main job, beside named peers, in one run.

    python benchmarks/main_job.py [--build]

Prints: start-up of the command line against importing click; `evaluate procrustes` (all tracks,
draws, both directions, with intervals) in seconds and peak memory; scoring of `translation` against
the bare matrix product of the same shape; with ``--build``, building the release.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

import numpy as np

import cse_bench
from cse_bench.metrics.blocks import for_each_block
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.ranking import count_above, hits_at, reciprocal_rank


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median wall-clock time, after one run to warm up."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return median(times)


def process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def start_up() -> None:
    help_time = seconds(process("-m", "cse_bench", "--help"), 15)
    click_time = seconds(process("-c", "import click"), 15)
    package_time = seconds(process("-c", "import cse_bench"), 15)
    bare_time = seconds(process("-c", "pass"), 15)
    print(
        f"--help {help_time * 1e3:.0f} ms, import click {click_time * 1e3:.0f} ms: "
        f"{help_time / click_time:.2f}x (goal 3x)"
    )
    print(f"import cse_bench {(package_time - bare_time) * 1e3:.0f} ms over bare Python (goal 50)")


def evaluate() -> None:
    with tempfile.TemporaryDirectory() as place:
        run = process(
            "-m",
            "cse_bench",
            "evaluate",
            "procrustes",
            "--out",
            f"{place}/r",
            "--quiet",
            "--no-cache",
        )
        taken = seconds(run, 3)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"evaluate procrustes {taken:.1f} s (goal 15), peak {peak:.2f} GiB (goal 1)")


def translation() -> None:
    release = cse_bench.load_release()
    source, target = (unit(release.shops[name].vectors) for name in ("SHOP1", "SHOP2"))
    pairs = release.pairs("test", "SHOP1", "SHOP2")
    queries, item = np.ascontiguousarray(source[pairs[:, 0]]), pairs[:, 1]

    def score() -> None:
        greater, ties = np.empty((2, len(item)), np.int64)

        def visit(part: slice, scores: np.ndarray) -> None:
            own = scores[np.arange(len(scores)), item[part]]
            greater[part], ties[part] = count_above(scores, own)

        for_each_block(queries, target, visit)
        reciprocal_rank(greater, ties), hits_at(1, greater, ties), hits_at(10, greater, ties)

    product = seconds(lambda: queries @ target.T, 15)
    scored = seconds(score, 15)
    shape = f"{len(queries)} x {len(target)} x {target.shape[1]}"
    rate = 2 * len(queries) * target.size / product / 1e9
    print(
        f"translation scoring {scored * 1e3:.0f} ms, bare product {product * 1e3:.0f} ms "
        f"({shape}, {rate:.0f} GFLOP/s): {scored / product:.2f}x (goal 2.5x)"
    )


def build() -> None:
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        process("-m", "cse_bench", "build", "completejourney", "--out", f"{place}/r")()
        print(f"build completejourney, ppmi-svd {time.perf_counter() - begin:.0f} s (goal 120)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true", help="also time a build ([build] extra)")
    arguments = parser.parse_args()
    versions = f"numpy {np.__version__}, Python {platform.python_version()}"
    print(f"cse-bench {cse_bench.__version__}, {versions}")
    start_up()
    evaluate()
    translation()
    if arguments.build:
        build()


if __name__ == "__main__":
    main()
