"""Releases by reference: the embedded one, a directory, or one on the Hub."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import cse_bench
from cse_bench.errors import HubError, InputError, ReleaseError
from cse_bench.files import staged_directory

if TYPE_CHECKING:
    from cse_bench.hub.client import Hub
    from cse_bench.hub.reference import Reference
    from cse_bench.release.read import Release

EMBEDDED = "cross-shop-embeddings"
"""The release inside the package."""


def embedded_directory() -> Path:
    """The directory in which the embedded release lies, within the package.

    Returns
    -------
    Path
    """
    return Path(cse_bench.__file__).parent / "data" / EMBEDDED


def load_release(reference: str | Path = EMBEDDED, *, hub: Hub | None = None) -> Release:
    """Load a release and check it against its manifest.

    Parameters
    ----------
    reference : str or Path
        ``cross-shop-embeddings`` for the release inside the package; a directory; or
        ``ORG/NAME``, perhaps with ``@`` and a tag, branch or commit, for one on the Hub, which is
        kept in the Hub's cache, so that it is there offline too. A directory of the first name in
        the current one is not looked at: give it as ``./cross-shop-embeddings``. A directory that
        is there comes before a repository of the same name.
    hub : Hub, optional
        Which Hub, and as whom; by default as ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HOME`` say.

    Returns
    -------
    Release
        Its arrays are read-only.

    Raises
    ------
    ReleaseError
        If there is none, or a file is not the one that its manifest describes.
    InputError, HubError
        If it cannot be had from the Hub.
    """
    from cse_bench.release.read import read_release

    if str(reference) == EMBEDDED and isinstance(reference, str):
        return read_release(embedded_directory())
    found = on_the_hub(reference)
    if found is None:
        return read_release(Path(reference).expanduser())
    from cse_bench.hub.client import Hub
    from cse_bench.hub.download import load_from_hub

    try:
        return load_from_hub(hub or Hub(), found)
    except ReleaseError:
        raise  # it is there, but damaged
    except (InputError, HubError) as error:
        kind = InputError if isinstance(error, InputError) else HubError
        what = f"there is no folder {reference} here; as a repository on the Hub: {error.what}"
        raise kind(what, error.hint) from error


def on_the_hub(reference: str | Path) -> Reference | None:
    """What a reference names on the Hub; None if it names a directory."""
    from cse_bench.hub.reference import parse_reference

    if not isinstance(reference, str) or Path(reference).expanduser().exists():
        return None
    return parse_reference(reference)


def download(
    to: Path | None = None, *, reference: str | None = None, hub: Hub | None = None
) -> Path:
    """Put a release into a directory, where `load_dataset` reads it.

    Parameters
    ----------
    to : Path, optional
        The directory; one of the release's name in the current one by default. If it already
        holds this release, nothing is done.
    reference : str, optional
        ``ORG/NAME[@REVISION]`` on the Hub; the embedded release by default.
    hub : Hub, optional
        See `load_release`.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If something else is there, or the release cannot be had.
    """
    from cse_bench.release.manifest import read_manifest

    if reference is not None and reference != EMBEDDED:
        return _download_from_hub(to, reference, hub)
    target = Path(EMBEDDED) if to is None else to
    source = embedded_directory()
    if (target / "manifest.json").is_file():
        manifest = read_manifest(target)
        if manifest == read_manifest(source):
            _verify_copy(source, target)
            return target
    with staged_directory(target, replace=False) as stage:
        shutil.copytree(source, stage, dirs_exist_ok=True)
        _verify_copy(source, stage)
    return target


def _download_from_hub(to: Path | None, reference: str, hub: Hub | None) -> Path:
    from cse_bench.hub.client import Hub
    from cse_bench.hub.download import copy_to
    from cse_bench.hub.reference import parse_reference

    found = parse_reference(reference)
    if found is None:
        raise InputError(f"{reference!r} names nothing on the Hub", "ORG/NAME or ORG/NAME@REVISION")
    return copy_to(hub or Hub(), found, Path(found.repo.split("/")[1]) if to is None else to)


def _verify_copy(source: Path, copy: Path) -> None:
    """Refuse a copy of the embedded release in which a file differs, the card included."""
    for path in (p for p in source.rglob("*") if p.is_file()):
        name = path.relative_to(source)
        if not (copy / name).is_file() or (copy / name).read_bytes() != path.read_bytes():
            raise ReleaseError(
                f"{copy / name} is missing, or not as it was", f"remove {copy}, then download again"
            )
