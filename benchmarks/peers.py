"""`translation` scoring beside the bare matrix product, faiss and scikit-learn, a process each.

    python benchmarks/peers.py CONTESTANT PRODUCTS

prints one contestant's best time, the process's peak memory, and how many queries found their pair
among the 10 nearest, in which all must agree; `benchmarks/evaluate.py` and `benchmarks/all.py` run
them all. All use as many threads as there are cores.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.cosine import unit
from cse_bench.tasks.translation import PreparedTranslation
from cse_bench.types import Floats, Matrix

D, K = 100, 10
SIZES = {10_000: (5, 12), 100_000: (2, 1)}
"""Products of a shop → processes of each contestant, and timed runs in each; the best counts."""
MEASURES = ("seconds", "processor", "mib")
AGREED = 5e-4
"""Rounding may move a pair across the tenth place; so large a share of the queries it does not."""


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
    """Two shops in one space; product i of one is product i of the other.

    There is so much noise that many pairs are not found: else to agree on them would say little.
    """
    rng = np.random.default_rng(0)
    source = rng.standard_normal((n, D), dtype=np.float32)
    return source, source + 3 * rng.standard_normal((n, D), dtype=np.float32)


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

    def work() -> object:
        index = faiss.IndexFlatIP(D)
        index.add(theirs)
        return index.search(ours, K)

    return work


def brute_neighbours(source: Matrix, target: Matrix) -> Callable[[], object]:
    """What scikit-learn does: the same 10, by the distance of unit vectors, in order of cosine.

    Its ``metric="cosine"`` finds the same and takes half as long again.
    """
    from sklearn.neighbors import NearestNeighbors

    ours, theirs = unit(source), unit(target)
    search = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="euclidean", n_jobs=-1)
    return lambda: search.fit(theirs).kneighbors(ours)


def scored_hits(answer: Any) -> Floats:
    """Of our scores: whether each query's pair is among its 10 nearest."""
    return next(s for s in answer if s.variant == "cosine").metrics["p@10"]


def found_hits(answer: Any) -> Floats:
    """The same of a peer's distances and neighbours."""
    neighbours = answer[1]
    return (neighbours == np.arange(len(neighbours))[:, None]).any(axis=1).astype(np.float64)


@dataclass(frozen=True)
class Contestant:
    """One way to do it.

    Attributes
    ----------
    prepare : callable
        From the two shops' vectors to the work that is timed.
    hits : callable or None
        From what the work gave to whether each query's pair is among its 10 nearest; None where it
        does not say.
    """

    prepare: Callable[[Matrix, Matrix], Callable[[], object]]
    hits: Callable[[Any], Floats] | None


BARE, OURS, FAISS = "bare matrix product", "translation, scored", "faiss IndexFlatIP, k = 10"
BRUTE = "scikit-learn brute neighbours, k = 10"
CONTESTANTS = {
    BARE: Contestant(bare_product, None),
    OURS: Contestant(scoring, scored_hits),
    FAISS: Contestant(flat_index, found_hits),
    BRUTE: Contestant(brute_neighbours, found_hits),
    "translation, in full (a track's first run)": Contestant(
        lambda s, t: scoring(s, t, full=True), scored_hits
    ),
}


def peak_memory() -> float:
    """MiB: the process's largest resident set so far."""
    status = Path("/proc/self/status")
    if status.exists():  # `getrusage` would count what the parent held when it forked
        return float(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def contest(name: str, n: int) -> dict[str, Any]:
    """Run one contestant; in a process of its own."""
    contestant = CONTESTANTS[name]
    answer: object = None

    def keep() -> None:
        nonlocal answer
        answer = work()

    with threadpool_limits(len(cores())):
        work = contestant.prepare(*invented(n))
        seconds, processor = best(keep, SIZES[n][1])
    found = {"seconds": seconds, "processor": processor, "mib": peak_memory()}
    hits = contestant.hits
    return found | {"p@10": None if hits is None else float(hits(answer).mean())}


def in_its_own_process(*arguments: str) -> dict[str, Any]:
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


def measure(sizes: list[int]) -> list[dict[str, Any]]:
    """Run all contestants, in turn: a record of each size and contestant."""
    records = []
    for n in sizes:
        rounds = [
            {name: in_its_own_process(name, str(n)) for name in CONTESTANTS}
            for _ in range(SIZES[n][0])
        ]
        found = {name: rounds[0][name]["p@10"] for name in CONTESTANTS}
        agree(found)
        for name in CONTESTANTS:
            least = {k: min(turn[name][k] for turn in rounds) for k in MEASURES}
            records.append({"products": n, "contestant": name, **least, "p@10": found[name]})
            print(f"translation, {n:,}: {name}, {least['seconds']:.2f} s", file=sys.stderr)
    return records


def agree(found: dict[str, float | None]) -> None:
    """Whether all found as many pairs among the 10 nearest."""
    said = [share for share in found.values() if share is not None]
    if max(said) - min(said) > AGREED:
        raise SystemExit(f"the contestants do not agree: {found}")


def page(records: list[dict[str, Any]]) -> list[str]:
    """Time and memory of every contestant, beside the bare product of its size."""
    limits = [f"a square product of 4,096 runs at {square_product():.0f} GFLOP/s"]
    lines = [
        "\n## Translation",
        "",
        "| products a shop | contestant | seconds | × bare | processor, s | × bare | peak, MiB |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    bare = {r["products"]: r for r in records if r["contestant"] == BARE}
    for found in records:
        n = found["products"]
        times = [f"{found[k]:.2f} | {found[k] / bare[n][k]:.2f}" for k in MEASURES[:2]]
        lines.append(
            f"| {n:,} | {found['contestant']} | {' | '.join(times)} | {found['mib']:.0f} |"
        )
    for n, found in bare.items():
        rate = 2 * n * n * D / found["seconds"] / 1e9
        limits.append(f"the bare one of {n:,} at {rate:.0f}")
    told = (
        f"Goal: at most 2 × the bare product, which is the limit: {', '.join(limits)}. Blocks are "
        "counted as they come, one a core, so that memory grows with the catalogue and not with "
        "its square. The peers find 10 neighbours and no ranks beyond; all find the same share of "
        f"the pairs among these, to {AGREED:g}. In full there are CSLS, which needs a second "
        "product, of all targets with all sources, and the popularity prior; nothing is ranked by "
        "them, so only a track's first run has them."
    )
    return [*lines, "", told]


if __name__ == "__main__":
    print(json.dumps(contest(sys.argv[1], int(sys.argv[2]))))
