"""The manifest: what a release is, and the digest of every file it holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cse_bench.errors import ReleaseError
from cse_bench.files import sha256_file
from cse_bench.release.schema import SCHEMA_VERSION

MANIFEST = "manifest.json"
PRIVACY_REPORT = "privacy_report.json"
UNICITY_PLOT = "unicity.svg"


TableName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+/[A-Za-z0-9]+\.parquet$")]
"""A table's place in a release: never outside of it."""

ShopName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+$")]
"""Product ids are a shop's name, ``_`` and more."""


class FileEntry(BaseModel):
    """One Parquet file: its SHA-256 and its number of rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    rows: int


class Manifest(BaseModel):
    """What ``manifest.json`` holds.

    Attributes
    ----------
    schema_version : int
        Version of the release format.
    name, version : str
        Name, and semantic version, of the release.
    fingerprint : str
        SHA-256 over the sorted digests of the Parquet tables: two releases of one fingerprint
        hold the same tables.
    licence : str
        Licence of the release.
    redistributable : bool
        Whether it may be passed on.
    source, citation : str
        Where the log is from, and how to cite it.
    pairs_basis : str or None
        Why gold pairs may be in it: ``consent`` or ``public``.
    shops : list of str
        Names of the shops.
    dimensions : int
        Width of the embeddings.
    content_dimensions : int or None
        Width of the content vectors.
    build : dict
        Parameters of the build.
    sealed_commitment : str or None
        Commits to a second release that the maintainer keeps; see `release.seal`.
    files : dict of str to FileEntry
        The Parquet tables, by their path in the release.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    name: str
    version: str
    fingerprint: str
    licence: str
    redistributable: bool
    source: str
    citation: str
    pairs_basis: str | None
    shops: list[ShopName]
    dimensions: int
    content_dimensions: int | None
    build: dict[str, Any]
    sealed_commitment: str | None = None
    files: dict[TableName, FileEntry]


def fingerprint_of(files: dict[str, FileEntry]) -> str:
    """SHA-256 over the sorted SHA-256 digests of the tables."""
    digests = "\n".join(sorted(entry.sha256 for entry in files.values()))
    return hashlib.sha256(digests.encode()).hexdigest()


def read_manifest(directory: Path) -> Manifest:
    """Read and check a release's manifest, without opening its tables.

    Raises
    ------
    ReleaseError
        If there is none, or it cannot be understood.
    """
    path = directory / MANIFEST
    if not directory.is_dir():
        raise ReleaseError(
            f"there is no release at {directory}: no such directory",
            "cross-shop-embeddings is the one in the package; or give a directory, or ORG/NAME on "
            "the Hub",
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReleaseError(
            f"{directory} is not a release: it has no {MANIFEST}",
            "cse-bench download puts one into ./cross-shop-embeddings",
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path} is not JSON: {error}", "build or download it again") from None
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION:
        raise ReleaseError(
            f"{path}: schema_version is {version!r}, this package reads {SCHEMA_VERSION}",
            "upgrade cse-bench, or download a release of that version",
        )
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ReleaseError(f"{path}: {where}: {first['msg']}") from None


def verify_files(directory: Path, manifest: Manifest) -> None:
    """Refuse a release whose files are not those of its manifest.

    Raises
    ------
    ReleaseError
        Naming the first file that is missing or differs.
    """
    again = "remove the directory, then build or download the release again"
    for name, entry in manifest.files.items():
        path = directory / name
        if not path.is_file():
            raise ReleaseError(f"{path} is missing, though {MANIFEST} lists it", again)
        if sha256_file(path) != entry.sha256:
            raise ReleaseError(f"{path} is not the file that {MANIFEST} describes (SHA-256)", again)
    if fingerprint_of(manifest.files) != manifest.fingerprint:
        raise ReleaseError(f"{directory / MANIFEST}: the fingerprint is not that of its files")
