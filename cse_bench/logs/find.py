"""Which files a reference means: one, a glob or a directory; local or by URL."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path

from cse_bench.errors import InputError

FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "json",
    ".jsonl.gz": "json",
    ".ndjson": "json",
    ".ndjson.gz": "json",
}
"""File ending → format."""


@dataclass(frozen=True)
class TableFiles:
    """Files of one format that make one table.

    Attributes
    ----------
    paths : tuple of str
        Paths or URLs, sorted.
    format : str
        ``parquet``, ``csv`` or ``json``.
    """

    paths: tuple[str, ...]
    format: str

    def __str__(self) -> str:
        more = len(self.paths) - 1
        return self.paths[0] + (f" (and {more} more)" if more else "")


def find_files(reference: str) -> TableFiles:
    """Resolve a file, a glob, a directory or a URL.

    Raises
    ------
    InputError
        If there is nothing, or files of more than one format.
    """
    if "://" in reference:
        paths = _remote(reference)
    else:
        root = Path(reference).expanduser()
        if root.is_dir():
            paths = [str(p) for p in root.rglob("*") if _format(p.name) is not None]
        else:
            paths = [p for p in glob.glob(str(root), recursive=True) if Path(p).is_file()]
            # A name may hold the characters of a glob and be meant as it is.
            paths = paths or ([str(root)] if root.is_file() else [])
    if not paths:
        wanted = f"wanted: {', '.join(FORMATS)} files"
        known = _format(Path(reference).name) is not None
        raise InputError(
            f"there is no table at {reference}", "look at the path" if known else wanted
        )
    formats = {_format(path) for path in paths}
    if formats == {None}:
        raise InputError(f"{paths[0]} is of no known format", f"wanted: {', '.join(FORMATS)}")
    if len(formats) > 1:
        found = ", ".join(sorted(str(f) for f in formats))
        raise InputError(f"{reference} holds files of several formats: {found}", "name one kind")
    return TableFiles(tuple(sorted(paths)), str(formats.pop()))


def _format(name: str) -> str | None:
    return next((f for ending, f in FORMATS.items() if name.lower().endswith(ending)), None)


def _remote(url: str) -> list[str]:
    """The files of an fsspec URL."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
        if system.isdir(path):
            found = [p for p in system.find(path) if _format(p) is not None]
        else:
            found = system.glob(path)
    except (ImportError, ValueError, OSError) as error:
        raise InputError(f"cannot look at {url}: {error}") from None
    return [system.unstrip_protocol(p) for p in found]
