"""cse-bench tune TRAINER --out DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cse_bench.cli.completion import TRAINERS
from cse_bench.cli.sections import Sectioned
from cse_bench.cli.settings import read_settings
from cse_bench.cli.train_ import source_of, with_source


@click.command("tune", cls=Sectioned)
@click.argument("trainer", shell_complete=TRAINERS)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The study; one that is there is gone on with.  [default: tuning/<trainer>]",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    metavar="N",
    default=40,
    show_default=True,
    help="Complete trials that the study shall have.",
)
@click.option(
    "--objective",
    default="auc",
    show_default=True,
    metavar="METRIC",
    help="What is optimised in-shop: auc, hr@10%, ndcg@10, hr@10 or mrr@10.",
)
@click.option("--random-state", type=int, default=0, show_default=True, help="Seed.")
@click.option("--json", "as_json", is_flag=True, help="Print trials and importances as JSON.")
@with_source
def command(
    trainer: str,
    out: Path | None,
    release: str,
    trials: int,
    objective: str,
    random_state: int,
    as_json: bool,
    settings: tuple[str, ...],
    **given: Any,
) -> None:
    """Tune TRAINER in-shop, and report how well each trial aligns; --set keeps a parameter."""
    import json

    from cse_bench import api
    from cse_bench.progress import steps

    source = source_of(given)
    target = Path("tuning") / trainer if out is None else out
    with steps(f"tuning {trainer}", trials) as step:
        found = api.tune(
            trainer,
            target,
            release,
            trials=trials,
            objective=objective,
            settings=read_settings(settings),
            source=source,
            random_state=random_state,
            step=step,
        )
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    own = ("objective", "translation", "next_event", "membership", "seconds")
    click.echo("trials that no other beats both in-shop and on translation")
    for row in sorted(found["trials"], key=lambda row: float(-row["objective"])):
        if row["pareto"]:
            scores = "  ".join(f"{name} {row[name]:.4f}" for name in own if row.get(name))
            skipped = {*own, "trial", "pareto"}
            told = ", ".join(
                f"{name} {value:.3g}"
                for name, value in row.items()
                if name not in skipped and not name.startswith("in_shop_")
            )
            click.echo(f"  {row['trial']:>4}  {scores}\n        {told}")
    for target_name, shares in found["importances"].items():
        told = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        click.echo(f"what {target_name} depends on: {told}")
    click.echo(f"written: {target}/" + ", ".join(found["written"]))
    if found["missing"]:
        click.echo(f"no pareto.png: {found['missing']}", err=True)
