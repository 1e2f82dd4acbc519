"""Time and peak memory of every reference aligner, each in a process of its own.

    python benchmarks/aligners.py [--large] [--out benchmarks/aligners-speed.md]

At 10,000 x 10,000 products of 48 dimensions (invented shops: a shared latent space, a rotation,
noise, long-tailed popularity, 200 kinds, 2,000 pairs, 5,000 cross-shop sessions). Seconds are of
fit and both transforms. Memory is the process's peak over what it held with the data loaded.
For `procrustes` and `ridge` the same matrix products alone are timed beside them. ``--large``: the
linear ones at 1,000,000 x 1,000,000, those by content at 100,000 x 100,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from cse_bench.aligners.base import Aligner, Evidence, Shop
from cse_bench.aligners.contract import align
from cse_bench.aligners.loading import find_aligner
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.metrics.cosine import unit
from cse_bench.ragged import Ragged

LARGE = {
    "identity": 1_000_000,
    "random-rotation": 1_000_000,
    "procrustes": 1_000_000,
    "ridge": 1_000_000,
    "cca": 1_000_000,
    "procrustes-sessions": 1_000_000,
    "content-seeds": 100_000,
    "content-knn": 100_000,
}
D = 48


def invented(n: int) -> tuple[Shop, Shop, Evidence]:
    """Two shops of n products, of which nine tenths are shared."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 200, n)
    centres = rng.standard_normal((200, D)).astype(np.float32)
    latent = centres[kind] + rng.standard_normal((n, D), dtype=np.float32)
    order = rng.permutation(n)
    replaced = order < n // 10
    theirs = latent[order] + 0.3 * rng.standard_normal((n, D), dtype=np.float32)
    theirs[replaced] += 2 * rng.standard_normal((replaced.sum(), D), dtype=np.float32)
    rotation = np.linalg.qr(rng.standard_normal((D, D)))[0].astype(np.float32)
    popularity = np.round(4 * np.log2(10 + 2000 / (1 + rng.permutation(n) / n * 200))) / 4
    features = rng.standard_normal((200, 64)).astype(np.float32)
    source = Shop("SHOP1", latent @ rotation, popularity.astype(np.float32), features[kind])
    near = popularity[order] + np.round(rng.standard_normal(n)) / 4
    target = Shop("SHOP2", theirs, near.astype(np.float32), features[kind[order]])
    place = np.argsort(order)
    shared = rng.permutation(np.flatnonzero(~replaced[place]))
    pairs = np.column_stack([shared[:2000], place[shared[:2000]]]).astype(np.int64)
    rows = [rng.choice(shared[: n // 2], rng.integers(2, 9), replace=False) for _ in range(5000)]
    ours = Ragged.from_lists(rows)
    return source, target, Evidence(pairs, (ours, ours.map(place)))


def products(name: str, source: Shop, target: Shop, evidence: Evidence) -> float:
    """The matrix products that the method comes down to, on unit vectors, and nothing else."""
    begin = time.perf_counter()
    x, _ = (unit(shop.vectors) for shop in (source, target))
    ours, theirs = evidence.pairs.T
    own, other = unit(source.vectors[ours]).astype(np.float64), unit(target.vectors[theirs])
    _ = own.T @ other
    if name == "ridge":
        _ = own.T @ own
    _ = x @ np.eye(D, dtype=np.float32)
    return time.perf_counter() - begin


def timed(aligner: Aligner, source: Shop, target: Shop, evidence: Evidence) -> float:
    begin = time.perf_counter()
    aligner.fit(source, target, evidence)
    aligner.transform(source)
    aligner.transform_target(target)
    return time.perf_counter() - begin


def work(name: str, n: int) -> None:
    """Fit one aligner, and print what it took; the quick ones several times, for the best."""
    repeats = 5 if name in ("identity", "procrustes", "ridge") else 1
    source, target, evidence = invented(n)
    aligner = find_aligner(name)
    align(aligner.make(0), *invented(300))  # libraries are loaded before the clock runs
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = min(timed(aligner.make(0), source, target, evidence) for _ in range(repeats))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bare = None
    if name in ("procrustes", "ridge"):
        bare = min(products(name, source, target, evidence) for _ in range(repeats))
    print(json.dumps({"seconds": seconds, "mb": (peak - held) / 1024, "bare": bare}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], int(options.work[1]))
        return
    jobs = [(name, 10_000) for name in ALIGNERS] + (list(LARGE.items()) if options.large else [])
    lines = [
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        + ", ".join(
            f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "POT")
        ),
        "",
        "| aligner | products a shop | seconds | MB above the data | times the bare products |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, n in jobs:
        command = [sys.executable, __file__, "--work", name, str(n)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            lines.append(f"| {name} | {n:,} | failed | – | – |")
            print(done.stderr[-500:], file=sys.stderr)
        else:
            found = json.loads(done.stdout)
            bare = "–" if found["bare"] is None else f"{found['seconds'] / found['bare']:.1f}"
            lines.append(
                f"| {name} | {n:,} | {found['seconds']:.2f} | {found['mb']:,.0f} | {bare} |"
            )
        print(lines[-1], flush=True)
    if options.out:
        told = "python benchmarks/aligners.py" + (" --large" if options.large else "")
        text = "\n".join(lines)
        options.out.write_text(f"# What the aligners cost\n\n`{told}`\n\n{text}\n")


if __name__ == "__main__":
    main()
