"""A tuning study: trials that optimise the in-shop score, and report what else they give."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.errors import InputError
from cse_bench.extras import require
from cse_bench.release.read import Release
from cse_bench.studies.in_shop import Alignability, InShop, mean_of, membership, train_shops
from cse_bench.studies.spaces import FIRST, space_of
from cse_bench.studies.visits import ShopVisits
from cse_bench.trainers.registry import get_trainer

if TYPE_CHECKING:
    import optuna

JOURNAL = "study.journal"
OBJECTIVES = ("auc", "hr@10%", "ndcg@10", "hr@10", "mrr@10")
STUDY = "tune"
STARTUP = 10
"""Trials that are drawn at random, before the sampler learns from them."""


def open_study(directory: Path, about: dict[str, Any]) -> optuna.Study:
    """The study of a directory, new or as it was left.

    Parameters
    ----------
    directory : Path
        Holds the study's own storage.
    about : dict
        What it is a study of; kept with it.

    Raises
    ------
    InputError
        If the one that is there is of something else, or cannot be read.
    """
    require("optuna", "tune", "tuning")
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = directory / JOURNAL
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot keep a study in {directory}: {error.strerror}", "name another --out"
        ) from None
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        study: optuna.Study = optuna.create_study(
            study_name=STUDY, storage=storage, direction="maximize", load_if_exists=True
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no study that can be gone on with ({type(error).__name__})",
            "name another --out, or remove it first",
        ) from None
    before = study.user_attrs.get("about")
    if before is None:
        study.set_user_attr("about", about)
    elif before != json.loads(json.dumps(about)):
        differing = sorted(k for k in about if before.get(k) != json.loads(json.dumps(about[k])))
        raise InputError(
            f"{directory} holds a study of another {', '.join(differing)}",
            "name another --out for this one",
        )
    return study


def run_study(
    study: optuna.Study,
    trainer: str,
    visits: list[ShopVisits],
    release: Release,
    *,
    trials: int,
    fixed: dict[str, Any],
    objective: str,
    random_state: int,
    step: Callable[[str], None],
) -> None:
    """Run trials until the study has so many that are complete.

    Each trial's sampler is seeded by `random_state` and the number of complete trials before it,
    so that a study that was interrupted ends as one that was not.

    Parameters
    ----------
    study : optuna.Study
        From `open_study`.
    trainer : str
        Name of the trainer.
    visits : list of ShopVisits
        What is learned from, and judged by.
    release : Release
        For alignability and membership.
    trials : int
        How many complete trials the study shall have.
    fixed : dict
        Parameters that are not tuned.
    objective : str
        The in-shop metric.
    random_state : int
        Seed of sampler and trainers.
    step : callable
        Told of each trial as it begins.
    """
    import optuna

    space = space_of(trainer, fixed)
    in_shop, alignability = InShop(visits), Alignability(release)
    for stale in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(stale.number, state=optuna.trial.TrialState.FAIL)  # killed while it ran
    done = len(complete_trials(study))
    while done < trials:
        study.sampler = optuna.samplers.TPESampler(
            seed=random_state * 100_003 + done, n_startup_trials=STARTUP
        )
        if done == 0 and not study.get_trials(states=(optuna.trial.TrialState.WAITING,)):
            study.enqueue_trial({n: FIRST[trainer][n] for n in space})
        trial = study.ask()
        parameters = {name: r.suggest(trial, name) for name, r in space.items()}
        step(f"trial {done + 1}: " + ", ".join(f"{k} {v:.3g}" for k, v in parameters.items()))
        try:
            made = get_trainer(trainer, **{"random_state": random_state} | fixed | parameters)
            begin = time.perf_counter()
            embeddings = train_shops(made, visits)
            seconds = time.perf_counter() - begin
            vectors = {v.name: e.vectors for v, e in zip(visits, embeddings, strict=True)}
            scores = in_shop.score(list(vectors.values()))
            reached = mean_of(scores, objective)
            if not math.isfinite(reached):
                raise InputError(
                    f"no validation session has a {objective} to judge by", "try another objective"
                )
            found = {
                "in_shop": {m: mean_of(scores, m) for m in sorted({s.metric for s in scores})},
                "alignability": alignability.score(vectors),
                "membership": membership(release, vectors),
                "seconds": seconds,
            }
        except BaseException:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            raise
        for name, value in found.items():
            trial.set_user_attr(name, value)
        study.tell(trial, reached)
        done = len(complete_trials(study))


def complete_trials(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that ended well."""
    import optuna

    return study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
