"""A release looked at: described, and the neighbours of its products."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError, did_you_mean
from cse_bench.progress import silent

if TYPE_CHECKING:
    from cse_bench.harness.describe import Description
    from cse_bench.release.read import Release
    from cse_bench.studies.neighbours import Nearest


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


def neighbours(
    text: str,
    release: str | Path = EMBEDDED,
    *,
    aligner: str = "procrustes",
    source: str | None = None,
    target: str | None = None,
    products: int = 3,
    k: int = 5,
) -> list[Nearest]:
    """The products nearest to some, in both shops, before and after alignment.

    Parameters
    ----------
    text : str
        A product id, or a category, whole or in part.
    release : str or Path
        See `load_release`.
    aligner : str
        A registered name or the path of a file; it gets all train evidence that it declares.
    source, target : str, optional
        The shops; the first two by default, or the one that a product id names.
    products : int
        How many products of a category.
    k : int
        How many neighbours of each.

    Raises
    ------
    InputError
        If the text means no product, or there is no such shop.
    """
    from cse_bench.aligners.loading import find_runnable
    from cse_bench.harness.direction import Direction, fit_direction
    from cse_bench.harness.tracks import train_evidence
    from cse_bench.studies.neighbours import find_products, nearest

    data = load_release(release)
    shops = list(data.shops)
    named = text.split("_", 1)[0]
    ours = source or (named if named in shops else shops[0])
    theirs = target or next((shop for shop in shops if shop != ours), ours)
    for shop in (ours, theirs):
        if shop not in shops:
            raise InputError(f"{data.name} has no shop {shop!r}", did_you_mean(shop, shops))
    if ours == theirs:
        other = next(shop for shop in shops if shop != ours)
        raise InputError("source and target are one shop", f"--target {other}")
    rows = find_products(data, ours, text, products)
    wanted = find_runnable(aligner)
    evidence = train_evidence(data, ours, theirs)
    direction = Direction(data, "validation", ours, theirs, {}, evidence)
    fit = fit_direction(wanted.make(), direction, evidence, 0, wanted.info.uses)
    return nearest(data, ours, theirs, rows, fit.aligned, wanted.info.name, k=k)
