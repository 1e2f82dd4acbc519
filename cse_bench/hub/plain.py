"""What the Hub's client raises, in words a person can act on. No message holds a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cse_bench.errors import DISK_FULL, CseBenchError, HubError, InputError
from cse_bench.hub.client import SIGN_IN, Hub

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

Shown = Callable[[str], str]
"""Takes a token out of a text."""

FULL_TEXT = ("No space left on device", "Disk quota exceeded", "File too large")

SAID = {
    401: ("the token is not accepted: it is wrong, expired or revoked", SIGN_IN),
    403: ("the token may not do this{here}", "it must be allowed to write there: is it read-only?"),
    409: ("there is such a thing already{here}", "look at it on the Hub, then run this again"),
    412: ("somebody else changed it meanwhile{here}", "look at it on the Hub, then run this again"),
    413: ("a file is too large for the Hub{here} (413)", "build a smaller release"),
    429: ("the Hub asks to slow down", "try again in some minutes"),
}
"""Status → what it means, and what to do."""


def in_plain_words(error: BaseException, hub: Hub, repo: str | None) -> CseBenchError | None:
    """An error of ours that says what happened; None for what is no fault of Hub or network."""
    import httpx2
    from huggingface_hub import errors

    here = f" with {repo}" if repo else ""
    secret = hub.secret()

    def shown(text: str) -> str:
        return text if secret is None else text.replace(secret, "<token>")

    for cause in _causes(error):
        if isinstance(cause, CseBenchError):
            return cause
        if isinstance(cause, errors.LocalTokenNotFoundError):
            return InputError("there is no access token", SIGN_IN)
        if isinstance(cause, errors.OfflineModeIsEnabled):
            return InputError(
                f"the Hub is needed{here}, but HF_HUB_OFFLINE is set", "unset HF_HUB_OFFLINE"
            )
        if isinstance(cause, errors.HfHubHTTPError):
            return _answered(cause, repo, here, shown)
        if isinstance(cause, httpx2.HTTPError):
            return HubError(
                f"the connection to {hub.address} was lost{here}: {shown(str(cause))}",
                "run this again: it goes on from what is there",
            )
        if _full(cause):
            return HubError("the disk is full", "free some space; HF_HOME says where the cache is")
    return _of_xet(error, hub, here, shown)


def _causes(error: BaseException) -> list[BaseException]:
    """An error, what it came from, and so on."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    return chain


def _full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return True
    return any(text in str(error) for text in FULL_TEXT)


def _answered(error: HfHubHTTPError, repo: str | None, here: str, shown: Shown) -> CseBenchError:
    """What the Hub said."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return InputError(f"{repo} is gated", "ask for access on its page, with the same account")
    if isinstance(error, errors.RevisionNotFoundError):
        return InputError(f"{repo} has no such revision", "its tags are on its page")
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"{repo} is not there, or is private and this token may not see it",
            f"check the name; for a private one: {SIGN_IN}",
        )
    status = error.response.status_code
    if status in SAID:
        what, hint = SAID[status]
        return InputError(what.format(here=here), hint)
    reason = shown((error.server_message or str(error)).splitlines()[0])
    return HubError(f"the Hub answers {status}{here}: {reason}", "try again later")


def _of_xet(error: BaseException, hub: Hub, here: str, shown: Shown) -> CseBenchError | None:
    """What the Xet storage raises: builtin exceptions, or its own, with the reason in the text."""
    if "xet" not in f"{type(error).__module__} {error}".lower():
        return None
    reason = shown(str(error)).splitlines() or [type(error).__name__]
    return HubError(
        f"the storage of {hub.address} failed{here}: {reason[0]}",
        "try again; HF_HUB_DISABLE_XET=1 uses plain HTTP instead",
    )
