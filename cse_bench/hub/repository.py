"""What stands in a repository, what shall, and one commit from the one to the other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.errors import HubError, InputError
from cse_bench.files import sha256_file

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo, HfApi

KINDS = ("dataset", "model", "space")
MAIN = "main"
OURS = (".gitattributes",)
"""What the Hub itself puts into a repository."""

TRIES = 3


@dataclass(frozen=True)
class LocalFile:
    """A file to be uploaded, and the digests that the Hub will know it by.

    Attributes
    ----------
    path : str
        Where in the repository.
    source : Path
        Where on this machine.
    size : int
        Bytes.
    git : str
        Its blob's SHA-1, as git counts it.
    sha256 : str
        Of its content.
    """

    path: str
    source: Path
    size: int
    git: str
    sha256: str


@dataclass(frozen=True)
class RemoteFile:
    """A file in a repository; `sha256` is known of those in the large file storage."""

    git: str
    sha256: str | None

    def same_as(self, file: LocalFile) -> bool:
        """Whether it holds what a local file holds."""
        return file.sha256 == self.sha256 if self.sha256 is not None else file.git == self.git


@dataclass(frozen=True)
class Remote:
    """A repository as it is now.

    Attributes
    ----------
    head : str
        Commit of its main branch.
    private : bool
        Whether only its owners see it.
    files : dict of str to RemoteFile
        At `head`.
    tags : dict of str to str
        Tag → commit.
    """

    head: str
    private: bool
    files: dict[str, RemoteFile]
    tags: dict[str, str]


def local_file(path: str, source: Path) -> LocalFile:
    """Describe a file that shall be uploaded."""
    data = source.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return LocalFile(path, source, len(data), git, sha256_file(source))


def inspect(api: HfApi, repo: str, kind: str) -> Remote | None:
    """A repository as it is, or None where there is none that one may see.

    Raises
    ------
    InputError
        If the name belongs to a repository of another type.
    """
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        info = api.repo_info(repo, repo_type=kind)
    except GatedRepoError:
        raise
    except RepositoryNotFoundError:
        refuse_other_type(api, repo, kind)
        return None
    if info.sha is None:
        raise HubError(f"the Hub names no commit of {repo}", "try again later")
    refs = api.list_repo_refs(repo, repo_type=kind)
    tags = {tag.name: tag.target_commit for tag in refs.tags}
    return Remote(info.sha, bool(info.private), files_at(api, repo, kind, info.sha), tags)


def refuse_other_type(api: HfApi, repo: str, kind: str) -> None:
    """Say so if a name belongs to a repository of another type."""
    for other in (k for k in KINDS if k != kind):
        if api.repo_exists(repo, repo_type=other):
            raise InputError(f"{repo} is a {other}, not a {kind}", "name another repository")


def files_at(api: HfApi, repo: str, kind: str, revision: str) -> dict[str, RemoteFile]:
    """The files of a revision, by path."""
    from huggingface_hub.hf_api import RepoFile

    listed = api.list_repo_tree(repo, recursive=True, revision=revision, repo_type=kind)
    return {
        item.path: RemoteFile(item.blob_id, None if item.lfs is None else item.lfs.sha256)
        for item in listed
        if isinstance(item, RepoFile)
    }


def differences(
    files: Iterable[LocalFile], remote: dict[str, RemoteFile], stale: Iterable[str] = ()
) -> list[str]:
    """Paths whose content there is not that here, and those that should be gone."""
    changed = [f.path for f in files if f.path not in remote or not remote[f.path].same_as(f)]
    return changed + [path for path in stale if path in remote]


@dataclass(frozen=True)
class Change:
    """One commit to be made.

    Attributes
    ----------
    repo, kind : str
        Where.
    parent : str or None
        The commit that it must follow; None for a pull request on whatever is newest.
    files : tuple of LocalFile
        What shall stand there.
    stale : tuple of str
        What shall not stand there any longer.
    title, text : str
        What is said of it.
    """

    repo: str
    kind: str
    parent: str | None
    files: tuple[LocalFile, ...]
    stale: tuple[str, ...]
    title: str
    text: str = ""


def make_commit(api: HfApi, change: Change) -> str:
    """Make one commit, all or nothing, and make sure of what became of it.

    A connection may drop before the commit was applied or after, and the client cannot tell; nor
    can it tell a stale parent from its own commit, come in by an earlier try. So after every doubt
    the branch is read again, and its content decides.

    Returns
    -------
    str
        The commit, whose files are those of `change`.

    Raises
    ------
    InputError
        If somebody else's commit came first.
    HubError
        If nothing was changed, or not all of it arrived as it was sent.
    """
    for attempt in range(TRIES):
        try:
            oid = send(api, change, create_pr=False).oid
            break
        except Exception as error:
            if not doubtful(error):
                raise
            head = _head(api, change)
            if head != change.parent:
                if differences(
                    change.files, files_at(api, change.repo, change.kind, head), change.stale
                ):
                    raise InputError(
                        f"somebody else changed {change.repo} meanwhile: it is now at {head[:12]}",
                        "nothing of yours was written; look at it, then run this again",
                    ) from None
                oid = head
                break
            if isinstance(error, HubError):  # it was tried often enough already
                raise HubError(f"{error.what}; {change.repo} is as it was", error.hint) from None
            if attempt == TRIES - 1:
                raise HubError(
                    f"{change.repo} is as it was: the Hub did not take the commit",
                    "run this again later",
                ) from None
            time.sleep(0.5 * (attempt + 1))
    make_sure(api, change, oid)
    return oid


def make_sure(api: HfApi, change: Change, oid: str) -> None:
    """Compare what stands at a commit with what was to stand there.

    Raises
    ------
    HubError
        Naming the files that differ.
    """
    wrong = differences(change.files, files_at(api, change.repo, change.kind, oid), change.stale)
    if wrong:
        raise HubError(
            f"{change.repo} at {oid[:12]} is not what was sent: {', '.join(wrong[:3])} differ",
            "a file changed while it was sent? run this again; until then do not use that commit",
        )


def doubtful(error: Exception) -> bool:
    """Whether, after this, a commit may or may not have been applied."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in (408, 409, 412) or error.response.status_code >= 500
    return isinstance(error, HubError | httpx2.TransportError)


def _head(api: HfApi, change: Change) -> str:
    head = api.repo_info(change.repo, repo_type=change.kind, revision=MAIN).sha
    if head is None:
        raise HubError(f"the Hub names no commit of {change.repo}", "try again later")
    return head


def send(api: HfApi, change: Change, *, create_pr: bool) -> CommitInfo:
    """Send a commit once."""
    from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
        *(CommitOperationDelete(path) for path in change.stale),
        *(CommitOperationAdd(file.path, file.source) for file in change.files),
    ]
    return api.create_commit(
        change.repo,
        operations,
        commit_message=change.title,
        commit_description=change.text,
        repo_type=change.kind,
        parent_commit=change.parent,
        create_pr=create_pr,
    )
