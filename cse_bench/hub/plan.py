"""What publishing a release would do to a repository, found out without changing anything."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cse_bench.errors import InputError
from cse_bench.hub.client import Hub
from cse_bench.hub.pulls import find_pull_request
from cse_bench.hub.repository import (
    OURS,
    Change,
    LocalFile,
    Remote,
    differences,
    files_at,
    inspect,
    local_file,
)
from cse_bench.release.manifest import MANIFEST, Manifest
from cse_bench.release.write import HUB_FILES, OTHER_FILES

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DATASET = "dataset"
TAG = re.compile(r"v\d+(\.\d+){0,2}([-+.][A-Za-z0-9.-]+)?")
KEPT = (*OURS, "eval.yaml")
"""What an earlier version may leave behind; what was registered stays so."""

State = Literal["new", "commit", "tag", "done", "asked", "unknown"]

DOES = {
    "new": "create the {kind} repository, commit {n} files, tag the commit {tag}",
    "commit": "commit {changed} changed of {n} files after {head}, tag the commit {tag}",
    "tag": "{head} holds just this already: tag it {tag}",
    "done": "nothing: {tag} holds just this already",
    "asked": "nothing: a pull request with just this is open",
    "unknown": "commit {n} files, unless they are there already; tag the commit {tag}",
}


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Attributes
    ----------
    repo : str
        ``ORG/NAME``.
    tag : str
        Of this version.
    private : bool
        Whether a repository that does not exist yet is made private.
    create_pr : bool
        Whether to ask by a pull request; nothing is tagged then.
    register : bool
        Whether to add ``eval.yaml``.
    """

    repo: str
    tag: str
    private: bool = False
    create_pr: bool = False
    register: bool = False


@dataclass(frozen=True)
class Plan:
    """What publishing would do.

    Attributes
    ----------
    order : Order
        What is wanted.
    title : str
        Of the commit.
    fingerprint, licence : str
        Of the release.
    files : tuple of LocalFile
        All that the revision shall hold.
    state : str
        How far it is: `DOES` says what each state means.
    head : str or None
        Commit of the main branch, or of the tag where the state is ``done``.
    changed, stale : tuple of str
        Paths that differ from it, and those that an earlier version left.
    private : bool
        Whether only the owners will see it.
    note : str
        An address, or why the Hub was not asked.
    """

    order: Order
    title: str
    fingerprint: str
    licence: str
    files: tuple[LocalFile, ...]
    state: State = "unknown"
    head: str | None = None
    changed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    private: bool = False
    note: str = ""

    def change(self) -> Change:
        """The commit that it takes."""
        if self.head is None:
            raise ValueError("a plan without a head has nothing to follow")
        text = f"Fingerprint {self.fingerprint}"
        return Change(self.order.repo, DATASET, self.head, self.files, self.stale, self.title, text)

    def lines(self) -> list[str]:
        """The plan, to be read."""
        does = DOES[self.state].format(
            kind="private" if self.private else "public",
            n=len(self.files),
            changed=len(self.changed),
            head=(self.head or "")[:12],
            tag=self.order.tag,
        )
        if self.order.create_pr and self.state in ("new", "commit", "unknown"):
            does = does.split(", tag")[0].split("; tag")[0] + ", in a pull request; no tag yet"
        marks = set(self.changed) if self.state == "commit" else set()
        return [
            f"{self.title} to {self.order.repo} ({'private' if self.private else 'public'})",
            f"fingerprint {self.fingerprint}, licence {self.licence}",
            *(f"{f.size:>12,} B  {f.path}{'  changed' * (f.path in marks)}" for f in self.files),
            *(f"{'delete':>14}  {path}" for path in self.stale),
            f"{sum(f.size for f in self.files):>12,} B  in all",
            f"to do: {does}",
            *([self.note] if self.note else []),
        ]


def check_tag(tag: str) -> str:
    """The tag, if it is one of a version.

    Raises
    ------
    InputError
        If it is not.
    """
    if not TAG.fullmatch(tag):
        raise InputError(f"{tag!r} is no version's tag", "such as v1.0.0")
    return tag


def first_plan(order: Order, stage: Path, manifest: Manifest) -> Plan:
    """What is known without asking the Hub."""
    paths = sorted(p for p in stage.rglob("*") if p.is_file())
    files = tuple(local_file(p.relative_to(stage).as_posix(), p) for p in paths)
    title = f"Publish {manifest.name} {manifest.version}"
    return Plan(order, title, manifest.fingerprint, manifest.licence, files, private=order.private)


def survey(hub: Hub, api: HfApi, plan: Plan, manifest: Manifest) -> Plan:
    """Ask the Hub how far a plan is already carried out.

    Raises
    ------
    InputError
        If the repository holds something else, is public where it should be private, or the tag
        stands at other content.
    """
    order = plan.order
    remote = inspect(api, order.repo, DATASET)
    if remote is None:
        return replace(plan, state="new")
    if order.private and not remote.private:
        raise InputError(
            f"{order.repo} is public already, and --private makes no repository private",
            "name another repository, or make this one private in its settings first",
        )
    plan = replace(plan, head=remote.head, private=remote.private)
    if order.tag in remote.tags:
        tagged = files_at(api, order.repo, DATASET, order.tag)
        differ = differences(plan.files, tagged)
        if differ:
            raise InputError(
                f"{order.repo} has the tag {order.tag} already, at other content: "
                f"{', '.join(differ[:3])} differ",
                "a tag is never moved: publish under a new version's tag",
            )
        return replace(plan, state="done", head=remote.tags[order.tag])
    stale = _left_behind(hub, api, remote, plan, manifest)
    changed = differences(plan.files, remote.files, stale)
    plan = replace(plan, stale=stale, changed=tuple(changed))
    if not changed:
        return replace(plan, state="tag")
    if order.create_pr:
        asked = find_pull_request(api, plan.change())
        if asked is not None:
            return replace(plan, state="asked", note=asked.url)
    return replace(plan, state="commit")


def _left_behind(
    hub: Hub, api: HfApi, remote: Remote, plan: Plan, manifest: Manifest
) -> tuple[str, ...]:
    """What an earlier version of this release holds and this one does not; refuse anything else."""
    repo = plan.order.repo
    others = [path for path in remote.files if path not in OURS]
    if not others:
        return ()
    if MANIFEST not in remote.files:
        raise InputError(
            f"{repo} holds something else, such as {others[0]}, and is left alone",
            "name a new repository, or that of an earlier version",
        )
    path = api.hf_hub_download(
        repo, MANIFEST, repo_type=DATASET, revision=remote.head, cache_dir=hub.cache
    )
    try:
        earlier = json.loads(Path(path).read_text(encoding="utf-8"))
        name, listed = earlier["name"], list(earlier["files"])
    except (ValueError, KeyError, TypeError):
        raise InputError(f"the {MANIFEST} of {repo} cannot be understood", "look at it") from None
    if name != manifest.name:
        raise InputError(
            f"{repo} holds another release, {name}; this is {manifest.name}",
            "name another repository",
        )
    new = {file.path for file in plan.files} | set(KEPT)
    known = (*listed, *OTHER_FILES, *HUB_FILES)
    return tuple(path for path in known if path in remote.files and path not in new)
