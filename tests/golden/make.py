"""Freeze a protocol version: its fixed cases, and the scores that they give.

    python tests/golden/make.py

Run once for a new `PROTOCOL_VERSION`; it never replaces what a version was frozen with. The two
cases are kept as they are from version to version: a slice of a real release, and a small release
of three shops with typed queries from the synthetic log.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

CASES = {"slice": ("SHOP1", "SHOP2"), "queries": ("SHOP1", "SHOP3")}
"""Case → one direction that is looked at first; all are frozen."""

ALIGNERS = ("identity", "procrustes")
FIELDS = ("value", "n", "ci_low", "ci_high", "floor", "reference", "oracle", "gap_closed")
NAMES = ("track", "source_shop", "target_shop", "task", "variant", "metric")


def scores(case: str) -> dict[str, list[float | None]]:
    """Every score of a case: what it is about, and its numbers in the order of `FIELDS`."""
    import cse_bench

    found = {}
    for aligner in ALIGNERS:
        result = cse_bench.evaluate(aligner, HERE / case, use_cache=False)
        for score in result.scores:
            name = " / ".join([aligner, *(getattr(score, name) for name in NAMES)])
            found[name] = [getattr(score, field) for field in FIELDS]
    return found


def make_cases() -> None:
    """Write the cases that are not there yet."""
    import cse_bench
    from cse_bench.cli.main import group
    from tests.small_release import slice_release

    if not (HERE / "slice").exists():
        slice_release(cse_bench.load_release(), HERE / "slice", products=150, rows=150)
    if not (HERE / "queries").exists():
        with tempfile.TemporaryDirectory() as place:
            key = Path(place) / "key"
            key.write_bytes(bytes(range(32)))
            options = "--size 30000 --shops 3 --asking 0.9 --min-users 3 --dimensions 16"
            out = Path(place) / "out"
            arguments = f"build synthetic --out {out} --key-file {key} {options}".split()
            group.main(arguments, standalone_mode=False)
            for unused in ("build_report.json", "croissant.json", "README.md"):
                (out / unused).unlink(missing_ok=True)
            shutil.copytree(out, HERE / "queries")


if __name__ == "__main__":
    from cse_bench.harness.protocol import PROTOCOL_VERSION

    target = HERE / f"{PROTOCOL_VERSION}.json"
    if target.exists():
        sys.exit(f"{target.name} is frozen: a change of scores needs a new PROTOCOL_VERSION")
    make_cases()
    target.write_text(json.dumps({case: scores(case) for case in CASES}, indent=1) + "\n")
    print(f"frozen: {target.name}")
