"""Carry out a plan: one commit, compared with what was sent, then a tag that never moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cse_bench.errors import HubError, InputError
from cse_bench.hub.client import Hub, connected, who_am_i
from cse_bench.hub.plan import DATASET, Plan, survey
from cse_bench.hub.pulls import open_pull_request
from cse_bench.hub.repository import doubtful, make_commit, make_sure
from cse_bench.progress import silent
from cse_bench.release.manifest import Manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi

STEPS = ("asking the Hub", "uploading", "tagging")


@dataclass(frozen=True)
class Publication:
    """What became of a plan.

    Attributes
    ----------
    plan : Plan
        What was to be done, as it was found when it was carried out.
    commit : str or None
        The commit that holds the release; None where it waits in a pull request.
    url : str
        Where to look at it.
    said : str
        One line.
    """

    plan: Plan
    commit: str | None
    url: str
    said: str


def look(hub: Hub, plan: Plan, manifest: Manifest) -> Plan:
    """Ask the Hub how far a plan is, without changing anything; signed out if need be.

    Raises
    ------
    InputError, HubError
        If the plan cannot be carried out.
    """
    with connected(hub, plan.order.repo) as api:
        if hub.secret() is None:
            plan = replace(
                plan, note="signed out: what is private was not seen; publishing needs a token"
            )
        else:
            who_am_i(api)
        return survey(hub, api, plan, manifest)


def carry_out(
    hub: Hub, plan: Plan, manifest: Manifest, step: Callable[[str], None] = silent
) -> Publication:
    """Publish.

    Interrupted anywhere and run again, it goes on from what is there.

    Parameters
    ----------
    hub : Hub
        Where.
    plan : Plan
        From `first_plan`.
    manifest : Manifest
        Of the release.
    step : callable
        Told the name of each step as it begins.

    Returns
    -------
    Publication

    Raises
    ------
    InputError
        If the repository or the token cannot be used, or somebody else came first.
    HubError
        If the Hub failed; what it holds then is said.
    """
    order = plan.order
    with connected(hub, order.repo) as api:
        step(STEPS[0])
        who_am_i(api)
        plan = survey(hub, api, plan, manifest)
        if plan.state == "new":
            api.create_repo(order.repo, repo_type=DATASET, private=order.private, exist_ok=True)
            plan = survey(hub, api, plan, manifest)
            if plan.head is None:
                raise HubError(f"{order.repo} was created, but is not there", "run this again")
        tree = f"{hub.address}/datasets/{order.repo}/tree/{order.tag}"
        if plan.state in ("done", "asked"):
            return _nothing(plan, tree)
        step(STEPS[1])
        if order.create_pr and plan.state == "commit":
            url = open_pull_request(api, plan.change())
            said = f"opened {url}; once it is merged, publish again to tag it {order.tag}"
            return Publication(plan, None, url, said)
        commit = plan.head if plan.state == "tag" else make_commit(api, plan.change())
        assert commit is not None
        step(STEPS[2])
        set_tag(api, order.repo, order.tag, commit)
        make_sure(api, plan.change(), order.tag)
        said = f"published {order.repo} {order.tag} at {commit[:12]}: {tree}"
        return Publication(plan, commit, tree, said)


def _nothing(plan: Plan, tree: str) -> Publication:
    """What is said where everything is done already."""
    if plan.state == "asked":
        said = f"nothing to do: a pull request with this release is open: {plan.note}"
        return Publication(plan, None, plan.note, said)
    said = f"nothing to do: {plan.order.repo} {plan.order.tag} is this release already"
    return Publication(plan, plan.head, tree, said)


def set_tag(api: HfApi, repo: str, tag: str, commit: str) -> None:
    """Tag a commit, and read the tag again; an existing tag is never moved.

    Raises
    ------
    InputError
        If the tag stands at another commit.
    HubError
        If it is not there afterwards.
    """
    try:
        api.create_tag(repo, tag=tag, revision=commit, repo_type=DATASET)
    except Exception as error:
        if not doubtful(error):
            raise
    refs = api.list_repo_refs(repo, repo_type=DATASET)
    found = {ref.name: ref.target_commit for ref in refs.tags}.get(tag)
    if found is None:
        raise HubError(
            f"{repo} holds the release at {commit[:12]}, but the tag {tag} is not there",
            "run this again: only the tag is missing",
        )
    if found != commit:
        raise InputError(
            f"the tag {tag} of {repo} stands at another commit, {found[:12]}, and is not moved",
            "publish under a new version's tag",
        )
