"""Results, looked at and run again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError
from cse_bench.progress import silent

if TYPE_CHECKING:
    from cse_bench.harness.sandbox.limits import Limits
    from cse_bench.leaderboard.terms import Terms
    from cse_bench.leaderboard.verification import Verification
    from cse_bench.release.read import Release


def verify(
    result: str | Path,
    aligner: str | Path | None = None,
    *,
    release: str | Path | Release = EMBEDDED,
    sealed: str | Path | None = None,
    use_cache: bool = True,
    limits: Limits | None = None,
    step: Callable[[int], Any] | None = None,
) -> Verification:
    """Check a result: against its own ranks, and by running its aligner again in a sandbox.

    Parameters
    ----------
    result : str or Path
        A ``result.json``, with its ``ranks.parquet`` beside it.
    aligner : str or Path, optional
        The file that was scored, or a registered name: run it again.
    release : str, Path or Release
        See `load_release`.
    sealed : str or Path, optional
        Directory of a release that the aligner's author has not scored; needs `aligner`.
    use_cache : bool
        Whether runs that this machine has made before, of just this file on just this data, are
        taken from the user's cache.
    limits : Limits, optional
        What one fit may use.
    step : callable, optional
        Given the number of steps, returns a context manager that gives a function to be called
        with the name of each.

    Returns
    -------
    Verification
        The checks, up to the first that found something, and the badge they earn; None for a
        result that is rejected.

    Raises
    ------
    InputError
        If there is no such result, aligner or release; if the sealed release is not the one that
        the public one commits to; if an aligner is to be run and there is no sandbox.
    """
    from cse_bench.aligners.loading import find_runnable
    from cse_bench.leaderboard.verify import n_verify_steps
    from cse_bench.leaderboard.verify import verify as look
    from cse_bench.results.read import result_file

    if sealed is not None and aligner is None:
        raise InputError("there is no aligner to run on the sealed release", "--aligner FILE")
    source = None if aligner is None else find_runnable(str(aligner))
    terms = terms_for(release, use_cache, run=source is not None, sealed=sealed, limits=limits)
    total = n_verify_steps(source, terms)
    with nullcontext(silent) if step is None else step(total) as advance:
        return look(result_file(result), source, terms, advance)


def terms_for(
    release: str | Path | Release,
    use_cache: bool,
    *,
    run: bool = False,
    sealed: str | Path | None = None,
    limits: Limits | None = None,
) -> Terms:
    """On what results are verified, and with what; see `verify` for each.

    Raises
    ------
    InputError
        As `verify`; or if a sealed release is given, and nothing is to be run.
    """
    from cse_bench.harness.cache import RunCache, cache_directory
    from cse_bench.harness.sandbox.backends import NONE, require_sandbox
    from cse_bench.harness.sandbox.limits import DEFAULT
    from cse_bench.leaderboard.terms import Terms
    from cse_bench.release.seal import check_seal

    if sealed is not None and not run:
        raise InputError("nothing is run, on the sealed release neither", "leave out one of them")
    data = load_release(release) if isinstance(release, str | Path) else release
    hidden = None if sealed is None else load_release(str(sealed))
    if hidden is not None and data.manifest.sealed_commitment is not None:
        check_seal(hidden.path, hidden.manifest, data.manifest)
    return Terms(
        release=data,
        cache=RunCache(cache_directory() if use_cache else None),
        isolation=require_sandbox() if run else NONE,
        sealed=hidden,
        limits=limits or DEFAULT,
    )
