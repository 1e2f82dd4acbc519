"""Errors that a person can act on: what was wrong, where, what to do."""

from __future__ import annotations

import errno

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What an `OSError` has as its number where nothing more can be written."""


class CseBenchError(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    what : str
        What was wrong, and where (file, row, column).
    hint : str, optional
        What to do about it.
    """

    exit_code = 3

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what if hint is None else f"{what}\n  → {hint}")
        self.what = what
        self.hint = hint


class InputError(CseBenchError, ValueError):
    """Something the user gave cannot be used: exit code 2 on the command line."""

    exit_code = 2


class ReleaseError(InputError):
    """A release is missing, damaged, or of a version that this package cannot read."""


class AlignerError(InputError):
    """An aligner's file or its output breaks the contract."""


class HubError(CseBenchError):
    """The Hub, or the way there, failed: nothing that the user gave is wrong."""


class MissingExtraError(InputError):
    """An optional part of the package is not installed."""

    def __init__(self, purpose: str, extra: str, module: str) -> None:
        super().__init__(
            f"{purpose} needs the '{extra}' extra ({module} is not installed)",
            f"pip install 'cse-bench[{extra}]'   (in a checkout: pip install -e '.[{extra}]')",
        )


def did_you_mean(word: str, known: list[str]) -> str:
    """Name what there is, and the nearest match first.

    Parameters
    ----------
    word : str
        What the user wrote.
    known : list of str
        What would have been understood.

    Returns
    -------
    str
        A hint such as ``did you mean 'ridge'? There are: …``.
    """
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    there_are = "there are: " + ", ".join(known)
    return f"did you mean '{near[0]}'? {there_are}" if near else there_are
