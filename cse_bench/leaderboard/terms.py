"""On what terms results are verified: which data, which sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from cse_bench.harness.cache import RunCache
from cse_bench.harness.sandbox.backends import NONE
from cse_bench.harness.sandbox.limits import DEFAULT, Limits
from cse_bench.release.read import Release


@dataclass(frozen=True, eq=False)
class Terms:
    """On what results are verified, and with what.

    Attributes
    ----------
    release : Release
        The public release.
    cache : RunCache
        Where runs that this machine has made before are found.
    isolation : str
        The sandbox that an aligner is run again in; ``none`` to read it only.
    sealed : Release or None
        A release that nobody has scored; needs `isolation`.
    limits : Limits
        What one fit may use.
    """

    release: Release
    cache: RunCache
    isolation: str = NONE
    sealed: Release | None = None
    limits: Limits = DEFAULT

    @property
    def run(self) -> bool:
        """Whether aligners are run again."""
        return self.isolation != NONE
