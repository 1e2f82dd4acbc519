"""Embeddings within a shop: trained and tuned."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError, did_you_mean
from cse_bench.files import staged_directory
from cse_bench.progress import Advance, silent

if TYPE_CHECKING:
    from cse_bench.building.job import BuildJob
    from cse_bench.release.read import Release
    from cse_bench.studies.visits import ShopVisits


@dataclass(frozen=True)
class LogSource:
    """A log, and the key of the release that was built from it.

    Attributes
    ----------
    log : str
        Name of the log's reader.
    key_file : str or Path
        The key: it says who is a test user, and stays out.
    options : dict
        What the reader is told.
    engine : str
        ``duckdb`` or ``spark``.
    """

    log: str
    key_file: str | Path
    options: dict[str, Any]
    engine: str = "duckdb"


def train(
    trainer: str,
    out: str | Path,
    release: str | Path = EMBEDDED,
    *,
    settings: dict[str, str] | None = None,
    source: LogSource | None = None,
    file_format: str = "parquet",
    next_visit: bool = False,
    step: Advance = silent,
) -> dict[str, Any]:
    """Train embeddings of every shop of a release, judge them in-shop, and write them.

    Parameters
    ----------
    trainer : str
        Name of the trainer.
    out : str or Path
        A new directory: the vectors, and ``training.json``.
    release : str or Path
        See `load_release`. Its train sessions are learned from, its validation sessions judge.
    settings : dict of str to str, optional
        Parameters of the trainer.
    source : LogSource, optional
        The log that the release was built from, to be learned from and to judge by instead. With
        Spark and a trainer that learns from counts, the engine counts.
    file_format : str
        ``parquet`` or ``safetensors``.
    next_visit : bool
        Whether to judge by a sequence model too, which needs `source`.
    step : callable
        Told of each step as it begins.

    Returns
    -------
    dict
        The record, as in ``training.json``.

    Raises
    ------
    InputError
        If trainer, settings, log or key cannot be used.
    """
    from cse_bench.extras import require
    from cse_bench.studies.training import FORMATS, RECORD, write_vectors
    from cse_bench.studies.training import train as train_and_judge
    from cse_bench.trainers.ppmi_svd import PpmiSvd
    from cse_bench.trainers.registry import get_trainer, read_settings

    if file_format not in FORMATS:
        raise InputError(
            f"there is no format {file_format!r}", did_you_mean(file_format, list(FORMATS))
        )
    if next_visit:
        require("torch", "torch", "the sequence model")
        if source is None:
            raise InputError(
                "the sequence model reads each user's visits in order, which no release tells",
                "--log SOURCE --key-file FILE",
            )
    made = get_trainer(trainer, **read_settings(trainer, settings or {}))
    data = load_release(release)
    with staged_directory(Path(out), replace=False) as stage:
        step("reading")
        job = None if source is None else _job_of(data, source)
        fit: dict[str, Any] = {}
        if job is not None and job.engine == "spark" and isinstance(made, PpmiSvd):
            from cse_bench.building.cooccurrence import fit_on_engine

            visits = _visits_of(data, job, judges_only=True)
            fit = {"fit": lambda trainer, visits: fit_on_engine(trainer, job)}
        else:
            visits = _visits_of(data, job)
        found, record = train_and_judge(made, visits, data, next_visit=next_visit, step=step, **fit)
        record["learned_from"] = "the release" if source is None else f"the log {source.log}"
        write_vectors(stage, visits, found, file_format)
        (stage / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def tune(
    trainer: str,
    out: str | Path,
    release: str | Path = EMBEDDED,
    *,
    trials: int = 40,
    objective: str = "auc",
    settings: dict[str, str] | None = None,
    source: LogSource | None = None,
    random_state: int = 0,
    step: Callable[[str], None] = silent,
) -> dict[str, Any]:
    """Tune a trainer in-shop, and report how well each trial aligns.

    Parameters
    ----------
    trainer : str
        Name of the trainer.
    out : str or Path
        A directory: the study's own storage and its report. A study that is there is gone on with.
    release : str or Path
        See `load_release`.
    trials : int
        How many complete trials the study shall have.
    objective : str
        The in-shop metric; see `tasks.completion`.
    settings : dict of str to str, optional
        Parameters that are not tuned.
    source : LogSource, optional
        See `train`.
    random_state : int
        Seed.
    step : callable
        Told of each trial as it begins.

    Returns
    -------
    dict
        ``trials`` (a row each), ``importances``, ``written``, and ``missing``: why there is no PNG.

    Raises
    ------
    InputError
        If trainer, settings, log or key cannot be used, or the directory holds another study.
    """
    from cse_bench.extras import require
    from cse_bench.studies.spaces import space_of
    from cse_bench.studies.tune import OBJECTIVES, open_study, run_study
    from cse_bench.studies.tune_report import importances, study_rows, write_report
    from cse_bench.trainers.registry import get_trainer, read_settings

    require("optuna", "tune", "tuning")
    require("plotly", "tune", "tuning")
    if trials < 1:
        raise InputError(f"{trials} trials are none", "at least 1")
    if objective not in OBJECTIVES:
        raise InputError(
            f"there is no in-shop metric {objective!r}", did_you_mean(objective, list(OBJECTIVES))
        )
    fixed = read_settings(trainer, settings or {})
    get_trainer(trainer, **fixed)  # refuses what is beyond its limits
    data = load_release(release)
    about = {
        "trainer": trainer,
        "release": data.manifest.fingerprint,
        "objective": objective,
        "fixed": fixed,
        "random_state": random_state,
        "log": None if source is None else source.log,
        "log_options": {} if source is None else {k: repr(v) for k, v in source.options.items()},
        "space": {name: repr(r) for name, r in space_of(trainer, fixed).items()},
    }
    target = Path(out)
    study = open_study(target, about)
    visits = _visits_of(data, None if source is None else _job_of(data, source))
    run_study(
        study,
        trainer,
        visits,
        data,
        trials=trials,
        fixed=fixed,
        objective=objective,
        random_state=random_state,
        step=step,
    )
    written, missing = write_report(study, target)
    return {
        "trials": study_rows(study),
        "importances": importances(study),
        "written": written,
        "missing": missing,
    }


def _job_of(release: Release, source: LogSource) -> BuildJob:
    from cse_bench.extras import require

    require("ibis", "build", "reading a log")
    from cse_bench.building.job import BuildJob
    from cse_bench.building.keys import Key

    return BuildJob.of_release(
        release.manifest,
        source.log,
        source.options,
        Key.from_file(source.key_file),
        engine=source.engine,
    )


def _visits_of(
    release: Release, job: BuildJob | None, *, judges_only: bool = False
) -> list[ShopVisits]:
    from cse_bench.studies.visits import released_visits

    if job is None:
        return released_visits(release)
    from cse_bench.building.histories import read_visits

    return read_visits(job, release, judges_only=judges_only)
