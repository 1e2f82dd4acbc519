"""A result as a table on the terminal: every number with its interval and the gap it closes."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cse_bench.results.ranked import Primary, short
from cse_bench.results.record import Result, Score


def print_result(result: Result, primary: list[Primary], console: Console) -> None:
    """Print the primary scores of a result, one line a track, task and direction.

    Parameters
    ----------
    result : Result
        The record.
    primary : list of (task, variant, metric)
        What to show, in order.
    console : rich Console
        Where to.
    """
    release = result.release
    title = (
        f"{result.aligner.name} {result.aligner.version} on {release.name} {release.version} "
        f"({release.fingerprint[:8]}), "
        f"{result.scores[0].split} split, protocol {result.protocol.version}"
    )
    table = Table(title=title, title_justify="left", caption=_caption(), caption_justify="left")
    for name in ("track", "task", "direction"):
        table.add_column(name)
    for name in ("score [95 %]", "floor", "reference", "oracle", "gap closed [95 %]"):
        table.add_column(name, justify="right", no_wrap=True)
    shown = ("", "")
    for track in dict.fromkeys(score.track for score in result.scores):
        table.add_section()
        for task, variant, metric in primary:
            for score in result.scores:
                if (score.track, score.task, score.variant, score.metric) != (
                    track,
                    task,
                    variant,
                    metric,
                ):
                    continue
                label = f"{task} {metric}, {variant}"
                first = (
                    "" if shown[0] == track else track,
                    "" if shown == (track, label) else label,
                )
                table.add_row(*first, *_cells(score))
                shown = (track, label)
    console.print(table)


def _cells(score: Score) -> list[str]:
    def told(value: float | None) -> str:
        return "–" if value is None else short(value)

    gap = "–"
    if score.gap_closed is not None:
        gap = f"{score.gap_closed:.0%} [{score.gap_ci_low:.0%}, {score.gap_ci_high:.0%}]"
    return [
        f"{score.source_shop} → {score.target_shop}",
        f"{short(score.value)} [{short(score.ci_low)}, {short(score.ci_high)}]",
        told(score.floor),
        told(score.reference),
        told(score.oracle),
        gap,
    ]


def _caption() -> str:
    return (
        "floor: a random rotation; reference: procrustes on all train pairs; oracle: the "
        "dictionary of every pair (no bound).\ngap closed: (score - floor) / (reference - floor)."
    )
