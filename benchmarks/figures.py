"""Fill the README's figures: the board, the release, the peers, each from where it was measured.

    python benchmarks/figures.py [--check]

The board's table is of `leaderboard/entries`, ranked as `cse-bench leaderboard build` ranks them;
the release's line of its manifest and privacy report; the peers' table of `benchmarks/peers.json`,
which `python benchmarks/all.py` writes. ``--check`` writes nothing, and exits with 1 where the
README says something else: a test runs it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cse_bench import api
from cse_bench.leaderboard.board import Board, Standing

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SHOWN = (
    ("next_event", "rendered", "`next_event`, rendered"),
    ("type_ahead", "rendered", "`type_ahead`"),
    ("translation", "cosine", "`translation`"),
)
"""The standings of the README's table, and their heads."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    told = README.read_text(encoding="utf-8")
    found = fill(told)
    if options.check:
        sys.exit(
            0 if told == found else "the README's figures are old: python benchmarks/figures.py"
        )
    README.write_text(found, encoding="utf-8")


def fill(text: str) -> str:
    """The text with every block between its marks written anew."""
    blocks = {"board": board, "release": release, "peers": peers}

    def filled(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n{blocks[match[1]]()}\n<!-- end -->"

    return re.sub(r"<!-- (board|release|peers) -->\n.*?<!-- end -->", filled, text, flags=re.S)


def board() -> str:
    """Who is first in each track, and by how much of the gap."""
    found, _ = api.build_board(ROOT / "leaderboard")
    lines = [
        f"| track | entries | {' | '.join(head for *_, head in SHOWN)} |",
        "|---|--:|" + "---|" * len(SHOWN),
    ]
    for track in found.tracks:
        cells = [cell(found, s) for s in standings(found, track.name)]
        many = len({row.entry for s in standings(found, track.name) for row in s.rows})
        lines.append(f"| `{track.name}` | {many} | {' | '.join(cells)} |")
    of = found.release
    return "\n".join(
        [
            f"First in each track on {of.name} {of.version}, protocol {found.protocol}; gap closed "
            "[95 %], mean of both directions (0 %: a random rotation; 100 %: `procrustes` on all "
            "pairs); and how many share that rank.",
            "",
            *lines,
        ]
    )


def standings(found: Board, track: str) -> Iterator[Standing]:
    for task, variant, _ in SHOWN:
        yield from (
            s for s in found.standings if (s.track, s.task, s.variant) == (track, task, variant)
        )


def cell(found: Board, standing: Standing) -> str:
    names = {entry.entry: entry.aligner.name for entry in found.entries}
    first = next((row for row in standing.rows if row.gap_closed is not None), None)
    if first is None or standing.not_ranked is not None:
        return "–"
    sharing = sum(row.rank == first.rank for row in standing.rows) - 1
    told = f"{names[first.entry]} {first.gap_closed:.0%}"
    if first.gap_low is not None and first.gap_high is not None:
        told += f" [{first.gap_low:.0%}, {first.gap_high:.0%}]"
    return told + (f" (+{sharing})" if sharing else "")


def release() -> str:
    """What the embedded release holds."""
    place = api.load_release().path
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    rows: dict[str, int] = {}
    for file, about in manifest["files"].items():
        table = file.split("/")[0]
        rows[table] = rows.get(table, 0) + about["rows"]
    gates = json.loads((place / "privacy_report.json").read_text(encoding="utf-8"))["gates"]
    membership = gate(gates, "membership")
    return (
        f"Release {manifest['version']}: {rows['products']:,} products of two shops, with "
        f"{manifest['dimensions']}-dimensional embeddings and catalogue features; "
        f"{rows['cross_sessions']:,} cross-shop sessions, {rows['rendered']:,} rendered ones, "
        f"{rows['sessions']:,} sessions in the shops, {rows['pairs']:,} known pairs. An attack on "
        f"its embeddings tells rare baskets that were learned from with an AUC of "
        f"{membership['value']:.2f} [{membership['low']:.2f}, {membership['high']:.2f}]; chance is "
        ".5, and a release must stay below .6 ([how it is built](benchmarks/release.md))."
    )


def gate(gates: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(g for g in gates if g["name"] == name)["values"][0]


def peers() -> str:
    """What the same work takes others."""
    found = json.loads((ROOT / "benchmarks" / "peers.json").read_text(encoding="utf-8"))
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for row in found["rows"]:  # a peer's first line of each work; the page has its other ways
        first.setdefault((row["what"], row["peer"].split()[0].strip(",:")), row)
    lines = ["| what | beside | theirs ÷ ours |", "|---|---|--:|"]
    lines += [
        f"| {row['what']} | {row['peer']} | {ratio(row['ratio'])}× |" for row in first.values()
    ]
    return "\n".join(
        [
            "Seconds of others for the same work, divided by ours, in one run on "
            f"{found['cores']} cores ([all of it](benchmarks/README.md), by "
            "`python benchmarks/all.py`):",
            "",
            *lines,
        ]
    )


def ratio(value: float) -> str:
    """Two digits, or all before the point."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


if __name__ == "__main__":
    main()
