"""The connection to the Hub: bounded waits, bounded retries, and errors in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from logging import ERROR
from pathlib import Path
from typing import TYPE_CHECKING

import cse_bench
from cse_bench.errors import CseBenchError, InputError

if TYPE_CHECKING:
    from huggingface_hub import HfApi


SIGN_IN = "hf auth login, or set HF_TOKEN"


@dataclass(frozen=True)
class Hub:
    """Which Hub, and as whom.

    Attributes
    ----------
    endpoint : str, optional
        Its address; ``$HF_ENDPOINT``, else the Hub.
    token : str, optional
        An access token; that of ``$HF_TOKEN`` or ``hf auth login`` by default. Never shown.
    cache : Path, optional
        Where downloads are kept; the Hub's own cache by default.
    timeout : float
        Seconds that an answer may take.
    """

    endpoint: str | None = None
    token: str | None = field(default=None, repr=False)
    cache: Path | None = None
    timeout: float = 60.0

    @property
    def address(self) -> str:
        """Its address."""
        from huggingface_hub import constants

        return self.endpoint or constants.ENDPOINT

    def secret(self) -> str | None:
        """The token that is used, so that it can be kept out of messages."""
        from huggingface_hub import get_token

        return self.token or get_token()

    def must_have_token(self) -> None:
        """Refuse, before any work, to write without a token."""
        if self.secret() is None:
            raise InputError("there is no access token", SIGN_IN)


@contextmanager
def connected(hub: Hub, repo: str | None = None) -> Iterator[HfApi]:
    """Speak with the Hub; whatever fails there becomes one plain message.

    Parameters
    ----------
    hub : Hub
        Which.
    repo : str, optional
        What it is about, for the messages.

    Yields
    ------
    HfApi
        Its requests wait no longer than `hub.timeout`, and are tried again only where that is safe.

    Raises
    ------
    HubError
        If the Hub or the way there failed.
    InputError
        If the token or the repository cannot be used.
    """
    from huggingface_hub import HfApi, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    from cse_bench.hub.patience import Patient
    from cse_bench.hub.plain import in_plain_words

    set_client_factory(partial(Patient.of, hub.address, hub.timeout))
    try:
        with _quiet():
            yield HfApi(
                endpoint=hub.endpoint,
                token=hub.token,
                library_name="cse-bench",
                library_version=cse_bench.__version__,
            )
    except CseBenchError:
        raise
    except Exception as error:
        told = in_plain_words(error, hub, repo)
        if told is None:
            raise
        raise told from None
    finally:
        set_client_factory(default_client_factory)


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings of the client's own; its progress bars on a terminal only."""
    from huggingface_hub import constants
    from huggingface_hub.utils import logging
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    verbosity = logging.get_verbosity()
    ours = constants.HF_HUB_DISABLE_PROGRESS_BARS is None and not are_progress_bars_disabled()
    logging.set_verbosity(ERROR)
    if ours and not sys.stderr.isatty():
        disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if ours:
            enable_progress_bars()


@dataclass(frozen=True)
class Account:
    """Who a token belongs to.

    Attributes
    ----------
    name : str
        The user.
    """

    name: str


def who_am_i(api: HfApi) -> Account:
    """The account behind the token.

    Raises
    ------
    InputError
        If there is no token, or it may only read.
    """
    said = api.whoami()
    role = said.get("auth", {}).get("accessToken", {}).get("role")
    if role == "read":
        raise InputError(
            "the token may only read", "make one that may write at huggingface.co/settings/tokens"
        )
    return Account(said["name"])
