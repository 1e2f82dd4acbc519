"""Several results side by side: per track and task, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cse_bench.results.gap import mean_gap
from cse_bench.results.record import Result, Score

if TYPE_CHECKING:
    from rich.console import Console

Primary = tuple[str, str, str]
"""Task, variant, metric."""


@dataclass(frozen=True)
class Line:
    """One aligner on one track and primary metric.

    Attributes
    ----------
    track, task, variant, metric : str
        What was measured.
    aligner : str
        Whose line it is.
    gap : float or None
        Gap closed, mean over directions; None where a direction has none.
    scores : tuple of Score
        One a direction.
    seconds : float
        Median of the fits.
    """

    track: str
    task: str
    variant: str
    metric: str
    aligner: str
    gap: float | None
    scores: tuple[Score, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {k: v for k, v in vars(self).items() if k != "scores"} | {
            "scores": [score.model_dump() for score in self.scores]
        }


def ranked(results: list[Result], primary: Sequence[Primary], tracks: list[str]) -> list[Line]:
    """The lines of every track and primary metric, by gap closed, best first.

    Parameters
    ----------
    results : list of Result
        On one release, split and protocol.
    primary : sequence of (task, variant, metric)
        What to show, in order.
    tracks : list of str
        The tracks, in order.
    """
    lines = []
    for track in tracks:
        for task, variant, metric in primary:
            found = []
            for result in results:
                scores = tuple(
                    s
                    for s in result.scores
                    if (s.track, s.task, s.variant, s.metric) == (track, task, variant, metric)
                )
                if not scores:
                    continue
                found_gap = mean_gap(scores)
                gap = None if found_gap is None else found_gap[0]
                seconds = float(
                    np.median([run.fit_seconds for run in result.runs if run.track == track])
                )
                name = result.aligner.name
                found.append(Line(track, task, variant, metric, name, gap, scores, seconds))
            lines += sorted(found, key=_order, reverse=True)
    return lines


def _order(line: Line) -> float:
    return float(np.mean([s.value for s in line.scores])) if line.gap is None else line.gap


HEADERS = ("aligner", "score [95 %], a direction each", "gap closed", "fit, s")


def cells(line: Line) -> tuple[str, str, str, str]:
    """The texts of a line, under `HEADERS`."""
    told = ", ".join(
        f"{short(s.value)} [{short(s.ci_low)}, {short(s.ci_high)}]" for s in line.scores
    )
    gap = "–" if line.gap is None else f"{line.gap:.0%}"
    return line.aligner, told, gap, f"{line.seconds:.2g}"


def print_ranked(lines: list[Line], console: Console) -> None:
    """Print a table for each track and primary metric."""
    from rich.table import Table

    for title, own in sections(lines):
        table = Table(title=title, title_justify="left")
        for number, header in enumerate(HEADERS):
            table.add_column(header, justify="right" if number else "left", no_wrap=True)
        for line in own:
            table.add_row(*cells(line))
        console.print(table)


def markdown(lines: list[Line]) -> str:
    """The same tables as Markdown."""
    parts = []
    for title, own in sections(lines):
        rows = [HEADERS, ("---", "--:", "--:", "--:"), *map(cells, own)]
        parts.append(f"### {title}\n\n" + "\n".join("| " + " | ".join(r) + " |" for r in rows))
    return "\n\n".join(parts) + "\n"


def sections(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """The lines of each table, under its title."""
    titled: dict[str, list[Line]] = {}
    for line in lines:
        title = f"{line.track}: {line.task}, {line.variant} {line.metric}"
        titled.setdefault(title, []).append(line)
    return list(titled.items())


def short(value: float) -> str:
    """Three decimals, or four below a tenth; no leading zero."""
    digits = 4 if abs(value) < 0.1 else 3
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
