"""How aligners are run on this machine."""

from __future__ import annotations


def sandbox(unconfined: bool = False) -> tuple[str, str | None]:
    """How aligners are run on this machine.

    Parameters
    ----------
    unconfined : bool
        Whether the user asked for the open.

    Returns
    -------
    backend : str
        What `evaluate` takes as `isolation`.
    warning : str or None
        What to tell the user.
    """
    from cse_bench.harness.sandbox.backends import NONE, choose

    choice = choose(NONE if unconfined else None)
    return choice.backend, choice.warning
