"""Aligners scored: one, or all that there are."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import AlignerError, CseBenchError, InputError, did_you_mean
from cse_bench.progress import silent

if TYPE_CHECKING:
    from cse_bench.aligners.base import Aligner
    from cse_bench.aligners.source import AlignerSource
    from cse_bench.harness.sandbox.limits import Limits
    from cse_bench.release.read import Release
    from cse_bench.results.ranked import Line
    from cse_bench.results.record import Result


def evaluate(
    aligner: str | Path | type[Aligner] | Aligner,
    release: str | Path | Release = EMBEDDED,
    tracks: str | tuple[str, ...] | list[str] = (),
    *,
    split: str = "test",
    parameters: Mapping[str, Any] | None = None,
    seeds: int = 5,
    out: str | Path | None = None,
    save_vectors: bool = False,
    all_ranks: bool = False,
    use_cache: bool = True,
    isolation: str | None = None,
    limits: Limits | None = None,
    command: str | None = None,
    step: Callable[[int], Any] | None = None,
    note: Callable[[str], Any] = silent,
) -> Result:
    """Score an aligner.

    Parameters
    ----------
    aligner : str, Path, subclass of Aligner or Aligner
        A registered name, the path of a file, a class that stands in a file, or an instance of it,
        which means the class with the parameters that the instance holds.
    release : str, Path or Release
        See `load_release`.
    tracks : sequence of str
        Which tracks; empty for all that the aligner can enter.
    split : str
        ``test``, or ``validation`` for choosing anything.
    parameters : mapping of str to value, optional
        Parameters of ``__init__`` that are to be other than their defaults: on validation alone.
        The test split scores what stands in the file.
    seeds : int
        Runs of a stochastic aligner, at least 5.
    out : str or Path, optional
        Directory to write the result into; an earlier result there is replaced.
    save_vectors : bool
        Whether to write the aligned vectors of each track's first run there too.
    all_ranks : bool
        Whether ``ranks.parquet`` holds every metric, not the primary ones alone.
    use_cache : bool
        Whether runs of just this aligner, data and code are taken from the user's cache
        (``$CSE_BENCH_CACHE``, else ``~/.cache/cse-bench``), and new ones kept there.
    isolation : str, optional
        The sandbox that the aligner is run in, ``bubblewrap`` or ``landlock``; ``none`` for this
        process, unconfined. By default the strongest there is, and none with a warning.
    limits : Limits, optional
        What one fit may use in a sandbox.
    command : str, optional
        What the user typed, for the record.
    step : callable, optional
        Given the number of steps, returns a context manager that gives a function to be called
        with the name of each.
    note : callable
        Told how many runs were taken from the cache, if any were.

    Returns
    -------
    Result
        The record, as in ``result.json``.

    Raises
    ------
    InputError
        If aligner, release or tracks cannot be used, or the aligner breaks its contract.

    Examples
    --------
    >>> import cse_bench
    >>> result = cse_bench.evaluate("procrustes", tracks="pairs-500", split="validation")
    >>> first = result.scores[0]
    >>> first.track, first.task, first.variant, first.metric
    ('pairs-500', 'next_event', 'rendered', 'auc')
    >>> first.ci_low < first.value < first.ci_high
    True
    """
    from contextlib import nullcontext

    from cse_bench.harness.cache import RunCache, cache_directory
    from cse_bench.harness.record import aligned_table, make_result, ranks_table
    from cse_bench.harness.run import evaluate_aligner, n_steps
    from cse_bench.harness.sandbox.backends import choose
    from cse_bench.harness.sandbox.limits import DEFAULT
    from cse_bench.harness.tracks import choose_tracks
    from cse_bench.results.write import result_directory, write_result

    if split not in ("test", "validation"):
        raise InputError(f"there is no split {split!r} to score", "test, or validation")
    if seeds < 5:
        raise InputError(f"{seeds} seeds are too few for an interval", "use at least 5")
    source = _aligner_source(aligner)
    if parameters:
        source = source.with_parameters({**source.chosen, **parameters})
    if source.chosen and split == "test":
        told = ", ".join(f"{name}={value!r}" for name, value in source.chosen.items())
        raise InputError(
            f"the test split scores the defaults of __init__, not {told}",
            "choose on the validation split, then write what is best into the file",
        )
    data = load_release(release) if isinstance(release, str | Path) else release
    wanted = (tracks,) if isinstance(tracks, str) else tuple(tracks)
    chosen = choose_tracks(source.info.uses, wanted, data)
    choice = choose(isolation)
    if choice.warning:
        warnings.warn(choice.warning, stacklevel=2)
    total = n_steps(source, chosen, seeds, data)
    cache = RunCache(cache_directory() if use_cache else None)
    place = nullcontext(None) if out is None else result_directory(Path(out))
    with place as stage, nullcontext(silent) if step is None else step(total) as advance:
        evaluation = evaluate_aligner(
            source,
            data,
            chosen,
            split=split,
            seeds=seeds,
            keep_vectors=save_vectors,
            cache=cache,
            isolation=choice.backend,
            limits=limits or DEFAULT,
            step=advance,
        )
        said = command or "cse_bench.evaluate"
        result = make_result(source, source.parameters(), data, evaluation, said)
        if stage is not None:
            aligned = aligned_table(data, evaluation) if save_vectors else None
            write_result(stage, result, ranks_table(evaluation, all_ranks=all_ranks), aligned)
    if cache.served:
        runs = cache.served + cache.made
        note(f"{cache.served} of {runs} runs, floor and the like among them, were scored before")
    return result


def evaluate_all(
    release: str | Path | Release = EMBEDDED,
    tracks: tuple[str, ...] = (),
    *,
    split: str = "test",
    seeds: int = 5,
    out: Path,
    use_cache: bool = True,
    isolation: str | None = None,
    command: str | None = None,
    step: Callable[[str, int], Any] | None = None,
    told: Callable[[str], None] = silent,
) -> tuple[list[Line], dict[str, str]]:
    """Score every reference aligner, each on the tracks that it enters.

    Parameters
    ----------
    release, tracks, split, seeds, use_cache, isolation, command
        See `evaluate`.
    out : Path
        Each result is written into a directory of its aligner's name there.
    step : callable
        Given an aligner's name and its number of steps, as in `evaluate`.
    told : callable
        Given a line as each aligner is done.

    Returns
    -------
    lines : list of Line
        Ranked by track and task.
    problems : dict of str to str
        Aligner → why it was not scored; the others are.

    Raises
    ------
    InputError
        If release or tracks cannot be used.
    """
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.aligners.registry import ALIGNERS
    from cse_bench.harness.tracks import TRACKS, tracks_for
    from cse_bench.results.ranked import ranked
    from cse_bench.tasks.registry import PRIMARY

    for name in tracks:
        if name not in TRACKS:
            raise InputError(f"there is no track {name!r}", did_you_mean(name, list(TRACKS)))
    data = load_release(release) if isinstance(release, str | Path) else release
    results, problems = [], {}
    for name in ALIGNERS:
        own = [track.name for track in tracks_for(find_aligner(name).info.uses)]
        wanted = tuple(track for track in own if not tracks or track in tracks)
        if not wanted:
            continue
        try:
            result = evaluate(
                name,
                data,
                wanted if tracks else (),
                split=split,
                seeds=seeds,
                out=out / name,
                use_cache=use_cache,
                isolation=isolation,
                command=command,
                step=None if step is None else partial(step, name),
            )
        except CseBenchError as error:
            problems[name] = str(error)
            continue
        results.append(result)
        told(f"{name}: {sum(run.fit_seconds for run in result.runs):.0f} s of fitting")
    return ranked(results, PRIMARY, list(TRACKS)), problems


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


def _aligner_source(aligner: str | Path | type[Aligner] | Aligner) -> AlignerSource:
    from cse_bench.aligners.base import Aligner
    from cse_bench.aligners.loading import find_runnable, read_aligner

    if isinstance(aligner, str):
        return find_runnable(aligner)
    if isinstance(aligner, Path):
        return read_aligner(aligner)
    if isinstance(aligner, Aligner):
        return _aligner_source(type(aligner)).with_parameters(aligner.chosen_parameters())
    try:
        file = inspect.getsourcefile(aligner)
    except (OSError, TypeError):
        file = None
    if file is None or not Path(file).is_file():
        raise AlignerError(
            f"{aligner.__name__} stands in no file",
            "save it, with its imports, as a .py file (in a notebook: %%writefile mine.py)",
        )
    return read_aligner(Path(file))
