"""A release from the Hub: of one commit, kept in the Hub's cache, checked by its manifest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.errors import InputError, ReleaseError, did_you_mean
from cse_bench.files import staged_directory
from cse_bench.hub.client import Hub, connected
from cse_bench.hub.patience import Unreachable
from cse_bench.hub.reference import Reference
from cse_bench.hub.repository import refuse_other_type
from cse_bench.release.manifest import read_manifest, verify_files
from cse_bench.release.read import Release, read_release
from cse_bench.release.write import HUB_FILES, OTHER_FILES

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DATASET = "dataset"


def load_from_hub(hub: Hub, reference: Reference) -> Release:
    """A release on the Hub, read from the Hub's cache.

    Parameters
    ----------
    hub : Hub
        Which.
    reference : Reference
        Repository, and tag, branch or commit.

    Returns
    -------
    Release
        With the commit and repository that it is from.

    Raises
    ------
    InputError, HubError
        If it cannot be had.
    ReleaseError
        If a table is not the one that its manifest describes.
    """
    directory = fetch(hub, reference)
    return read_release(directory, revision=directory.name, repo=reference.repo)


def fetch(hub: Hub, reference: Reference) -> Path:
    """Bring a revision into the Hub's cache, whole and verified; offline if it is there already.

    Returns
    -------
    Path
        Its directory, named by its commit.
    """
    directory = _snapshot(hub, reference)
    try:
        verify_files(directory, read_manifest(directory))
    except ReleaseError as damage:
        # The cache may have been damaged; what is wrong on the Hub is still wrong afterwards.
        directory = _once_more(hub, reference, damage)
        try:
            verify_files(directory, read_manifest(directory))
        except ReleaseError as error:
            what = error.what.replace(str(directory), str(reference))
            raise ReleaseError(what, "this is how it stands on the Hub: tell its owner") from None
    return directory


def _once_more(hub: Hub, reference: Reference, damage: ReleaseError) -> Path:
    """Download a revision anew, whose copy in the cache is damaged."""
    alone = f"the copy of {reference} in the Hub's cache is damaged: {damage.what}"
    if _offline():
        raise ReleaseError(alone, "unset HF_HUB_OFFLINE once, to download it again")
    try:
        return _snapshot(hub, reference, force=True)
    except Unreachable as error:
        raise ReleaseError(f"{alone}; and {error.what}", "try again with a network") from None


def _snapshot(hub: Hub, reference: Reference, *, force: bool = False) -> Path:
    """All files of a revision, in the cache."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    with connected(hub, reference.repo) as api:
        try:
            return _download(api, hub, reference, force=force)
        except Unreachable as error:
            if force:
                raise
            try:
                return _download(api, hub, reference, offline=True)
            except LocalEntryNotFoundError:
                raise error from None
        except LocalEntryNotFoundError as error:
            if error.__cause__ is not None and not _offline():
                raise error.__cause__ from None
            raise InputError(
                f"{reference} is not in the Hub's cache, and HF_HUB_OFFLINE is set",
                "unset HF_HUB_OFFLINE once, to download it",
            ) from None


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.is_offline_mode())


def _download(
    api: HfApi, hub: Hub, reference: Reference, *, offline: bool = False, force: bool = False
) -> Path:
    from huggingface_hub.errors import (
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        found = api.snapshot_download(
            reference.repo,
            repo_type=DATASET,
            revision=reference.revision,
            cache_dir=hub.cache,
            local_files_only=offline,
            force_download=force,
        )
    except GatedRepoError:
        raise
    except RepositoryNotFoundError:
        refuse_other_type(api, reference.repo, DATASET)
        raise
    except RevisionNotFoundError:
        tags = [tag.name for tag in api.list_repo_refs(reference.repo, repo_type=DATASET).tags]
        raise InputError(
            f"{reference.repo} has no revision {reference.revision!r}",
            did_you_mean(str(reference.revision), tags) if tags else "it has no tags",
        ) from None
    return Path(str(found))


def copy_to(hub: Hub, reference: Reference, target: Path) -> Path:
    """Put a release from the Hub into a directory.

    Parameters
    ----------
    hub, reference
        See `load_from_hub`.
    target : Path
        The directory. If it holds just this already, nothing is done.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If something else is there.
    """
    source = fetch(hub, reference)
    manifest = read_manifest(source)
    if (target / "manifest.json").is_file() and read_manifest(target) == manifest:
        verify_files(target, manifest)
        return target
    with staged_directory(target, replace=False) as stage:
        for name in (*manifest.files, *OTHER_FILES, *HUB_FILES):
            if (source / name).is_file() and name != ".gitattributes":
                (stage / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(source / name, stage / name)
        verify_files(stage, manifest)
    return target
