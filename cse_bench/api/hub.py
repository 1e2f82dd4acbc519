"""To the Hugging Face Hub: releases, results, and the board's page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.api.scoring import evaluate
from cse_bench.errors import HubError, InputError
from cse_bench.progress import silent

if TYPE_CHECKING:
    from cse_bench.hub.client import Hub
    from cse_bench.hub.publish import Publication
    from cse_bench.release.card import Yardstick
    from cse_bench.release.read import Release
    from cse_bench.results.record import Result

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


def submit(
    result: Path,
    aligner: Path,
    board: str,
    *,
    model_repo: str | None = None,
    take_back: bool = False,
    unread: bool = False,
    confirm: Callable[[list[str]], bool],
    hub: Hub | None = None,
) -> list[str]:
    """Send a result to the board: a pull request on its inbox, a dataset repository.

    Parameters
    ----------
    result : Path
        A ``result.json``, with its ``ranks.parquet`` beside it.
    aligner : Path
        The file that was scored.
    board : str
        ``ORG/LEADERBOARD``.
    model_repo : str, optional
        ``ORG/ALIGNER``: publish the aligner there too, with its scores as the Hub gathers them.
    take_back : bool
        Whether to close one's own pull request with this result instead.
    unread : bool
        Whether nobody reads what `confirm` is shown: then what the sender has perhaps forgotten, a
        name of one's own or anything of one's own, is a refusal.
    confirm : callable
        Shown what will be sent, says whether to.
    hub : Hub, optional
        See `load_release`.

    Returns
    -------
    list of str
        What was done.

    Raises
    ------
    InputError
        If the result or the aligner is not what it says, or it cannot be sent there.
    HubError
        If the Hub failed.
    """
    from cse_bench.hub import submit as sending
    from cse_bench.hub.client import Hub
    from cse_bench.hub.model import check_model, check_place, publish_model, stage_model
    from cse_bench.hub.reference import repository_name
    from cse_bench.results.places import ALIGNER
    from cse_bench.results.read import result_file

    hub, board = hub or Hub(), repository_name(board)
    hub.must_have_token()
    with tempfile.TemporaryDirectory(prefix="cse-bench-submit-") as place:
        entry, model = Path(place) / "entry", Path(place) / "model"
        entry.mkdir()
        model.mkdir()
        submission = sending.prepare(result_file(result), aligner, entry)
        notes = _rankable(submission.result)
        if model_repo is not None:
            check_model(submission.result)
            model_repo = repository_name(model_repo)
        standing = sending.look(hub, board, submission)
        if take_back:
            return [sending.withdraw(hub, board, standing)]
        if unread and submission.doubts:
            raise InputError(
                "; ".join(submission.doubts),
                "change the file, and evaluate it again; without --yes you are asked instead",
            )
        shown = [*submission.lines(board), *notes]
        if model_repo is not None:
            check_place(hub, model_repo)
            shown.append(f"to {model_repo}, a public model: the aligner, a card, its scores")
        if (standing.state == "new" or model_repo is not None) and not confirm(shown):
            raise InputError("nothing was sent", "answer y, or give --yes")
        if standing.state == "new":
            url = sending.send_entry(hub, board, submission)
            said = [f"opened {url}"]
        else:
            url = standing.url
            where = "on the board" if standing.state == "merged" else "waiting in a pull request"
            said = [f"nothing to do: this result is {where} already: {url}"]
        if model_repo is not None:
            files = stage_model(submission.result, entry / ALIGNER, url, model)
            said.append(publish_model(hub, model_repo, submission.result, files))
    return said


def _rankable(result: Result) -> list[str]:
    """What the board would say of a result, told before it is sent.

    Raises
    ------
    InputError
        If it lacks a track or a direction that its evidence opens.
    """
    from cse_bench.leaderboard.check import incomplete

    official = load_release(EMBEDDED)
    if result.release.fingerprint != official.manifest.fingerprint:
        return [
            f"  ! not on {official.name} {official.manifest.version}, which this package's board "
            "ranks: a board takes results on its own release alone"
        ]
    problem = incomplete(result, official)
    if problem is not None:
        raise InputError(f"the board would refuse it: {problem}")
    return []


def publish_site(site: Path, repo: str, *, title: str, hub: Hub | None = None) -> str:
    """Publish the board's page as a static Space.

    Parameters
    ----------
    site : Path
        A directory with an ``index.html``.
    repo : str
        ``ORG/SPACE``; made if it is not there.
    title : str
        Of the page.
    hub : Hub, optional
        See `load_release`.

    Returns
    -------
    str
        What was done.
    """
    from cse_bench.hub import site as pages
    from cse_bench.hub.client import Hub
    from cse_bench.hub.reference import repository_name

    hub, repo = hub or Hub(), repository_name(repo)
    hub.must_have_token()
    with tempfile.TemporaryDirectory(prefix="cse-bench-site-") as place:
        return pages.publish_site(hub, repo, pages.site_files(site, Path(place), title))
