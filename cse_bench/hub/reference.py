"""``ORG/NAME[@REVISION]``: a repository on the Hub, perhaps at a tag, branch or commit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cse_bench.errors import InputError

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_REFERENCE = re.compile(rf"(?P<repo>{_NAME}/{_NAME})(@(?P<revision>[^@\s]+))?")


@dataclass(frozen=True)
class Reference:
    """A repository, and which of its revisions.

    Attributes
    ----------
    repo : str
        ``ORG/NAME``.
    revision : str or None
        A tag, branch or commit; None for the newest.
    """

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.repo if self.revision is None else f"{self.repo}@{self.revision}"


def parse_reference(text: str) -> Reference | None:
    """The reference that a text is, or None."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    return Reference(match["repo"], match["revision"])


def repository_name(text: str) -> str:
    """A repository's name, checked.

    Raises
    ------
    InputError
        If it is none, or names a revision.
    """
    found = parse_reference(text)
    if found is None or found.revision is not None:
        raise InputError(f"{text!r} names no repository", "ORG/NAME, such as my-team/my-dataset")
    return found.repo
