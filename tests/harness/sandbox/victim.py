"""A harness to be attacked: fits what it is told, one JSON line a question, in its own process."""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
import os
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path

from cse_bench.aligners.loading import find_aligner
from cse_bench.errors import CseBenchError
from cse_bench.harness.direction import Direction
from cse_bench.harness.sandbox.fit import fitter
from cse_bench.harness.sandbox.limits import Limits
from cse_bench.release.read import read_release

PR_SET_CHILD_SUBREAPER = 36


def children() -> list[int]:
    """Processes whose parent this is; orphans of its descendants are given to it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == os.getpid():
                found.append(int(entry.name))
    return found


def own_memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def answer(question: dict, direction: Direction) -> dict:
    """Fit a file, and say what became of it and of this process."""
    before = own_memory()
    begun = time.monotonic()
    said = io.StringIO()
    digest, verdict = None, "scored"
    try:
        with (
            redirect_stderr(said),
            fitter(question["backend"], Limits(**question["limits"])) as fit,
        ):
            source = find_aligner(question["file"])
            found = fit(source, 0, direction, direction.evidence, 0)
        scores = direction.score(found.aligned, full=False)
        values = [m.tobytes() for v in scores.values() for s in v for m in s.metrics.values()]
        digest = hashlib.sha256(b"".join(values)).hexdigest()
    except CseBenchError as error:
        verdict = str(error)
    return {
        "verdict": verdict,
        "digest": digest,
        "said": said.getvalue(),
        "seconds": time.monotonic() - begun,
        "grown": own_memory() - before,
        "children": children(),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def main() -> None:
    """Answer until the questions end."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    release = read_release(Path(sys.argv[1]))
    direction = Direction.prepare(release, "validation", "SHOP1", "SHOP2")
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"ready": os.getpid()}), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), direction)), file=out, flush=True)


if __name__ == "__main__":
    main()
