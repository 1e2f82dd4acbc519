"""cse-bench publish-site SITE --repo ORG/SPACE."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("publish-site")
@click.argument("site", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--repo", required=True, metavar="ORG/SPACE", help="The Space.")
@click.option("--title", default="Cross-shop embeddings", show_default=True, help="Of the page.")
def command(site: Path, repo: str, title: str) -> None:
    """Publish SITE, a directory with an index.html, as a static Space on the Hugging Face Hub."""
    from cse_bench import api

    click.echo(api.publish_site(site, repo, title=title))
