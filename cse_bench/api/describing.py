"""A release, described."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError
from cse_bench.progress import silent

if TYPE_CHECKING:
    from cse_bench.harness.describe import Description
    from cse_bench.release.read import Release


def describe(
    release: str | Path | Release = EMBEDDED,
    *,
    split: str = "test",
    use_cache: bool = True,
    step: Callable[[int], Any] | None = None,
) -> Description:
    """Say what a release holds, and how small a difference between aligners it can show.

    Parameters
    ----------
    release : str, Path or Release
        See `load_release`.
    split : str
        ``test`` or ``validation``: whose floor, reference, oracle and noise.
    use_cache : bool
        Whether runs are taken from the user's cache, and new ones kept there, as in `evaluate`.
    step : callable, optional
        Given the number of steps, returns a context manager that gives a function to be called
        with the name of each.

    Returns
    -------
    Description
        ``as_dict()`` is what ``cse-bench describe --json`` prints.

    Raises
    ------
    InputError
        If the release cannot be used.
    """
    from contextlib import nullcontext

    from cse_bench.harness.cache import RunCache, cache_directory
    from cse_bench.harness.describe import describe_release, n_steps

    if split not in ("test", "validation"):
        raise InputError(f"there is no split {split!r} to score", "test, or validation")
    data = load_release(release) if isinstance(release, str | Path) else release
    cache = RunCache(cache_directory() if use_cache else None)
    with nullcontext(silent) if step is None else step(n_steps(data)) as advance:
        return describe_release(data, split=split, cache=cache, step=advance)
