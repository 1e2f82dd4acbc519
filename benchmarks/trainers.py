"""Compare the trainers on the official log: time, in-shop score, alignability, membership.

    python benchmarks/trainers.py [--large | --profile | --out benchmarks/trainers.md]

All in one run, on the train sessions of the embedded release: every trainer with its defaults, with
the best settings of its tuning study (`benchmarks/tuning`), and `paper-cbow`, the settings commonly
used with the paper's method. Times are of the fit alone, both shops one after the other, beside
gensim's CBOW of 30 epochs on as many threads as there are cores. ``--profile``: where the time of
`ppmi-svd` goes. ``--large``: a synthetic log of 50 million events, within how much memory
`ppmi-svd` learns from it, in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import cse_bench
from cse_bench.ragged import Ragged
from cse_bench.studies.in_shop import Alignability, InShop, mean_of, membership
from cse_bench.studies.spaces import SPACES
from cse_bench.studies.visits import released_visits
from cse_bench.trainers.base import Sessions
from cse_bench.trainers.registry import get_trainer

STUDIES = Path(__file__).parent / "tuning"
PAPER = {"dimensions": 48, "window": 5, "epochs": 15, "min_count": 3, "ns_exponent": 0.75}
PEERS = ("gensim", "implicit", "scipy", "scikit-learn", "numpy")


def tuned(study: str) -> dict[str, Any]:
    """The settings of a study's best trial."""
    with (STUDIES / study / "trials.csv").open() as file:
        best = max(csv.DictReader(file), key=lambda row: float(row["objective"]))
    trainer = study.split("@")[0]
    kinds = {name: type(r.low) for name, r in SPACES[trainer].items()}
    return {name: kind(float(best[name])) for name, kind in kinds.items() if name in best}


def contestants() -> dict[str, tuple[str, dict[str, Any]]]:
    """Line of the table → trainer and settings."""
    cores = os.cpu_count() or 1
    lines: dict[str, tuple[str, dict[str, Any]]] = {
        f"gensim CBOW, 30 epochs, {cores} threads": ("prod2vec-cbow", {"n_jobs": cores}),
        "paper-cbow": ("prod2vec-cbow", PAPER),
        "random": ("random", {}),
    }
    for trainer in SPACES:
        threads = {"n_jobs": cores} if trainer != "ppmi-svd" else {}
        if not trainer.startswith("prod2vec"):
            lines[f"{trainer}, defaults"] = (trainer, threads)
        lines[f"{trainer}, tuned in-shop"] = (trainer, tuned(trainer) | threads)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--profile", action="store_true", help="only where ppmi-svd's time goes")
    parser.add_argument("--large-worker", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.large_worker:
        LARGE_STEPS[options.large_worker[0]](Path(options.large_worker[1]))
        return
    if options.profile:
        profile()
        return
    if options.large:
        print(large())
        return
    lines = [
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        + ", ".join(f"{name} {version(name)}" for name in PEERS),
        "",
        "| trainer | fit, s | × gensim | in-shop AUC | NDCG@10 | MRR@10 | translation MRR "
        "| next_event AUC | membership AUC |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    release = cse_bench.load_release()
    visits = released_visits(release)
    judges, alignability = InShop(visits), Alignability(release)
    first = None
    for line, (name, settings) in contestants().items():
        trainer = get_trainer(name, **settings)
        if name != "random":  # libraries are loaded, and pages touched, before the clock runs
            get_trainer(
                name, **settings | ({"epochs": 1} if "epochs" in vars(trainer) else {})
            ).fit(visits[0].train)
        begin = time.perf_counter()
        found = [trainer.fit(shop.train).vectors for shop in visits]
        seconds = time.perf_counter() - begin
        first = first or seconds
        vectors = {v.name: matrix for v, matrix in zip(visits, found, strict=True)}
        scores = judges.score(found)
        half = max(s.high - s.low for s in scores if s.metric == "auc") / 2
        aligned = alignability.score(vectors)
        lines.append(
            f"| {line} | {seconds:.1f} | {first / seconds:.1f} "
            f"| {mean_of(scores, 'auc'):.4f} ± {half:.3f} | {mean_of(scores, 'ndcg@10'):.4f} "
            f"| {mean_of(scores, 'mrr@10'):.4f} | {aligned['translation']:.4f} "
            f"| {aligned['next_event']:.4f} | {membership(release, vectors):.3f} |"
        )
        print(lines[-1], flush=True)
    floor = judges.score_popularity()
    lines.append(
        f"| popularity | – | – | {mean_of(floor, 'auc'):.4f} | {mean_of(floor, 'ndcg@10'):.4f} "
        f"| {mean_of(floor, 'mrr@10'):.4f} | – | – | – |"
    )
    text = "\n".join(lines)
    print(text)
    if options.out:
        title = "# Trainers on the official log's train sessions, as the release holds them"
        options.out.write_text(f"{title}\n\n`python benchmarks/trainers.py`\n\n{text}\n")


PARTS = {"_matmul_sparse": "sparse product of the counts", "_randomized_svd": "SVD"}


def profile() -> None:
    """Where the time of `ppmi-svd` goes, on one shop."""
    import cProfile
    import pstats

    shop = released_visits(cse_bench.load_release())[0]
    trainer = get_trainer("ppmi-svd")
    trainer.fit(shop.train)
    profiler = cProfile.Profile()
    profiler.runcall(trainer.fit, shop.train)
    stats = pstats.Stats(profiler)
    total = stats.total_tt
    named = dict.fromkeys(PARTS, 0.0)
    for (_, _, function), (_, _, _, cumulative, _) in stats.stats.items():
        if function in named:
            named[function] = max(named[function], cumulative)
    rest = total - sum(named.values())
    for function, seconds in named.items():
        print(f"{PARTS[function]}: {seconds:.2f} s, {seconds / total:.0%}")
    print(
        f"weighing the counts, and all else: {rest:.2f} s, {rest / total:.0%}; whole {total:.2f} s"
    )


def large() -> str:
    """Learn from 50 million events, and say what it took: each step is a process of its own."""
    import tempfile

    told = ""
    with tempfile.TemporaryDirectory() as place:
        for step in ("write", "read", "learn"):
            command = [sys.executable, __file__, "--large-worker", step, place]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return told.strip()


def write_large(place: Path) -> None:
    from cse_bench.logs.synthetic import SyntheticOptions, write_log

    write_log(place, SyntheticOptions(size=50_000_000, products=100_000, categories=1_000))


def read_large(place: Path) -> None:
    """All sessions, as one shop's, in numbers."""
    import duckdb

    events = f"read_parquet('{place}/events/*.parquet')"
    table = duckdb.sql(
        f"""SELECT p.number::INTEGER AS product, s.number::INTEGER AS session FROM {events} e
        JOIN (SELECT product, row_number() OVER () - 1 AS number
              FROM (SELECT DISTINCT product FROM {events})) p USING (product)
        JOIN (SELECT session, row_number() OVER () - 1 AS number
              FROM (SELECT DISTINCT session FROM {events})) s USING (session)
        ORDER BY s.number"""
    ).to_arrow_table()
    np.save(place / "product.npy", table["product"].to_numpy())
    starts = np.flatnonzero(np.diff(table["session"].to_numpy(), prepend=-1))
    np.save(place / "offsets.npy", np.append(starts, len(table)))


def learn_large(place: Path) -> None:
    rows = Ragged(np.load(place / "product.npy").astype(np.int64), np.load(place / "offsets.npy"))
    n = int(rows.values.max()) + 1
    begin = time.perf_counter()
    get_trainer("ppmi-svd").fit(Sessions(tuple(map(str, range(n))), rows))
    taken = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"ppmi-svd on {len(rows.values):,} synthetic events of {n:,} products in {len(rows):,} "
        f"sessions: {taken:.0f} s, peak {peak:.1f} GiB (goal 8)"
    )


LARGE_STEPS = {"write": write_large, "read": read_large, "learn": learn_large}

if __name__ == "__main__":
    main()
