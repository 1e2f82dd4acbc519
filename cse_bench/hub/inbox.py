"""The board's inbox: entries that were merged there, and those that a pull request would add."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.errors import InputError
from cse_bench.hub.client import Hub, connected
from cse_bench.hub.submit import BOARD
from cse_bench.results.places import ENTRIES, FOLDER, SUBMITTED, VERIFICATION

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

PULL = re.compile(r"(?P<repo>[^#@\s]+)#(?P<number>[1-9]\d{0,8})")

LARGEST = 32 << 20
"""Bytes of a file that is downloaded at all."""


@dataclass(frozen=True)
class Inbox:
    """What was fetched.

    Attributes
    ----------
    folders : list of str
        ``entries/<aligner>/<sha12>``, each in full beneath the directory that was given.
    problems : dict of str to str
        Path in the repository → why it was not fetched, or may not be changed.
    waiting : tuple of int
        Pull requests that are open: beside one, those that are older.
    """

    folders: list[str]
    problems: dict[str, str]
    waiting: tuple[int, ...] = ()


def split_pull(text: str) -> tuple[str, int | None]:
    """``ORG/NAME#7`` as repository and number of the pull request; None for all that was merged."""
    found = PULL.fullmatch(text)
    return (found["repo"], int(found["number"])) if found else (text, None)


def fetch_entries(
    hub: Hub, repo: str, pull: int | None, to: Path, *, stamps: bool = False
) -> Inbox:
    """Download entries as data: plain files under `to`, of limited size, none of them run.

    Parameters
    ----------
    hub : Hub
        Which Hub.
    repo : str
        The board's dataset repository.
    pull : int, optional
        A pull request: only what it changes is fetched.
    to : Path
        An empty directory.
    stamps : bool
        Whether what was merged is a mirror of the board, whose `VERIFICATION` files count.

    Raises
    ------
    InputError
        If there is no such repository or pull request, or it was closed.
    HubError
        If the Hub failed.
    """
    with connected(hub, repo) as api:
        revision = "main" if pull is None else f"refs/pr/{pull}"
        waiting = _waiting(api, repo, pull)
        # One commit, whatever is pushed meanwhile: what is listed is what is fetched.
        revision = str(api.repo_info(repo, repo_type=BOARD, revision=revision).sha)
        there = _listed(api, repo, revision)
        wanted, problems = dict(there), {}
        if pull is not None:
            before = _listed(api, repo, _base(api, repo, revision))
            wanted = {p: f for p, f in there.items() if _other(f, before.get(p))}
            problems = {path: "the pull request deletes it" for path in before if path not in there}
            problems |= {p: "the pull request changes it" for p in wanted if p in before}
        folders: dict[str, None] = {}
        for path, file in wanted.items():
            folder, _, name = path.rpartition("/")
            if pull is None and not path.startswith(f"{ENTRIES}/"):
                continue  # the repository's own card and the like
            stamp = pull is None and name == VERIFICATION
            if stamp and not stamps:
                continue  # of a mirror: the board's own is what counts
            if not FOLDER.fullmatch(folder) or not (stamp or name in SUBMITTED):
                problems.setdefault(path, "it is no part of an entry")
            elif file.size > LARGEST:
                problems[path] = f"it holds {file.size:,} bytes; {LARGEST:,} are fetched at most"
            else:
                folders[folder] = None
                source = api.hf_hub_download(
                    repo, path, repo_type=BOARD, revision=revision, cache_dir=hub.cache
                )
                target = to / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)  # not the cache's link
    return Inbox(sorted(folders), problems, waiting)


def _waiting(api: HfApi, repo: str, pull: int | None) -> tuple[int, ...]:
    """The open pull requests: all, or those older than one, which must not be closed itself."""
    pulls = api.get_repo_discussions(repo, repo_type=BOARD, discussion_type="pull_request")
    status = {found.num: found.status for found in pulls}
    waiting = sorted(number for number, said in status.items() if said == "open")
    if pull is None:
        return tuple(waiting)
    if pull not in status:
        raise InputError(f"{repo} has no pull request {pull}", "look at its Community page")
    if status[pull] == "closed":
        raise InputError(
            f"pull request {pull} of {repo} is closed: withdrawn, or refused",
            "who sent it may submit again",
        )
    return tuple(number for number in waiting if number < pull)


def _listed(api: HfApi, repo: str, revision: str) -> Mapping[str, RepoFile]:
    from huggingface_hub.hf_api import RepoFile

    listed = api.list_repo_tree(repo, recursive=True, revision=revision, repo_type=BOARD)
    return {item.path: item for item in listed if isinstance(item, RepoFile)}


def _base(api: HfApi, repo: str, revision: str) -> str:
    """The commit of main that a pull request began from."""
    main = {commit.commit_id for commit in api.list_repo_commits(repo, repo_type=BOARD)}
    for commit in api.list_repo_commits(repo, repo_type=BOARD, revision=revision):
        if commit.commit_id in main:
            return commit.commit_id
    return "main"


def _other(file: RepoFile, before: RepoFile | None) -> bool:
    return before is None or before.blob_id != file.blob_id
