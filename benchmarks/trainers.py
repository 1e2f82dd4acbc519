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
from cse_bench.studies.in_shop import Alignability, InShop, InShopScore, mean_of, membership
from cse_bench.studies.spaces import SPACES
from cse_bench.studies.visits import ShopVisits, released_visits
from cse_bench.trainers.base import Sessions
from cse_bench.trainers.registry import get_trainer
from cse_bench.types import Matrix

STUDIES = Path(__file__).parent / "tuning"
NOTES = Path(__file__).with_name("trainers-notes.md")
"""What ``--profile`` and ``--large`` printed: the page ends with it."""
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


def learn(name: str, settings: dict[str, Any], visits: list[ShopVisits]) -> list[Matrix]:
    """The vectors of every shop, one after the other."""
    trainer = get_trainer(name, **settings)
    return [trainer.fit(shop.train).vectors for shop in visits]


def warm_up(name: str, settings: dict[str, Any], visits: list[ShopVisits]) -> None:
    """Load libraries and touch pages before the clock runs."""
    once = {"epochs": 1} if "epochs" in vars(get_trainer(name, **settings)) else {}
    learn(name, settings | once, visits[:1])


JUDGED = ("in-shop AUC", "NDCG@10", "MRR@10", "translation MRR", "next_event AUC", "membership AUC")


def judged(scores: list[InShopScore], aligned: dict[str, float] | None) -> list[str]:
    """How well some vectors do, with the wider half of the AUC's two intervals."""
    half = max(s.high - s.low for s in scores if s.metric == "auc") / 2
    inside = [f"{mean_of(scores, 'auc'):.4f}" + (f" ± {half:.3f}" if aligned else "")]
    inside += [f"{mean_of(scores, metric):.4f}" for metric in ("ndcg@10", "mrr@10")]
    if aligned is None:
        return [*inside, "–", "–", "–"]
    return [
        *inside,
        *(f"{aligned[task]:.4f}" for task in ("translation", "next_event")),
        f"{aligned['membership']:.3f}",
    ]


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
    text = "\n".join(table())
    print(text)
    if options.out:
        title = "# Trainers on the official log's train sessions, as the release holds them"
        notes = NOTES.read_text(encoding="utf-8")
        whole = f"{title}\n\n`python benchmarks/trainers.py`\n\n{text}\n\n{notes}"
        options.out.write_text(whole, encoding="utf-8")


def table() -> list[str]:
    """Every contestant's time and scores, printed as they come."""
    lines = [
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        + ", ".join(f"{name} {version(name)}" for name in PEERS),
        "",
        f"| trainer | fit, s | × gensim | {' | '.join(JUDGED)} |",
        "|---|" + "--:|" * (2 + len(JUDGED)),
    ]
    release = cse_bench.load_release()
    visits = released_visits(release)
    judges, alignability = InShop(visits), Alignability(release)
    first = None
    scored: dict[str, list[str]] = {}
    for line, (name, settings) in contestants().items():
        if name != "random":
            warm_up(name, settings, visits)
        begin = time.perf_counter()
        found = learn(name, settings, visits)
        seconds = time.perf_counter() - begin
        first = first or seconds
        vectors = {v.name: matrix for v, matrix in zip(visits, found, strict=True)}
        aligned = alignability.score(vectors) | {"membership": membership(release, vectors)}
        scored[line] = judged(judges.score(found), aligned)
        times = f"{seconds:.1f} | {first / seconds:.1f}"
        lines.append(f"| {line} | {times} | {' | '.join(scored[line])} |")
        print(lines[-1], file=sys.stderr, flush=True)
    floor = judged(judges.score_popularity(), None)
    lines.append(f"| popularity | – | – | {' | '.join(floor)} |")
    pairs = zip(JUDGED[:-1], scored["paper-cbow"], scored["ppmi-svd, defaults"], strict=False)
    gains = ", ".join(f"{m} {old.split()[0]} to {new.split()[0]}" for m, old, new in pairs)
    told = (
        "± is the wider of the two shops' half-intervals (95 %, over users). The gain of what the "
        f"release uses, the defaults of `ppmi-svd`, over `paper-cbow`: {gains}."
    )
    return [*lines, "", told]


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
