"""To the Hugging Face Hub: releases, results, and the board's page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.releases import load_release
from cse_bench.api.scoring import evaluate
from cse_bench.errors import HubError
from cse_bench.progress import silent

if TYPE_CHECKING:
    from cse_bench.hub.client import Hub
    from cse_bench.hub.publish import Publication
    from cse_bench.release.card import Yardstick
    from cse_bench.release.read import Release

PUBLISH_STEPS = 6
"""Steps of `publish` that are told."""


def publish(
    release: str | Path,
    repo: str,
    *,
    private: bool = False,
    tag: str | None = None,
    create_pr: bool = False,
    register: bool = False,
    results: Path | None = None,
    dry_run: bool = False,
    hub: Hub | None = None,
    step: Callable[[str], None] = silent,
) -> Publication:
    """Publish a release on the Hub: one commit, compared with what was sent, and a tag.

    Run again, it goes on from what is there; published twice, it does nothing.

    Parameters
    ----------
    release : str or Path
        See `load_release`.
    repo : str
        ``ORG/NAME`` of the dataset repository; made if it is not there.
    private : bool
        Whether to make it private.
    tag : str, optional
        Of this version; ``v`` and the manifest's version by default. Never moved.
    create_pr : bool
        Whether to ask by a pull request instead; once merged, publish again to tag it.
    register : bool
        Whether to add ``eval.yaml``, by which the Hub may list the dataset as a benchmark.
    results : Path, optional
        Directory of a result on this release, for the card; `procrustes` is scored by default.
    dry_run : bool
        Whether to check everything and change nothing. Without a token or network, the plan says
        so and what is known without.
    hub : Hub, optional
        See `load_release`.
    step : callable
        Told the name of each step as it begins.

    Returns
    -------
    Publication

    Raises
    ------
    InputError
        If licence, gates, token or repository forbid it, or somebody else came first.
    HubError
        If the Hub failed.
    """
    from cse_bench.hub.client import Hub
    from cse_bench.hub.guard import guard
    from cse_bench.hub.plan import Order, check_tag, first_plan
    from cse_bench.hub.publish import Publication, carry_out, look
    from cse_bench.hub.reference import repository_name
    from cse_bench.hub.rendering import needed, stage_release
    from cse_bench.release.card import Published

    needed()
    hub = hub or Hub()
    name = repository_name(repo)
    if not dry_run:
        hub.must_have_token()
    step("checking the release")
    data = load_release(release, hub=hub)
    manifest = data.manifest
    order = Order(name, check_tag(tag or f"v{manifest.version}"), private, create_pr, register)
    report = guard(data)
    step("scoring procrustes")
    benchmark = _benchmark(data, results)
    with tempfile.TemporaryDirectory(prefix="cse-bench-publish-") as place:
        stage = Path(place)
        step("rendering the card")
        published = Published(name, order.tag, register)
        stage_release(data, stage, report, published, benchmark, hub.address)
        plan = first_plan(order, stage, manifest)
        if not dry_run:
            return carry_out(hub, plan, manifest, step)
        said = "dry run: nothing was changed"
        try:
            plan = look(hub, plan, manifest)
        except HubError as error:
            said = f"dry run; the Hub was not asked: {error}"
        return Publication(plan, None, f"{hub.address}/datasets/{name}", said)


def _benchmark(release: Release, results: Path | None) -> tuple[Yardstick, ...]:
    """Between what scores lie; nothing where the release has no pairs to fit a reference on."""
    from cse_bench.hub.rendering import read_yardsticks, yardsticks
    from cse_bench.tasks.registry import TASKS

    primary = {(t.name, variant): metric for t in TASKS for variant, metric in t.primary}
    if results is not None:
        return read_yardsticks(results, release.manifest, primary)
    if not release.has("pairs", "train"):
        return ()
    return yardsticks(evaluate("procrustes", release, "pairs-all"), primary)
