"""What scoring costs, beside the bare matrix product, faiss and scikit-learn, in one run.

    python benchmarks/evaluate.py [--quick | --all] [--threads N] [--out FILE]

`translation` at 10,000 x 10,000 and 100,000 x 100,000 products of 100 dimensions (invented: a
shared latent space and noise), each contestant in processes of its own, in turn (`peers.py`): its
best time, and the process's peak memory, data and Python included. Matched scoring of 10,000 events
in catalogues of growing size; 1,000 bootstrap replicates of 20,000 queries x 10 metrics; and the
share of `evaluate`, from a fresh cache, that is not the aligner's. ``--quick`` leaves out the
100,000; ``--all`` evaluates every reference aligner, which takes half an hour. ``--threads 1`` on a
busy machine: others then hardly touch the processor's seconds. ``--translation FILE``:
what `peers.py` has measured in this run already (`all.py`). Needs faiss-cpu ([dev] extra).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from peers import SIZES, D, best, cores, measure, page

import cse_bench
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.metrics import matched
from cse_bench.metrics.bootstrap import REPLICATES, Resampler, interval
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.matched import Neighbours, find_neighbours, place_among_neighbours
from cse_bench.ragged import Ragged
from cse_bench.types import Matrix

PACKAGES = ("numpy", "faiss-cpu", "scikit-learn")
CHEAP = ("random-rotation", "procrustes", "content-knn", "rcsls")


def events_among(n: int, events: int) -> tuple[Matrix, Matrix, Neighbours]:
    """Queries, candidates, and one product of each query, drawn by a long-tailed popularity."""
    rng = np.random.default_rng(0)
    vectors = unit(rng.standard_normal((n, D), dtype=np.float32))
    queries = unit(rng.standard_normal((events, D), dtype=np.float32))
    share = 1 / (10 + rng.permutation(n))
    share /= share.sum()
    popularity = (np.round(4 * np.log2(share * 1e8)) / 4).astype(np.float32)
    targets = Ragged(rng.choice(n, events, p=share), np.arange(events + 1))
    nothing = Ragged(np.empty(0, np.int64), np.zeros(events + 1, np.int64))
    return queries, vectors, find_neighbours(popularity, targets, nothing)


def matched_scoring() -> list[str]:
    """The same events in catalogues of growing size."""
    events = 10_000
    lines = [
        "\n## Matched scoring",
        "",
        f"{events:,} events of one product each; `place_among_neighbours` takes the cheaper way. "
        "Milliseconds of the processors, all together.",
        "",
        "| products | placed | neighbours gathered | block product |",
        "|--:|--:|--:|--:|",
    ]
    for n in (1_000, 10_000, 100_000, 1_000_000):
        given = events_among(n, events)
        _, scored = best(partial(place_among_neighbours, *given), 7)
        _, gathered = best(partial(matched._place_alone, *given), 7)
        product = np.nan
        if n <= 10_000:
            _, product = best(partial(matched._place_in_blocks, *given), 3)
        told = "–" if np.isnan(product) else f"{1e3 * product:.0f}"
        lines.append(f"| {n:,} | {1e3 * scored:.0f} | {1e3 * gathered:.0f} | {told} |")
        if n == 10_000:
            near = given[2]
            alone = 1e9 * gathered / (near.index.size + len(near.item))
            in_blocks = 1e9 * product / (events * n)
    told = (
        f"At 10,000 products a gathered inner product costs {alone:.0f} ns, one of a block product "
        f"{in_blocks:.1f} ns: {alone / in_blocks:.0f} times as much (`GATHERED` = "
        f"{matched.GATHERED}). In a catalogue beyond the caches its vectors come "
        "from memory."
    )
    return [*lines, "", told]


def intervals() -> list[str]:
    """Percentile intervals of ten metrics over groups."""
    queries, metrics = 20_000, 10
    rng = np.random.default_rng(0)
    values = rng.random((queries, metrics))
    values[rng.random(values.shape) < 0.05] = np.nan
    lines = ["\n## Intervals", ""]
    for groups in (500, queries):
        group = rng.integers(0, groups, queries) if groups < queries else np.arange(queries)

        def work(group: np.ndarray = group) -> None:
            drawn = Resampler.over(group).means(values)
            for j in range(metrics):
                interval(drawn[:, j])

        seconds, processor = best(work, 9)
        lines.append(
            f"- {REPLICATES:,} replicates, {queries:,} queries × {metrics} metrics, {groups:,} "
            f"groups: {seconds:.2f} s (goal 1), {processor:.2f} s of the processor"
        )
    return lines


def outside_the_fits(aligners: list[str]) -> list[str]:
    """Seconds of `evaluate` and of the fits in it, one aligner after the other."""
    lines = [
        "\n## Evaluate",
        "",
        "From a fresh cache, in this order, on the embedded release: all tracks, draws, seeds and "
        "both directions, with intervals. The first one also makes floor, reference and oracle.",
        "",
        "| aligner | seconds | of which fits | outside the fits | runs | outside, s a run |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory() as place:
        os.environ["CSE_BENCH_CACHE"] = place
        total = np.zeros(2)
        for name in aligners:
            begin = time.perf_counter()
            result = cse_bench.evaluate(name, out=Path(place) / "results" / name)
            seconds = time.perf_counter() - begin
            fits = sum(run.fit_seconds for run in result.runs)
            outside = seconds - fits
            total += seconds, outside
            lines.append(
                f"| {name} | {seconds:.1f} | {fits:.1f} | {outside / seconds:.0%} "
                f"| {len(result.runs)} | {outside / len(result.runs):.2f} |"
            )
            print(lines[-1], file=sys.stderr)
    lines += ["", f"In all {total[0]:.0f} s, {total[1] / total[0]:.0%} of it outside the fits."]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the 100,000")
    parser.add_argument("--all", action="store_true", help="evaluate every reference aligner")
    parser.add_argument("--threads", type=int, default=len(cores()), help="no more than so many")
    parser.add_argument("--translation", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    fewer = options.threads < len(cores())
    if fewer:
        os.sched_setaffinity(0, cores()[: options.threads])
    sizes = list(SIZES)[: 1 if options.quick else 2]
    flags = [flag for flag in ("--quick", "--all") if getattr(options, flag[2:])]
    flags += [f"--threads {options.threads}"] if fewer else []
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    given = options.translation
    measured = json.loads(given.read_text()) if given else measure(sizes)
    lines = [
        "# What scoring costs",
        "",
        f"`{' '.join(['python', 'benchmarks/evaluate.py', *flags])}`",
        "",
        f"cse-bench {cse_bench.__version__}, Python {platform.python_version()}, {packages}, "
        f"{options.threads} threads; load of the machine at the start {os.getloadavg()[0]:.1f}.",
        *page(measured),
        *matched_scoring(),
        *intervals(),
        *outside_the_fits(list(ALIGNERS if options.all else CHEAP)),
    ]
    text = "\n".join(lines)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
