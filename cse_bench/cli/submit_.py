"""cse-bench submit RESULT.json --aligner FILE --repo ORG/LEADERBOARD."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("submit")
@click.argument("result", type=click.Path(path_type=Path), metavar="RESULT.json")
@click.option(
    "--aligner",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The file that was scored.",
)
@click.option("--repo", required=True, metavar="ORG/LEADERBOARD", help="The board's repository.")
@click.option(
    "--model-repo",
    metavar="ORG/ALIGNER",
    help="Publish the aligner as a model too, with its scores.",
)
@click.option("--withdraw", is_flag=True, help="Close your own pull request with this result.")
@click.option(
    "--yes",
    is_flag=True,
    help="Send without asking, unless it is signed by nobody, or the untouched template.",
)
def command(
    result: Path, aligner: Path, repo: str, model_repo: str | None, withdraw: bool, yes: bool
) -> None:
    """Check RESULT.json, show what will be sent, and open a pull request on the board."""
    from cse_bench import api
    from cse_bench.errors import InputError

    def confirm(shown: list[str]) -> bool:
        click.echo("\n".join(shown))
        if not yes and not sys.stdin.isatty():
            raise InputError("nobody can be asked here", "give --yes to send it")
        return yes or click.confirm("send it?")

    said = api.submit(
        result,
        aligner,
        repo,
        model_repo=model_repo,
        take_back=withdraw,
        unread=yes,
        confirm=confirm,
    )
    click.echo("\n".join(said))
