"""cse-bench check FILE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import click

from cse_bench.cli.completion import ALIGNERS

MARKS = {"ok": ("ok  ", "green"), "failed": ("FAIL", "red"), "stopped": ("?   ", "yellow")}


class Finding(NamedTuple):
    """What a check found; `stopped` where what stopped another check stopped it too."""

    check: str
    verdict: str
    problem: str | None


@click.command("check")
@click.argument("aligner", shell_complete=ALIGNERS)
@click.option("--json", "as_json", is_flag=True, help="Print each check and what it found as JSON.")
def command(aligner: str, as_json: bool) -> int:
    """Run the contract checks on ALIGNER, a .py file or a registered name.

    On small invented shops, in this process and unconfined: for files of your own. Exit code 1 if
    something is found.
    """
    from cse_bench import api

    found = []
    for finding in _findings(api.check_aligner(aligner)):
        found.append(finding)
        if not as_json:
            _tell(finding)
    if as_json:
        import json

        click.echo(json.dumps([finding._asdict() for finding in found], indent=1))
    return 1 if any(finding.verdict == "failed" for finding in found) else 0


def _findings(checks: Iterable[tuple[str, str | None]]) -> Iterator[Finding]:
    """What stops one check stops others before they can tell: it is said once."""
    known: set[str] = set()
    for name, problem in checks:
        if problem is None:
            yield Finding(name, "ok", None)
        elif problem in known:
            yield Finding(name, "stopped", None)
        else:
            known.add(problem)
            yield Finding(name, "failed", problem)


def _tell(finding: Finding) -> None:
    mark, colour = MARKS[finding.verdict]
    text = f"{click.style(mark, fg=colour)} {finding.check}"
    if finding.verdict == "stopped":
        text += ": stopped by the same"
    if finding.problem is not None:
        told = finding.problem.replace("\n", "\n     ")
        text += f"\n     {told}"
    click.echo(text)
