"""cse-bench check FILE."""

from __future__ import annotations

import click

from cse_bench.cli.completion import ALIGNERS


@click.command("check")
@click.argument("aligner", shell_complete=ALIGNERS)
@click.option("--json", "as_json", is_flag=True, help="Print each check and what it found as JSON.")
def command(aligner: str, as_json: bool) -> int:
    """Run the contract checks on ALIGNER, a .py file or a registered name.

    On small invented shops, in this process and unconfined: for files of your own. Exit code 1 if
    something is found.
    """
    from cse_bench import api

    if as_json:
        import json

        found = [{"check": name, "problem": told} for name, told in api.check_aligner(aligner)]
        click.echo(json.dumps(found, indent=1))
        return 1 if any(row["problem"] for row in found) else 0
    problems: set[str] = set()
    for name, problem in api.check_aligner(aligner):
        if problem is None:
            click.echo(f"{click.style('ok  ', fg='green')} {name}")
        elif problem in problems:  # what stops one check stops others before they can tell
            click.echo(f"{click.style('?   ', fg='yellow')} {name}: stopped by the same")
        else:
            told = problem.replace("\n", "\n     ")
            click.echo(f"{click.style('FAIL', fg='red')} {name}\n     {told}")
            problems.add(problem)
    return 1 if problems else 0
