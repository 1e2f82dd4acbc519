"""How long the board takes to build, and how large its pages are, with many entries.

    python benchmarks/board.py [--entries 200]

Enters the repository's entries again and again under other names, each with all of its real ranks;
then times ``cse-bench leaderboard build``, start of Python included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from cse_bench.aligners.loading import read_aligner
from cse_bench.leaderboard.folders import find_folders
from cse_bench.results.places import ALIGNER, VERIFICATION
from cse_bench.results.write import RANKS, RECORD

HOME = Path(__file__).resolve().parents[1] / "leaderboard"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=200)
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for number, folder in enumerate(islice(cycle(find_folders(HOME)), count)):
            enter(folder.path, root, f"{folder.aligner}-{number}")
        begin = time.perf_counter()
        command = ["leaderboard", "build", "--entries", str(root), "--out", str(root / "site")]
        done = subprocess.run(
            [sys.executable, "-m", "cse_bench", *command],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - begin
        left_out = sum(line.startswith("left out") for line in done.stderr.splitlines())
        if left_out == count:
            raise SystemExit(f"an empty board says nothing: {done.stderr.splitlines()[0]}")
        print(done.stdout.splitlines()[0].replace(str(root), "."))
        pages = sorted((root / "site").glob("*.html"), key=lambda page: -page.stat().st_size)
        assets = [p for p in (root / "site" / "assets").rglob("*") if p.is_file()]
        print(f"{count - left_out} entries: {seconds:.1f} s (goal 20)")
        for file in (*pages, *assets):
            print(f"{file.stat().st_size / 1e3:10,.0f} kB  {file.name}")


def enter(source: Path, root: Path, name: str) -> None:
    """One more entry, of another name."""
    record = json.loads((source / RECORD).read_text())
    text = (source / ALIGNER).read_text().replace(f'"{record["aligner"]["name"]}"', f'"{name}"')
    stage = root / "stage"
    stage.mkdir()
    (stage / ALIGNER).write_text(text)
    shutil.copyfile(source / RANKS, stage / RANKS)
    digest = read_aligner(stage / ALIGNER).sha256
    record["aligner"] |= {"name": name, "source_sha256": digest}
    (stage / RECORD).write_text(json.dumps(record))
    verification = json.loads((source / VERIFICATION).read_text())
    own = hashlib.sha256((stage / RECORD).read_bytes()).hexdigest()
    verification |= {"result_sha256": own, "aligner_sha256": digest}
    (stage / VERIFICATION).write_text(json.dumps(verification))
    target = root / "entries" / name
    target.mkdir(parents=True)
    stage.rename(target / own[:12])


if __name__ == "__main__":
    main()
