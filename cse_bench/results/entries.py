"""Results that may stand side by side: read, checked, on one release, split and protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from cse_bench.errors import InputError
from cse_bench.results.read import check_scores, read_ranks, read_result
from cse_bench.results.record import CONTROL, Cell, Result
from cse_bench.results.rescore import QueryValues


@dataclass(frozen=True, eq=False)
class Entry:
    """A result that was read.

    Attributes
    ----------
    label : str
        What it is called.
    path : Path
        Its ``result.json``.
    result : Result
        The record.
    cells : dict of Cell to QueryValues
        The values of its queries.
    """

    label: str
    path: Path
    result: Result
    cells: Mapping[Cell, QueryValues]

    @property
    def tracks(self) -> list[str]:
        """The tracks it was scored on, the control left out."""
        return [t for t in dict.fromkeys(cell.track for cell in self.cells) if t != CONTROL]


def read_entries(paths: Sequence[Path]) -> list[Entry]:
    """Read results that can be compared.

    Parameters
    ----------
    paths : sequence of Path
        Two ``result.json`` or more.

    Raises
    ------
    InputError
        If there are fewer, one is refused, two are the same, or they are about different releases,
        splits or protocols.
    """
    if len(paths) < 2:
        raise InputError("one result has nothing to be compared with", "give two or more")
    results = []
    for path in paths:
        results.append(read_result(path, check=False))
        _same_ground(paths[0], results[0], path, results[-1])
    for i, j in combinations(range(len(paths)), 2):
        if results[i] == results[j]:
            raise InputError(f"{paths[i]} and {paths[j]} are the same result", "give it once")
    entries = []
    for path, result, label in zip(paths, results, _labels(paths, results), strict=True):
        entries.append(Entry(label, path, result, check_scores(result, read_ranks(path), path)))
    return entries


def _same_ground(first_path: Path, first: Result, path: Path, result: Result) -> None:
    """Refuse a result that is about something else than the first."""
    grounds = {
        "release": [
            f"{r.release.name} {r.release.version} ({r.release.fingerprint[:12]})"
            for r in (first, result)
        ],
        "protocol": [r.protocol.version for r in (first, result)],
        "split": [" and ".join(sorted({s.split for s in r.scores})) for r in (first, result)],
    }
    fingerprints = first.release.fingerprint == result.release.fingerprint
    for what, (ours, theirs) in grounds.items():
        if not fingerprints if what == "release" else ours != theirs:
            raise InputError(
                f"{first_path} and {path} do not have one {what}: {ours}; {theirs}",
                "only results on one release, split and protocol can be compared: evaluate again",
            )


def _labels(paths: Sequence[Path], results: Sequence[Result]) -> list[str]:
    """The aligners' names; with their places where one stands twice."""
    counts = Counter(result.aligner.name for result in results)
    return [
        name if counts[name] == 1 else f"{name} ({path.parent})"
        for path, name in zip(paths, (r.aligner.name for r in results), strict=True)
    ]
