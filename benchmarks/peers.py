"""`translation` scoring beside the bare matrix product and faiss, each in a process of its own.

    python benchmarks/peers.py CONTESTANT PRODUCTS

prints one contestant's best time and the process's peak memory; `benchmarks/evaluate.py` runs them
all. All use as many threads as there are cores.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.cosine import unit
from cse_bench.tasks.translation import PreparedTranslation
from cse_bench.types import Matrix

D, K = 100, 10
SIZES = {10_000: (5, 12), 100_000: (2, 1)}
"""Products of a shop → processes of each contestant, and timed runs in each; the best counts."""


def cores() -> list[int]:
    """Those that this process may use."""
    whole = range(os.cpu_count() or 1)
    return sorted(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else whole)


def best(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Least seconds by the clock on the wall, and least seconds of the processors."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return min(t[0] for t in times), min(t[1] for t in times)


def invented(n: int) -> tuple[Matrix, Matrix]:
    """Two shops in one space; product i of one is product i of the other."""
    rng = np.random.default_rng(0)
    source = rng.standard_normal((n, D), dtype=np.float32)
    return source, source + rng.standard_normal((n, D), dtype=np.float32)


def bare_product(source: Matrix, target: Matrix) -> Callable[[], object]:
    """Blocks of 1,000 queries, each into the same memory: nothing is kept, nothing is read."""
    ours, theirs = unit(source), unit(target).T
    out = np.empty((1_000, len(target)), np.float32)

    def work() -> None:
        for start in range(0, len(ours), len(out)):
            np.matmul(ours[start : start + len(out)], theirs, out=out)

    return work


def scoring(source: Matrix, target: Matrix, *, full: bool = False) -> Callable[[], object]:
    """The task itself: exact ranks with ties, MRR, P@1, P@10, same category, quarters."""
    n = len(source)
    rng = np.random.default_rng(1)
    pairs = np.column_stack([np.arange(n), np.arange(n)])
    category, quarter = rng.integers(0, 200, n), np.arange(n) * 4 // n
    prior = rng.random(n, dtype=np.float32)
    task = PreparedTranslation(pairs=pairs, category=category, quarter=quarter, prior=prior)
    return lambda: task.score(Aligned(source, target), full=full)


def flat_index(source: Matrix, target: Matrix) -> Callable[[], object]:
    """What faiss does: it finds each query's 10 nearest; it gives no ranks beyond them."""
    import faiss

    faiss.omp_set_num_threads(len(cores()))
    ours, theirs = unit(source), unit(target)

    def work() -> None:
        index = faiss.IndexFlatIP(D)
        index.add(theirs)
        index.search(ours, K)

    return work


CONTESTANTS: dict[str, Callable[[Matrix, Matrix], Callable[[], object]]] = {
    "bare matrix product": bare_product,
    "translation, scored": scoring,
    "faiss IndexFlatIP, k = 10": flat_index,
    "translation, in full (a track's first run)": lambda s, t: scoring(s, t, full=True),
}


def peak_memory() -> float:
    """MiB: the process's largest resident set so far."""
    status = Path("/proc/self/status")
    if status.exists():  # `getrusage` would count what the parent held when it forked
        return float(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def contest(name: str, n: int) -> dict[str, float]:
    """Run one contestant; in a process of its own."""
    with threadpool_limits(len(cores())):
        seconds, processor = best(CONTESTANTS[name](*invented(n)), SIZES[n][1])
    return {"seconds": seconds, "processor": processor, "mib": peak_memory()}


def in_its_own_process(*arguments: str) -> dict[str, float]:
    """What a worker of this file prints, told nothing of threads by the environment."""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout)


def square_product() -> float:
    """GFLOP/s of a 4,096 x 4,096 x 4,096 product: what BLAS reaches on this machine."""
    a = np.random.default_rng(0).standard_normal((4096, 4096), dtype=np.float32)
    out = np.empty_like(a)
    with threadpool_limits(len(cores())):
        return 2 * 4096**3 / best(lambda: np.matmul(a, a, out=out), 5)[0] / 1e9


def translation(sizes: list[int]) -> list[str]:
    """Time and memory of every contestant, beside the bare product of its size."""
    limits = [f"a square product of 4,096 runs at {square_product():.0f} GFLOP/s"]
    lines = [
        "\n## Translation",
        "",
        "| products a shop | contestant | seconds | × bare | processor, s | × bare | peak, MiB |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    for n in sizes:
        rounds = [
            {name: in_its_own_process(name, str(n)) for name in CONTESTANTS}
            for _ in range(SIZES[n][0])
        ]
        least = {
            name: {key: min(found[name][key] for found in rounds) for key in rounds[0][name]}
            for name in CONTESTANTS
        }
        bare = least["bare matrix product"]
        for name, found in least.items():
            times = [f"{found[k]:.2f} | {found[k] / bare[k]:.2f}" for k in ("seconds", "processor")]
            lines.append(f"| {n:,} | {name} | {' | '.join(times)} | {found['mib']:.0f} |")
            print(lines[-1], file=sys.stderr)
        rate = 2 * n * n * D / bare["seconds"] / 1e9
        limits.append(f"the bare one of {n:,} at {rate:.0f}")
    told = (
        f"Goal: at most 2 × the bare product, which is the limit: {', '.join(limits)}. Blocks are "
        "counted as they come, one a core, so that memory grows with the catalogue and not with "
        "its square. In full there are CSLS, which needs a second product, of all targets with "
        "all sources, and the popularity prior; nothing is ranked by them, so only a track's first "
        "run has them."
    )
    return [*lines, "", told]


if __name__ == "__main__":
    print(json.dumps(contest(sys.argv[1], int(sys.argv[2]))))
