"""What the command line and Python share: resolve a release, run, return records."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cse_bench
from cse_bench.errors import AlignerError, InputError
from cse_bench.files import staged_directory, write_text_atomically

if TYPE_CHECKING:
    from cse_bench.aligners.base import Aligner
    from cse_bench.aligners.loading import AlignerSource
    from cse_bench.release.manifest import Manifest
    from cse_bench.release.read import Release
    from cse_bench.results.record import Result

EMBEDDED = "cross-shop-embeddings"
"""The release inside the package."""

Step = Callable[[str], None]


def _silent(name: str) -> None:
    """Report no progress."""


def embedded_directory() -> Path:
    """Where the embedded release lies."""
    return Path(__file__).parent / "data" / EMBEDDED


def load_release(reference: str | Path = EMBEDDED) -> Release:
    """Load a release and check it against its manifest.

    Parameters
    ----------
    reference : str or Path
        ``cross-shop-embeddings`` for the release inside the package, else a directory. A directory
        of that name in the current one is not looked at: give it as ``./cross-shop-embeddings``.

    Returns
    -------
    Release
        Its arrays are read-only.

    Raises
    ------
    ReleaseError
        If there is none, or a file is not the one that its manifest describes.
    """
    from cse_bench.release.read import read_release

    if str(reference) == EMBEDDED and isinstance(reference, str):
        return read_release(embedded_directory())
    return read_release(Path(reference).expanduser())


def download(to: Path | None = None) -> Path:
    """Put the embedded release into a directory, where `load_dataset` reads it.

    Parameters
    ----------
    to : Path, optional
        The directory; ``./cross-shop-embeddings`` by default. If it already holds this release,
        nothing is done.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If something else is there.
    """
    from cse_bench.release.manifest import read_manifest, verify_files

    target = Path(EMBEDDED) if to is None else to
    source = embedded_directory()
    if (target / "manifest.json").is_file():
        manifest = read_manifest(target)
        if manifest == read_manifest(source):
            verify_files(target, manifest)
            return target
    with staged_directory(target, replace=False) as stage:
        shutil.copytree(source, stage, dirs_exist_ok=True)
        verify_files(stage, read_manifest(stage))
    return target


def build(
    source: str,
    out: str | Path,
    *,
    trainer: str = "ppmi-svd",
    name: str = EMBEDDED,
    version: str = cse_bench.__version__,
    gap_days: float = 7.0,
    min_users: int = 10,
    key_file: Path | None = None,
    replace: bool = False,
    stage: Step = _silent,
) -> Manifest:
    """Build a release from a log.

    Parameters
    ----------
    source : str
        Name of the log's reader.
    out : str or Path
        Where the release shall stand. Nothing is there before it is complete.
    trainer : str
        Name of the trainer.
    name, version : str
        Of the release.
    gap_days : float
        The longest time between the two visits of a cross-shop session.
    min_users : int
        How many train users must have met a product in a shop.
    key_file : Path, optional
        32 secret bytes from which every random choice follows; a fresh key by default.
    replace : bool
        Whether a release at `out` may be replaced.
    stage : callable
        Told the name of each stage as it begins.

    Returns
    -------
    Manifest

    Raises
    ------
    InputError
        If the log, the key or the parameters cannot be used.
    """
    from cse_bench.building.keys import Key
    from cse_bench.building.pipeline import BuildParameters, build_contents
    from cse_bench.extras import require
    from cse_bench.logs.registry import read_log
    from cse_bench.release.write import write_release
    from cse_bench.trainers.registry import get_trainer

    ibis = require("ibis", "build", "building a release")
    require("duckdb", "build", "building a release")
    require("jinja2", "build", "building a release")
    if gap_days <= 0 or min_users < 1:
        raise InputError("the gap must be longer than 0 days, and min-users at least 1")
    key = Key.from_file(key_file)
    fitter = get_trainer(trainer, random_state=key.seed("trainer"))
    target = Path(out)
    if target.exists() and replace:
        _require_release(target)
    with staged_directory(target, replace=replace) as directory:
        engine = ibis.duckdb.connect()
        try:
            log = read_log(source, engine)
            parameters = BuildParameters(name, version, gap_days, min_users)
            contents = build_contents(log, fitter, parameters, key, stage)
            return write_release(directory, contents)
        except RuntimeError as error:
            if str(error) == "Query interrupted":  # DuckDB's own name for Ctrl-C
                raise KeyboardInterrupt from None
            raise
        finally:
            engine.disconnect()


def _require_release(directory: Path) -> None:
    """Refuse to replace a directory that is no release."""
    if any(directory.iterdir()) and not (directory / "manifest.json").is_file():
        raise InputError(
            f"{directory} is not empty and holds no release, so it is not replaced",
            "name another place",
        )


def evaluate(
    aligner: str | Path | type[Aligner],
    release: str | Path | Release = EMBEDDED,
    tracks: tuple[str, ...] | list[str] = (),
    *,
    split: str = "test",
    seeds: int = 5,
    out: str | Path | None = None,
    save_vectors: bool = False,
    command: str | None = None,
    step: Callable[[int], Any] | None = None,
) -> Result:
    """Score an aligner.

    Parameters
    ----------
    aligner : str, Path or subclass of Aligner
        A registered name, the path of a file, or a class that stands in a file.
    release : str, Path or Release
        See `load_release`.
    tracks : sequence of str
        Which tracks; empty for all that the aligner can enter.
    split : str
        ``test``, or ``validation`` for choosing anything.
    seeds : int
        Runs of a stochastic aligner, at least 5.
    out : str or Path, optional
        Directory to write the result into; an earlier result there is replaced.
    save_vectors : bool
        Whether to write the aligned vectors of each track's first run there too.
    command : str, optional
        What the user typed, for the record.
    step : callable, optional
        Given the number of steps, returns a context manager that gives a function to be called
        with the name of each.

    Returns
    -------
    Result
        The record, as in ``result.json``.

    Raises
    ------
    InputError
        If aligner, release or tracks cannot be used, or the aligner breaks its contract.
    """
    from contextlib import nullcontext

    from cse_bench.harness.record import aligned_table, make_result, ranks_table
    from cse_bench.harness.run import evaluate_aligner, n_steps
    from cse_bench.harness.tracks import choose_tracks
    from cse_bench.results.write import check_result_directory, write_result

    if split not in ("test", "validation"):
        raise InputError(f"there is no split {split!r} to score", "test, or validation")
    if seeds < 5:
        raise InputError(f"{seeds} seeds are too few for an interval", "use at least 5")
    source = _aligner_source(aligner)
    if out is not None:
        check_result_directory(Path(out))
    data = load_release(release) if isinstance(release, str | Path) else release
    chosen = choose_tracks(source.info.uses, tuple(tracks), data)
    source.make()
    total = n_steps(source, chosen, seeds, data)
    with nullcontext(_silent) if step is None else step(total) as advance:
        evaluation = evaluate_aligner(
            source,
            data,
            chosen,
            split=split,
            seeds=seeds,
            keep_vectors=save_vectors,
            step=advance,
        )
    result = make_result(source, data, evaluation, command or "cse_bench.evaluate")
    if out is not None:
        aligned = aligned_table(data, evaluation) if save_vectors else None
        write_result(Path(out), result, ranks_table(evaluation), aligned)
    return result


def _aligner_source(aligner: str | Path | type[Aligner]) -> AlignerSource:
    from cse_bench.aligners.loading import find_aligner, read_aligner

    if isinstance(aligner, str):
        return find_aligner(aligner)
    if isinstance(aligner, Path):
        return read_aligner(aligner)
    file = inspect.getsourcefile(aligner)
    if file is None or not Path(file).is_file():
        raise AlignerError(f"{aligner.__name__} stands in no file", "save it as a .py file")
    return read_aligner(Path(file))


def check_aligner(reference: str) -> Iterator[tuple[str, str | None]]:
    """Run the contract checks on an aligner, on small data.

    Parameters
    ----------
    reference : str
        A registered name or the path of a file.

    Yields
    ------
    name, problem : str, str or None
        Each check as it is done, and what it found.
    """
    from cse_bench.aligners.checks import run_checks
    from cse_bench.aligners.loading import find_aligner

    yield from run_checks(find_aligner(reference))


def new_aligner(file: str | Path) -> None:
    """Write the commented template of an aligner.

    Raises
    ------
    InputError
        If the file exists, or is not to end in ``.py``.
    """
    target = Path(file)
    if target.suffix != ".py":
        raise InputError(f"{target} does not end in .py", f"cse-bench new {target.stem}.py")
    if target.exists():
        raise InputError(f"{target} exists already, and is left as it is", "name another file")
    if not target.parent.is_dir():
        raise InputError(f"there is no directory {target.parent}")
    template = Path(__file__).parent / "aligners" / "template.py"
    write_text_atomically(target, template.read_text(encoding="utf-8"))


def catalogue() -> dict[str, dict[str, str]]:
    """What there is, one line each.

    Returns
    -------
    dict of str to dict of str to str
        Kind → name → line, for logs, trainers, aligners, tracks and tasks.
    """
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.aligners.registry import ALIGNERS
    from cse_bench.harness.tracks import TRACKS
    from cse_bench.logs.registry import READERS
    from cse_bench.tasks.registry import TASKS
    from cse_bench.trainers.registry import TRAINERS, trainer_class

    return {
        "logs": dict(READERS),
        "trainers": {name: trainer_class(name).description for name in TRAINERS},
        "aligners": {name: find_aligner(name).info.description for name in ALIGNERS},
        "tracks": {track.name: track.about for track in TRACKS.values()},
        "tasks": {task.name: task.about for task in TASKS},
    }
