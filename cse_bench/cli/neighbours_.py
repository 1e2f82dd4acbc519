"""cse-bench neighbours TEXT."""

from __future__ import annotations

import click

from cse_bench.cli.completion import ALIGNERS


@click.command("neighbours")
@click.argument("text")
@click.option(
    "--release", default="cross-shop-embeddings", show_default=True, metavar="REF", help="Where."
)
@click.option(
    "--aligner",
    shell_complete=ALIGNERS,
    default="procrustes",
    show_default=True,
    metavar="ALIGNER",
    help="A registered name or a file; it gets all train evidence.",
)
@click.option("--source", metavar="SHOP", help="The shop of TEXT.  [default: the first]")
@click.option("--target", metavar="SHOP", help="The other shop.  [default: the next one]")
@click.option(
    "--products", type=click.IntRange(min=1), default=3, show_default=True, help="Of a category."
)
@click.option("-k", type=click.IntRange(min=1), default=5, show_default=True, help="Neighbours.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(
    text: str,
    release: str,
    aligner: str,
    source: str | None,
    target: str | None,
    products: int,
    k: int,
    as_json: bool,
) -> None:
    """Show what lies nearest to TEXT, a product id or a category, in both shops.

    Before and after alignment; categories are shown where there are some, for ids mean nothing.
    """
    import dataclasses
    import json

    from cse_bench import api
    from cse_bench.progress import steps

    with steps(f"aligning by {aligner}", 1) as step:
        step("")
        found = api.neighbours(
            text, release, aligner=aligner, source=source, target=target, products=products, k=k
        )
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(nearest) for nearest in found], indent=1))
        return
    for nearest in found:
        own = nearest.product
        click.echo(click.style(f"{own.product}  {own.category or ''}", bold=True))
        for place, neighbours in nearest.places.items():
            click.echo(f"  {place}")
            for other in neighbours:
                same = own.category is not None and other.category == own.category
                name = click.style(other.category or "", fg="green" if same else None)
                click.echo(f"    {other.cosine:5.2f}  {other.product:<16} {name}")
