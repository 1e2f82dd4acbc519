"""Writing so that nothing is ever half there, and hashing what was written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cse_bench.errors import InputError


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def staged_directory(final: Path, *, replace: bool) -> Iterator[Path]:
    """Give an empty directory that becomes `final` only if the block ends well.

    Parameters
    ----------
    final : Path
        Where the directory shall stand at the end.
    replace : bool
        Whether a directory of that name may be replaced. The old one is kept until the new one
        is complete, and put back should the last step fail.

    Raises
    ------
    InputError
        If `final` exists and may not be replaced, or is no directory.
    """
    final = final.absolute()
    if final.is_symlink() or (final.exists() and not final.is_dir()):
        raise InputError(f"{final} exists and is not a directory", "name another place")
    if final.exists() and not replace and any(final.iterdir()):
        raise InputError(f"{final} exists already", "name another place, or remove it first")
    final.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    try:
        yield stage
        stage.chmod(0o755)
        _swap(stage, final)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _swap(stage: Path, final: Path) -> None:
    """Put `stage` where `final` is; on failure `final` is as it was."""
    if not final.exists():
        stage.rename(final)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{final.name}-old-", dir=final.parent))
    try:
        final.replace(old)
        stage.rename(final)
    except BaseException:
        if not final.exists():
            old.replace(final)
        raise
    finally:
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)


def check_new_file(path: Path) -> None:
    """Make sure, before any work, that a file can be written that is not there yet.

    Raises
    ------
    InputError
        If it is there, or its directory is not.
    """
    if path.exists():
        raise InputError(f"{path} exists already, and is left as it is", "name another file")
    if not path.parent.is_dir():
        raise InputError(f"there is no directory {path.parent}")


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it into place."""
    write_bytes_atomically(path, text.encode("utf-8"))


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """As `write_text_atomically`, of what is no text."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
