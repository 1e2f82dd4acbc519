"""cse-bench check FILE."""

from __future__ import annotations

import click


@click.command("check")
@click.argument("aligner")
def command(aligner: str) -> int:
    """Run the contract checks on ALIGNER, a .py file or a registered name."""
    from cse_bench import api

    problems: list[str] = []
    for name, problem in api.check_aligner(aligner):
        mark = click.style("ok  ", fg="green") if problem is None else click.style("FAIL", fg="red")
        click.echo(f"{mark} {name}")
        if problem is not None:
            click.echo("     as above" if problem in problems else f"     {problem}")
            problems.append(problem)
    return 1 if problems else 0
