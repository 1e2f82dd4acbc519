"""Releases by reference: the embedded one, or a directory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import cse_bench
from cse_bench.errors import ReleaseError
from cse_bench.files import staged_directory

if TYPE_CHECKING:
    from cse_bench.release.read import Release

EMBEDDED = "cross-shop-embeddings"
"""The release inside the package."""


def embedded_directory() -> Path:
    """Where the embedded release lies."""
    return Path(cse_bench.__file__).parent / "data" / EMBEDDED


def load_release(reference: str | Path = EMBEDDED) -> Release:
    """Load a release and check it against its manifest.

    Parameters
    ----------
    reference : str or Path
        ``cross-shop-embeddings`` for the release inside the package, else a directory. A directory
        of that name in the current one is not looked at: give it as ``./cross-shop-embeddings``.

    Returns
    -------
    Release
        Its arrays are read-only.

    Raises
    ------
    ReleaseError
        If there is none, or a file is not the one that its manifest describes.
    """
    from cse_bench.release.read import read_release

    if str(reference) == EMBEDDED and isinstance(reference, str):
        return read_release(embedded_directory())
    return read_release(Path(reference).expanduser())


def download(to: Path | None = None) -> Path:
    """Put the embedded release into a directory, where `load_dataset` reads it.

    Parameters
    ----------
    to : Path, optional
        The directory; ``./cross-shop-embeddings`` by default. If it already holds this release,
        nothing is done.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If something else is there.
    """
    from cse_bench.release.manifest import read_manifest

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


def _verify_copy(source: Path, copy: Path) -> None:
    """Refuse a copy of the embedded release in which a file differs, the card included."""
    for path in (p for p in source.rglob("*") if p.is_file()):
        name = path.relative_to(source)
        if not (copy / name).is_file() or (copy / name).read_bytes() != path.read_bytes():
            raise ReleaseError(
                f"{copy / name} is missing, or not as it was", f"remove {copy}, then download again"
            )
