"""What `benchmarks/all.py` runs of our own, which pages there are, and the page that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comparisons import Comparison

HERE = Path(__file__).resolve().parent
SHOWN = 15
"""Lines of what a benchmark prints that the page shows."""


@dataclass(frozen=True)
class Own:
    """A benchmark of our own parts.

    Attributes
    ----------
    script : str
        Its file, here.
    about : str
        What it is.
    page : str
        The page that it writes; without one, this page shows what it prints.
    options, quick : tuple of str
        Given to it always, and with ``--quick``.
    """

    script: str
    about: str
    page: str = ""
    options: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()


OWN = (
    Own("main_job.py", "start-up, `evaluate procrustes`, `translation` on the release"),
    Own("build.py", "relational stages beside pandas, and how they grow with the log"),
    Own("first_minute.py", "install, and a new user's first commands", "first-minute.md"),
    Own("sandbox.py", "what the sandbox adds to a run"),
    Own("board.py", "building the board with 200 entries"),
    Own("report.py", "making a result's page", options=("--aligners", "procrustes")),
    Own("aligners.py", "time and memory of every reference aligner", "aligners-speed.md"),
    Own("trainers.py", "every trainer's time and scores", "trainers.md"),
    Own("evaluate.py", "what scoring costs, part by part", "evaluate.md", quick=("--quick",)),
)

STUDIES = {
    "aligners.md": (
        "the ranked table of the reference aligners, and who leads",
        "cse-bench evaluate --all --out results && python benchmarks/leaders.py results",
    ),
    "controls.md": ("aligners on controls that are reported", "python benchmarks/controls.py"),
    "evidence/evidence.md": (
        "what each kind of evidence is worth",
        "python benchmarks/evidence.py",
    ),
    "protocol.md": ("the protocol's choices, checked", "python benchmarks/protocol.py"),
    "release.md": (
        "what else the release could be",
        "python benchmarks/release.py --key-file KEY",
    ),
    "tuning.md": ("the tuning studies of the trainers", "python benchmarks/tuning.py"),
}
"""Pages of studies, which ask what is good and not how fast: they take hours, and are not run."""


def told(own: Own, quick: bool) -> str:
    """The command, as one would type it."""
    return " ".join(
        ("python", f"benchmarks/{own.script}", *own.options, *(own.quick if quick else ()))
    )


def page(
    facts: Mapping[str, Any],
    lines: Sequence[Comparison],
    printed: Mapping[str, str],
    seconds: Mapping[str, float],
    failed: Sequence[str],
) -> str:
    """The page, as Markdown.

    Parameters
    ----------
    facts : mapping
        Of the run: command, machine, versions, load.
    lines : sequence of Comparison
        The table.
    printed : mapping of str to str
        Command of a benchmark without a page → what it printed.
    seconds : mapping of str to float
        How long each part took.
    failed : sequence of str
        The parts that did not end well.

    Returns
    -------
    str
    """
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    text = [
        "# What it costs, beside its peers",
        "",
        f"`{facts['command']}`",
        "",
        f"{facts['machine']}; {versions}; load of the machine at the start {facts['load']}.",
        "",
        "Ours and a peer do the same work on the same inputs, in turn, with as many threads as "
        "there are cores, where they can use them; the best turn counts. The ratio is the peer's "
        "time over ours: above 1 we are faster, below it slower.",
        "",
        *table(lines),
        "",
        "How the answers were compared, in the same run, which fails where they differ:",
        "",
        *agreements(lines),
        "",
        f"In all {sum(seconds.values()) / 60:.0f} minutes: "
        + ", ".join(f"{name} {taken:.0f} s" for name, taken in seconds.items())
        + ".",
        *(["", f"**Failed: {', '.join(failed)}.**"] if failed else []),
        "",
        "## Pages",
        "",
        "| page | what it is | written by |",
        "|---|---|---|",
        *(
            f"| [{own.page}]({own.page}) | {own.about} | `{told(own, False)} "
            f"--out benchmarks/{own.page}` |"
            for own in OWN
            if own.page
        ),
        *(
            f"| [{name}]({name}) | {about} | `{command}` |"
            for name, (about, command) in STUDIES.items()
            if (HERE / name).exists()
        ),
        "",
        "The command above runs "
        + ", ".join(f"`{own.script}`" for own in OWN)
        + ". The other pages are of studies, which ask what is good and not how fast: they take "
        "hours, and are not run by it. So are `store_groups.py`, which computes the two shops, and "
        "`--large` of `aligners.py`, `build.py` and `trainers.py`.",
        "",
        "## What the others print",
        "",
    ]
    about = {told(own, False): own.about for own in OWN}
    for command, said in printed.items():
        shown = said.strip().splitlines()
        more = [f"… {len(shown) - SHOWN} more"] if len(shown) > SHOWN else []
        text += [f"`{command}`: {about[command]}", "", "```", *shown[:SHOWN], *more, "```", ""]
    return "\n".join(text).rstrip() + "\n"


def table(lines: Sequence[Comparison]) -> list[str]:
    """The one table."""
    return [
        "| what | ours | peer | peer's | ratio |",
        "|---|--:|---|--:|--:|",
        *(
            f"| {x.what} | {clock(x.ours)} | {x.peer} | {clock(x.theirs)} | {x.ratio:.3g} |"
            for x in lines
        ),
    ]


def agreements(lines: Sequence[Comparison]) -> list[str]:
    """How answers were compared, told once for all the work that was compared alike."""
    alike: dict[str, dict[str, None]] = {}
    for x in lines:
        alike.setdefault(x.agreed, {})[x.what] = None
    return [f"- {'; '.join(works)}: {agreed}." for agreed, works in alike.items()]


def clock(seconds: float) -> str:
    """Three digits, in seconds or thousandths."""
    return f"{seconds:.3g} s" if seconds >= 0.1 else f"{1e3 * seconds:.3g} ms"
