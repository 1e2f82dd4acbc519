"""cse-bench check FILE."""

from __future__ import annotations

import click

from cse_bench.cli.completion import ALIGNERS


@click.command("check")
@click.argument("aligner", shell_complete=ALIGNERS)
def command(aligner: str) -> int:
    """Run the contract checks on ALIGNER, a .py file or a registered name.

    On small invented shops, in this process and unconfined: for files of your own. Exit code 1 if
    something is found.
    """
    from cse_bench import api

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
