"""The ranked table of all reference aligners, and which leads its track by a paired test.

    cse-bench evaluate --all --out results && python benchmarks/leaders.py results

Writes `benchmarks/aligners.md`: of every track the plainest method and the best, by each primary
metric, with the difference of the two on the same queries (95 % interval over test groups and
runs); then every aligner. The page ends with what they cost, from `python benchmarks/aligners.py`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pyarrow.parquet as pq

from cse_bench.harness.tracks import TRACKS
from cse_bench.results.paired import paired_difference
from cse_bench.results.ranked import Line, markdown, ranked
from cse_bench.results.record import Result
from cse_bench.tasks.registry import TASKS

PLAINEST = {
    "unsupervised": ("wasserstein-procrustes", "unsupervised"),
    "content": ("content-knn", "content"),
    "pairs-50": ("procrustes", "pairs-50"),
    "pairs-500": ("procrustes", "pairs-500"),
    "pairs-all": ("procrustes", "pairs-all"),
    "cross-sessions": ("procrustes-sessions", "cross-sessions"),
    "open": ("procrustes", "pairs-all"),  # which none of the track's own uses less than all
}
PRIMARY = [(task.name, *pair) for task in TASKS if not task.guard for pair in task.primary]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/aligners.md"))
    options = parser.parse_args()
    results = {
        path.parent.name: Result.model_validate(json.loads(path.read_text()))
        for path in sorted(options.results.glob("*/result.json"))
    }
    one = next(iter(results.values()))
    lines = ranked(list(results.values()), PRIMARY, list(TRACKS))
    text = [
        "# The reference aligners on the official release",
        "",
        "`cse-bench evaluate --all --out results && python benchmarks/leaders.py results`, "
        f"{one.release.name} {one.release.version} ({one.release.fingerprint[:8]}), test split, "
        f"protocol {one.protocol.version}, cse-bench {one.environment.cse_bench}. Gap closed: the "
        "mean over both directions; 0 % is a random rotation, 100 % `procrustes` on all pairs.",
        "",
        (Path(__file__).parent / "aligners-notes.md").read_text(),
        "## Who leads, and by how much",
        "",
        "| track | metric | best | plainest | difference [95 %, paired, over groups and runs] |",
        "|---|---|---|---|--:|",
    ]
    for track, (plain, its_track) in PLAINEST.items():
        for task, variant, metric in PRIMARY:
            own = [x for x in lines if (x.track, x.task, x.variant) == (track, task, variant)]
            if not own:
                continue  # the release has none of these queries
            best = own[0].aligner
            row = f"| {track} | {task}, {variant} {metric} | {told(own[0])} | "
            if best == plain:
                text.append(row + f"{plain} | – |")
                continue
            files = [options.results / name / "ranks.parquet" for name in (best, plain)]
            tables = [pq.read_table(file) for file in files]
            found = paired_difference(*tables, (track, its_track), task, variant, metric)
            plainest = next(
                x
                for x in lines
                if (x.aligner, x.track, x.task, x.variant) == (plain, its_track, task, variant)
            )
            sure = "" if found.sure else " (not sure)"
            difference = f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]{sure}"
            text.append(row + f"{told(plainest)} | {difference} |")
    text += ["", "## All of them", "", markdown(lines)]
    cost = Path(__file__).parent / "aligners-speed.md"
    if cost.exists():
        text += [cost.read_text().replace("# What", "## What")]
    options.out.write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


def told(line: Line) -> str:
    gap = "" if line.gap is None else f", {line.gap:.0%}"
    values = ", ".join(f"{s.value:.4f}" for s in line.scores)
    return f"{line.aligner} ({values}{gap})"


if __name__ == "__main__":
    main()
