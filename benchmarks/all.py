"""Run the benchmarks, and write one table of what we cost beside named peers, as ratios.

    python benchmarks/all.py [--quick] [--out benchmarks/README.md]

First every comparison with a peer (`comparisons.py`), then the benchmarks of our own parts,
a process each. Their pages, and the table's numbers as ``peers.json``, are written beside the page
``--out``. It takes less than 20 minutes on two cores that do nothing else, and goes on where a part
fails: then it names the part and exits with 1. ``--quick`` leaves out the 100,000 products. Needs
the [dev] extra.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import comparisons
import peers
from comparisons import Comparison
from pages import HERE, OWN, Own, page, table, told

import cse_bench

PACKAGES = (
    *("gensim", "faiss-cpu", "scikit-learn", "pandas", "ir-measures", "ranx", "POT"),
    *("numpy", "scipy", "duckdb"),
)
MEASURED = "translation.json"
"""What `evaluate.py` is handed, lest the longest part be measured twice."""
LONGEST = 900
"""Seconds that one benchmark may take."""


@dataclass
class Progress:
    """What has been run.

    Attributes
    ----------
    seconds : dict of str to float
        How long each part took.
    failed : list of str
        The parts that did not end well.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], Any]) -> Any:
        """What `work` gives; None where it fails, for then the next part is run all the same."""
        print(f"-- {name}", file=sys.stderr, flush=True)
        begin = time.perf_counter()
        try:
            return work()
        except (Exception, SystemExit):  # SystemExit: answers that differ
            traceback.print_exc()
            self.failed.append(name)
            return None
        finally:
            self.seconds[name] = time.perf_counter() - begin


def compare(progress: Progress, quick: bool, scratch: Path) -> list[Comparison]:
    """Every comparison that did not fail."""
    measured = progress.run("translation", lambda: peers.measure(list(peers.SIZES)[: 2 - quick]))
    if measured:
        (scratch / MEASURED).write_text(json.dumps(measured))
    lines = comparisons.translation(measured or [])
    for work in (
        comparisons.training,
        comparisons.relational,
        comparisons.metrics,
        comparisons.transport,
    ):
        lines += progress.run(work.__name__.replace("_", " "), work) or []
    return lines


def run_own(own: Own, quick: bool, pages: Path, scratch: Path) -> str:
    """Run a benchmark in a process of its own: what it prints."""
    command = [sys.executable, str(HERE / own.script), *own.options]
    command += own.quick if quick else ()
    if own.page:
        command += ["--out", str(pages / own.page)]
    if own.script == "evaluate.py" and (scratch / MEASURED).exists():
        command += ["--translation", str(scratch / MEASURED)]
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment, timeout=LONGEST
    )
    return done.stdout


def machine() -> str:
    """Cores and their kind."""
    info = Path("/proc/cpuinfo")
    names = [
        line.split(":", 1)[1].strip()
        for line in (info.read_text().splitlines() if info.exists() else ())
        if line.startswith("model name")
    ]
    kind = names[0] if names else platform.processor() or platform.machine()
    return f"{len(peers.cores())} cores ({kind}), {platform.system()}"


def versions() -> dict[str, str]:
    """Of this package and its peers; a peer that is missing fails its own comparison alone."""
    found = {"cse-bench": cse_bench.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the 100,000 products")
    parser.add_argument("--out", type=Path, default=HERE / "README.md")
    options = parser.parse_args()
    facts = {
        "command": "python benchmarks/all.py" + " --quick" * options.quick,
        "cores": len(peers.cores()),
        "machine": machine(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": versions(),
    }
    progress = Progress()
    printed = {}
    with tempfile.TemporaryDirectory() as place:
        lines = compare(progress, options.quick, Path(place))
        for own in OWN:
            said = progress.run(
                own.script,
                lambda own=own: run_own(own, options.quick, options.out.parent, Path(place)),
            )
            if said and not own.page:
                printed[told(own, False)] = said
    text = page(facts, lines, printed, progress.seconds, progress.failed)
    options.out.write_text(text, encoding="utf-8")
    rows = [asdict(x) | {"ratio": x.ratio} for x in lines]
    facts |= {"rows": rows, "seconds": progress.seconds, "failed": progress.failed}
    options.out.with_name("peers.json").write_text(json.dumps(facts, indent=1) + "\n")
    print("\n".join(table(lines)))
    if progress.failed:
        print(f"failed: {', '.join(progress.failed)}", file=sys.stderr)
    return int(bool(progress.failed))


if __name__ == "__main__":
    sys.exit(main())
