"""The board's page as a static Space."""

from __future__ import annotations

import json
from pathlib import Path

from cse_bench.errors import HubError, InputError
from cse_bench.hub.client import Hub, connected, who_am_i
from cse_bench.hub.repository import (
    OURS,
    Change,
    LocalFile,
    differences,
    inspect,
    local_file,
    make_commit,
)

SPACE = "space"
CARD = "README.md"
MARK = "cse-bench-site"
"""A tag in the card of a Space that this command made, and so may replace."""

HEADER = """---
title: {title}
sdk: static
app_file: index.html
pinned: false
tags:
- {mark}
---

The page is made by `cse-bench`; changes made here are replaced by its next version.
"""

WELCOME = frozenset({*OURS, CARD, "index.html", "style.css"})
"""What the Hub puts into a new static Space."""


def site_files(site: Path, stage: Path, title: str) -> list[LocalFile]:
    """The files of a site, and the card that makes a Space of them.

    Parameters
    ----------
    site : Path
        A directory with an ``index.html``.
    stage : Path
        Where the card is written.
    title : str
        Of the page.

    Raises
    ------
    InputError
        If it is no site, or holds what should not be published: hidden files, or links that lead
        out of it.
    """
    if not (site / "index.html").is_file():
        raise InputError(f"{site} has no index.html", "cse-bench leaderboard build writes a site")
    found = sorted(path for path in site.rglob("*") if path.is_file() or path.is_symlink())
    for path in found:
        name = path.relative_to(site)
        if any(part.startswith(".") for part in name.parts):
            raise InputError(f"{path} is hidden: is it to be published?", "take it out of the site")
        if not path.resolve().is_relative_to(site.resolve()):
            raise InputError(f"{path} leads out of the site", "put a copy there instead")
    (stage / CARD).write_text(
        HEADER.format(title=json.dumps(title, ensure_ascii=False), mark=MARK), encoding="utf-8"
    )
    files = [local_file(path.relative_to(site).as_posix(), path) for path in found]
    return [file for file in files if file.path != CARD] + [local_file(CARD, stage / CARD)]


def publish_site(hub: Hub, repo: str, files: list[LocalFile]) -> str:
    """Make the Space show just these files.

    Returns
    -------
    str
        What was done.

    Raises
    ------
    InputError
        If another Space has that name.
    """
    with connected(hub, repo) as api:
        who_am_i(api)
        remote = inspect(api, repo, SPACE)
        new = remote is None
        if remote is None:
            api.create_repo(repo, repo_type=SPACE, space_sdk="static", exist_ok=True)
            remote = inspect(api, repo, SPACE)
        if remote is None:
            raise HubError(f"{repo} was created, but is not there", "run this again")
        if not new and not set(remote.files) <= WELCOME:
            card = api.hf_hub_download(
                repo, CARD, repo_type=SPACE, revision=remote.head, cache_dir=hub.cache
            )
            if MARK not in Path(card).read_text(encoding="utf-8"):
                raise InputError(f"{repo} is another Space, and is left alone", "name a new one")
        url = f"{hub.address}/spaces/{repo}"
        wanted = {file.path for file in files} | set(OURS)
        stale = tuple(path for path in remote.files if path not in wanted)
        if not differences(files, remote.files, stale):
            return f"nothing to do: {url} shows this site already"
        make_commit(api, Change(repo, SPACE, remote.head, tuple(files), stale, "New version"))
        return f"published {url}"
