"""cse-bench publish RELEASE --repo ORG/NAME."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("publish")
@click.argument("release")
@click.option("--repo", required=True, metavar="ORG/NAME", help="The dataset repository.")
@click.option("--private", is_flag=True, help="Make a new repository private.")
@click.option("--tag", metavar="vX.Y.Z", help="Of this version.  [default: v and its version]")
@click.option("--create-pr", is_flag=True, help="Ask by a pull request; tag once it is merged.")
@click.option("--register-benchmark", "register", is_flag=True, help="Add eval.yaml for the Hub.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="A result on this release, for the card's table.  [default: score procrustes now]",
)
@click.option("--dry-run", is_flag=True, help="Check everything, show the plan, change nothing.")
def command(
    release: str,
    repo: str,
    private: bool,
    tag: str | None,
    create_pr: bool,
    register: bool,
    results: Path | None,
    dry_run: bool,
) -> None:
    """Publish RELEASE, a directory or cross-shop-embeddings, on the Hugging Face Hub.

    All or nothing, and never under a tag that exists at other content; run again after any
    interruption. What its licence or its privacy gates forbid is not published.
    """
    from cse_bench import api
    from cse_bench.progress import steps

    with steps("publishing", api.PUBLISH_STEPS) as step:
        publication = api.publish(
            release,
            repo,
            private=private,
            tag=tag,
            create_pr=create_pr,
            register=register,
            results=results,
            dry_run=dry_run,
            step=step,
        )
    if dry_run:
        click.echo("\n".join(publication.plan.lines()))
    click.echo(publication.said)
