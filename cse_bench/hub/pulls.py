"""Pull requests that we open: found again, opened once, closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cse_bench.errors import HubError, InputError
from cse_bench.hub.repository import Change, differences, doubtful, files_at, make_sure, send

if TYPE_CHECKING:
    from huggingface_hub import HfApi

PENDING = ("open", "draft")


@dataclass(frozen=True)
class Pull:
    """A pull request.

    Attributes
    ----------
    number : int
        Its number.
    url : str
        Its address.
    author : str
        Who opened it.
    """

    number: int
    url: str
    author: str


def find_pull_request(api: HfApi, change: Change) -> Pull | None:
    """A pending pull request that holds just this, if there is one."""
    pulls = api.get_repo_discussions(
        change.repo, repo_type=change.kind, discussion_type="pull_request"
    )
    for pull in pulls:
        if pull.title != change.title or pull.status not in PENDING or not pull.git_reference:
            continue
        there = files_at(api, change.repo, change.kind, pull.git_reference)
        if not differences(change.files, there, change.stale):
            return Pull(pull.num, str(pull.url), pull.author)
    return None


def open_pull_request(api: HfApi, change: Change) -> str:
    """Open a pull request with one commit; the caller has looked whether there is one already.

    If the connection drops meanwhile, whether it was opened is looked up.

    Returns
    -------
    str
        Its address.

    Raises
    ------
    InputError
        If the branch was changed meanwhile.
    HubError
        If none was opened, or it does not hold what was sent.
    """
    try:
        info = send(api, change, create_pr=True)
    except Exception as error:
        if not doubtful(error):
            raise
        found = find_pull_request(api, change)
        if found is not None:
            return found.url
        if getattr(getattr(error, "response", None), "status_code", None) == 412:
            raise InputError(
                f"somebody else changed {change.repo} meanwhile", "look at it, then run this again"
            ) from None
        raise HubError(f"no pull request was opened on {change.repo}", "run this again") from None
    make_sure(api, change, info.pr_revision or info.oid)
    return str(info.pr_url)
