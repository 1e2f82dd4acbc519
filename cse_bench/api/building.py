"""From a log to a release, and what a release tells of its shoppers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cse_bench
from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError, ReleaseError, did_you_mean
from cse_bench.files import check_new_file, staged_directory, write_text_atomically
from cse_bench.progress import Advance, silent

if TYPE_CHECKING:
    from cse_bench.privacy.base import Facts
    from cse_bench.privacy.report import PrivacyReport
    from cse_bench.release.manifest import Manifest
    from cse_bench.release.read import Release


def build(
    source: str,
    out: str | Path,
    *,
    log_options: dict[str, Any] | None = None,
    trainer: str = "ppmi-svd",
    dimensions: int = 64,
    settings: dict[str, str] | None = None,
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
    ids_out: str | Path | None = None,
    waivers: dict[str, str] | None = None,
    replace: bool = False,
    stage: Advance = silent,
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
    settings : dict of str to str, optional
        Further parameters of the trainer.
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
    ids_out : str or Path, optional
        A new CSV file that tells which shop and product of the log each ``product_id`` is: as
        private as the log, so never within the release.
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
    from cse_bench.trainers.registry import get_trainer, read_settings

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
    if "random_state" in (settings or {}):
        raise InputError("the trainer's seed follows from the key: random_state is not set")
    key = Key.from_file(key_file)
    job = BuildJob(
        source=source,
        log_options=log_options or {},
        trainer=get_trainer(
            trainer,
            **{"dimensions": dimensions}
            | read_settings(trainer, settings or {})
            | {"random_state": key.seed("trainer")},
        ),
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
    elif target.is_dir() and any(target.iterdir()):
        raise InputError(
            f"{target} exists already",
            "name another place; a release there is replaced by --replace",
        )
    learned: list[Facts | None] = []
    if ids_out is not None:
        _check_private_file(Path(ids_out), target)
    if sealed_out is None:
        with staged_directory(target, replace=replace) as directory:
            manifest = build_release(directory, job, stage, learned.append)
        if ids_out is not None:
            _write_ids(Path(ids_out), load_release(target), learned[0])
        return manifest
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
        manifest = build_release(directory, job, stage, learned.append)
    if ids_out is not None:
        _write_ids(Path(ids_out), load_release(target), learned[0])
    return manifest


def _check_private_file(file: Path, release: Path) -> None:
    """Refuse, before any work, a place where a private file would be published or lost."""
    if file.absolute().is_relative_to(release.absolute()):
        raise InputError(f"{file} lies in {release}, which is to be public", "name another place")
    check_new_file(file)


def _write_ids(file: Path, release: Release, facts: Facts | None) -> None:
    """Write which product of the log each id is, as CSV that its owner alone may read."""
    import csv
    import io

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("product_id", "shop", "product"))
    if facts is not None:
        for shop, raw in facts.raw_products.items():
            own = [facts.raw_shops[shop]] * len(raw)
            table.writerows(zip(release.shops[shop].ids, own, raw, strict=True))
    write_text_atomically(file, text.getvalue())
    file.chmod(0o600)


def _require_release(directory: Path) -> None:
    """Refuse to replace a directory that is no release, or holds anything else."""
    from cse_bench.release.manifest import read_manifest
    from cse_bench.release.write import OTHER_FILES

    if not directory.is_dir() or not any(directory.iterdir()):
        return
    try:
        own = {*read_manifest(directory).files, *OTHER_FILES}
    except ReleaseError as error:
        raise InputError(
            f"{directory} is not replaced, since it may be something else: {error.what}",
            "name another place, or remove it first",
        ) from None
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
    step: Advance = silent,
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
    from cse_bench.logs.registry import refuse_without_log
    from cse_bench.privacy.base import Subject
    from cse_bench.privacy.report import examine, read_report

    if log is None:
        meant = {"key_file": key_file, "with_pairs": with_pairs, "pairs_basis": pairs_basis}
        other = None if engine == "duckdb" else engine
        refuse_without_log({**(log_options or {}), **meant, "engine": other})
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
