"""What the command line and Python share: resolve a release, run, return records."""

from __future__ import annotations

import dataclasses
import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cse_bench
from cse_bench.errors import AlignerError, InputError, ReleaseError, did_you_mean
from cse_bench.files import staged_directory, write_text_atomically

if TYPE_CHECKING:
    from cse_bench.aligners.base import Aligner
    from cse_bench.aligners.loading import AlignerSource
    from cse_bench.privacy.report import PrivacyReport
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
    from cse_bench.release.manifest import read_manifest

    target = Path(EMBEDDED) if to is None else to
    source = embedded_directory()
    if (target / "manifest.json").is_file():
        manifest = read_manifest(target)
        if manifest == read_manifest(source):
            _verify_copy(source, target)
            return target
    with staged_directory(target, replace=False) as stage:
        shutil.copytree(source, stage, dirs_exist_ok=True)
        _verify_copy(source, stage)
    return target


def _verify_copy(source: Path, copy: Path) -> None:
    """Refuse a copy of the embedded release in which a file differs, the card included."""
    for path in (p for p in source.rglob("*") if p.is_file()):
        name = path.relative_to(source)
        if not (copy / name).is_file() or (copy / name).read_bytes() != path.read_bytes():
            raise ReleaseError(
                f"{copy / name} is missing, or not as it was", f"remove {copy}, then download again"
            )


def build(
    source: str,
    out: str | Path,
    *,
    log_options: dict[str, Any] | None = None,
    trainer: str = "ppmi-svd",
    dimensions: int = 100,
    name: str = EMBEDDED,
    version: str = cse_bench.__version__,
    gap_days: float = 7.0,
    min_users: int = 10,
    with_pairs: str | None = None,
    pairs_basis: str | None = None,
    key_file: str | Path | None = None,
    engine: str = "duckdb",
    spark_master: str = "local[*]",
    memory: str | None = None,
    sealed_out: str | Path | None = None,
    commit: bool = False,
    waivers: dict[str, str] | None = None,
    replace: bool = False,
    stage: Step = _silent,
) -> Manifest:
    """Build a release from a log.

    Parameters
    ----------
    source : str
        Name of the log's reader, or of an archive.
    out : str or Path
        Where the release shall stand. Nothing is there before it is complete.
    log_options : dict, optional
        What the reader is told; see `logs.registry.make_options`.
    trainer : str
        Name of the trainer.
    dimensions : int
        Width of the embeddings.
    name, version : str
        Of the release.
    gap_days : float
        The longest time between the two visits of a cross-shop session.
    min_users : int
        How many train users must have met a product in a shop.
    with_pairs : str, optional
        File of gold pairs: ``left_shop, left, right_shop, right``, raw ids.
    pairs_basis : str, optional
        Why they may be released: ``consent`` of both shops, or ``public``.
    key_file : str or Path, optional
        32 secret bytes from which every random choice follows; a fresh key by default.
    engine : str
        ``duckdb`` or ``spark``.
    spark_master : str
        URL of Spark's master.
    memory : str, optional
        What the engine may hold before it spills to disk, such as ``4GB``.
    sealed_out : str or Path, optional
        Where a second, hidden release shall stand, with a fresh key and fresh embeddings.
    waivers : dict of str to str, optional
        Privacy gate → why it need not hold; the release shows both.
    commit : bool
        Whether the manifest shall commit to the hidden release (`release.seal`).
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
    from cse_bench.extras import require

    require("ibis", "build", "building a release")
    require("duckdb", "build", "building a release")
    require("jinja2", "build", "building a release")
    from cse_bench.building.job import BuildJob, build_release
    from cse_bench.building.keys import Key
    from cse_bench.building.pipeline import BuildParameters
    from cse_bench.privacy.registry import GATES
    from cse_bench.release.seal import write_seal
    from cse_bench.trainers.registry import get_trainer

    if not 1 / 86400 <= gap_days <= 3650:
        raise InputError(f"a gap of {gap_days:g} days is none", "from one second to ten years")
    if min_users < 1:
        raise InputError(f"min-users is {min_users}", "at least 1")
    for gate, reason in (waivers or {}).items():
        if gate not in GATES:
            raise InputError(f"there is no privacy gate {gate!r}", did_you_mean(gate, list(GATES)))
        if not reason.strip():
            raise InputError(f"the gate {gate!r} is waived without a reason", '--because "…"')
    if commit and sealed_out is None:
        raise InputError("there is no sealed release to commit to", "--sealed-out DIR --commit")
    if (with_pairs is None) != (pairs_basis is None):
        raise InputError(
            "gold pairs need a file and the basis on which they may be released",
            "--with-pairs FILE --pairs-basis consent|public",
        )
    key = Key.from_file(key_file)
    job = BuildJob(
        source=source,
        log_options=log_options or {},
        trainer=get_trainer(trainer, dimensions=dimensions, random_state=key.seed("trainer")),
        parameters=BuildParameters(name, version, gap_days, min_users, waivers or {}),
        key=key,
        engine=engine,
        spark_master=spark_master,
        memory=memory,
        with_pairs=with_pairs,
        pairs_basis=pairs_basis,
    )
    target = Path(out)
    if replace:
        _require_release(target)
    if sealed_out is None:
        with staged_directory(target, replace=replace) as directory:
            return build_release(directory, job, stage)
    hidden = Path(sealed_out)
    if hidden.absolute().is_relative_to(target.absolute()):
        raise InputError(f"{hidden} lies in {target}, which is to be public", "name another place")
    if replace:
        _require_release(hidden)
    # The hidden one is put in place first: a commitment that nobody could open would be worse.
    with (
        staged_directory(target, replace=replace) as directory,
        staged_directory(hidden, replace=replace) as kept,
    ):
        digest = write_seal(kept, build_release(kept, job.hidden(), stage))
        job = dataclasses.replace(job, commitment=digest if commit else None)
        return build_release(directory, job, stage)


def _require_release(directory: Path) -> None:
    """Refuse to replace a directory that is no release, or holds anything else."""
    from cse_bench.release.manifest import read_manifest
    from cse_bench.release.write import OTHER_FILES

    if not directory.is_dir() or not any(directory.iterdir()):
        return
    own = {*read_manifest(directory).files, *OTHER_FILES}
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix()
        if not path.is_dir() and name not in own:
            raise InputError(
                f"{directory} holds {name!r}, which is no part of a release: it is not replaced",
                "name another place, or take that file away first",
            )


def audit(
    release: str | Path = EMBEDDED,
    *,
    log: str | None = None,
    key_file: str | Path | None = None,
    log_options: dict[str, Any] | None = None,
    with_pairs: str | None = None,
    pairs_basis: str | None = None,
    engine: str = "duckdb",
    step: Step = _silent,
) -> PrivacyReport:
    """Run the privacy gates on a release.

    Parameters
    ----------
    release : str or Path
        See `load_release`.
    log : str, optional
        Name of the log's reader: with it and the key, all gates are run. The release is built
        again, and must come out the same.
    key_file : str or Path, optional
        The key that the release was built with.
    log_options : dict, optional
        What the reader was told.
    with_pairs, pairs_basis : str, optional
        As they were for the build.
    engine : str
        ``duckdb`` or ``spark``.
    step : callable
        Told the name of each gate as it begins.

    Returns
    -------
    PrivacyReport

    Raises
    ------
    InputError
        If log, key and options are not those of this release.
    """
    from cse_bench.privacy.base import Subject
    from cse_bench.privacy.report import examine, read_report

    data = load_release(release)
    facts = None
    if (log is None) != (key_file is None):
        raise InputError("the gates of the log need its key too", "--log SOURCE --key-file FILE")
    if log is not None and key_file is not None:
        from cse_bench.extras import require

        require("ibis", "build", "an audit with the log")
        from cse_bench.building.job import BuildJob, facts_of
        from cse_bench.building.keys import Key

        job = BuildJob.of_release(
            data.manifest,
            log,
            log_options or {},
            Key.from_file(key_file),
            engine=engine,
            with_pairs=with_pairs,
            pairs_basis=pairs_basis,
        )
        facts = facts_of(data, job)
    waivers = data.manifest.build.get("waivers", {})
    earlier = read_report(data.path, data.manifest.fingerprint)
    return examine(Subject(data, facts), waivers, earlier=earlier, step=step)


def evaluate(
    aligner: str | Path | type[Aligner],
    release: str | Path | Release = EMBEDDED,
    tracks: str | tuple[str, ...] | list[str] = (),
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
    from cse_bench.results.write import result_directory, write_result

    if split not in ("test", "validation"):
        raise InputError(f"there is no split {split!r} to score", "test, or validation")
    if seeds < 5:
        raise InputError(f"{seeds} seeds are too few for an interval", "use at least 5")
    source = _aligner_source(aligner)
    data = load_release(release) if isinstance(release, str | Path) else release
    wanted = (tracks,) if isinstance(tracks, str) else tuple(tracks)
    chosen = choose_tracks(source.info.uses, wanted, data)
    parameters = source.parameters()
    total = n_steps(source, chosen, seeds, data)
    place = nullcontext(None) if out is None else result_directory(Path(out))
    with place as stage, nullcontext(_silent) if step is None else step(total) as advance:
        evaluation = evaluate_aligner(
            source,
            data,
            chosen,
            split=split,
            seeds=seeds,
            keep_vectors=save_vectors,
            step=advance,
        )
        said = command or "cse_bench.evaluate"
        result = make_result(source, parameters, data, evaluation, said)
        if stage is not None:
            aligned = aligned_table(data, evaluation) if save_vectors else None
            write_result(stage, result, ranks_table(evaluation), aligned)
    return result


def _aligner_source(aligner: str | Path | type[Aligner]) -> AlignerSource:
    from cse_bench.aligners.loading import find_aligner, read_aligner

    if isinstance(aligner, str):
        return find_aligner(aligner)
    if isinstance(aligner, Path):
        return read_aligner(aligner)
    if not isinstance(aligner, type):
        raise AlignerError(
            f"{aligner!r} is an instance", "give the class: the defaults of __init__ are scored"
        )
    try:
        file = inspect.getsourcefile(aligner)
    except (OSError, TypeError):
        file = None
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
    name = re.sub(r"[^a-z0-9.]+", "-", target.stem.lower()).strip("-.") or "my-aligner"
    text = template.read_text(encoding="utf-8").replace('"my-aligner"', f'"{name[:64]}"')
    write_text_atomically(target, text)


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
    from cse_bench.logs.registry import ARCHIVES, READERS
    from cse_bench.tasks.registry import TASKS
    from cse_bench.trainers.registry import TRAINERS, trainer_class

    return {
        "logs": {name: reader.about for name, reader in READERS.items()} | ARCHIVES,
        "trainers": {name: trainer_class(name).description for name in TRAINERS},
        "aligners": {name: find_aligner(name).info.description for name in ALIGNERS},
        "tracks": {track.name: track.about for track in TRACKS.values()},
        "tasks": {task.name: task.about for task in TASKS},
    }
