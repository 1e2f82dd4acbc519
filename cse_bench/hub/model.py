"""An aligner as a model repository: its file, a card, and its scores as the Hub gathers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse_bench.errors import HubError, InputError
from cse_bench.extras import require
from cse_bench.hub.benchmark import gap_closed
from cse_bench.hub.client import Hub, connected
from cse_bench.hub.repository import (
    OURS,
    Change,
    LocalFile,
    Remote,
    differences,
    inspect,
    local_file,
    make_commit,
)
from cse_bench.release.card import render_model_card
from cse_bench.results.places import ALIGNER
from cse_bench.results.record import Result

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MODEL = "model"
CARD = "README.md"
SCORES = ".eval_results/cross-shop-embeddings.yaml"


def check_model(result: Result) -> None:
    """Refuse a result that the Hub could not attribute to a dataset.

    Raises
    ------
    InputError
        If it is not of a release on the Hub, or closes no gap.
    """
    if result.release.repo is None or result.release.revision is None:
        raise InputError(
            "the result does not say which dataset on the Hub it is about",
            "evaluate with --release ORG/NAME@REVISION, then submit that result",
        )
    if not gap_closed(result):
        raise InputError(
            "the result has no gap closed on next_event, rendered", "score it on such a release"
        )


def render_scores(result: Result, source: str) -> str:
    """The text of ``.eval_results/….yaml``: one entry a track.

    Parameters
    ----------
    result : Result
        After `check_model`.
    source : str
        Where the whole result is to be seen.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    yaml = require("yaml", "build", "publishing an aligner")
    release = result.release
    entries = [
        EvalResultEntry(
            dataset_id=str(release.repo),
            task_id=track,
            dataset_revision=release.revision,
            value=value,
            date=result.created,
            source_url=source,
            source_name="cse-bench",
            notes=f"gap closed on next_event, rendered; protocol {result.protocol.version}",
        )
        for track, value in gap_closed(result).items()
    ]
    text: str = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False)
    return text


def stage_model(result: Result, aligner: Path, source: str, stage: Path) -> list[LocalFile]:
    """Write the files of a model repository.

    Parameters
    ----------
    result : Result
        After `check_model`.
    aligner : Path
        The file that was scored.
    source : str
        Where the whole result is to be seen.
    stage : Path
        An empty directory.
    """
    values: dict[str, Any] = {track: f"{value:.1%}" for track, value in gap_closed(result).items()}
    card = render_model_card(result.aligner.model_dump(), result.release.model_dump(), values)
    (stage / SCORES).parent.mkdir()
    (stage / ALIGNER).write_bytes(aligner.read_bytes())
    (stage / CARD).write_text(card, encoding="utf-8")
    (stage / SCORES).write_text(render_scores(result, source), encoding="utf-8")
    return [local_file(name, stage / name) for name in (ALIGNER, CARD, SCORES)]


def look(api: HfApi, repo: str) -> Remote | None:
    """A model repository as it is.

    Raises
    ------
    InputError
        If something else stands there.
    """
    remote = inspect(api, repo, MODEL)
    others = [] if remote is None else [path for path in remote.files if path not in OURS]
    if others and ALIGNER not in others:
        raise InputError(
            f"{repo} holds something else, such as {others[0]}, and is left alone",
            "name a new repository",
        )
    return remote


def check_place(hub: Hub, repo: str) -> None:
    """Refuse, before anything is sent, a repository that holds something else."""
    with connected(hub, repo) as api:
        look(api, repo)


def publish_model(hub: Hub, repo: str, result: Result, files: list[LocalFile]) -> str:
    """Put the files into the model repository, made if it is not there.

    Returns
    -------
    str
        What was done.

    Raises
    ------
    InputError
        If something else stands there.
    """
    with connected(hub, repo) as api:
        remote = look(api, repo)
        if remote is None:
            api.create_repo(repo, repo_type=MODEL, exist_ok=True)
            remote = look(api, repo)
        if remote is None:
            raise HubError(f"{repo} was created, but is not there", "run this again")
        url = f"{hub.address}/{repo}"
        if not differences(files, remote.files):
            return f"nothing to do: {url} holds this aligner and its scores already"
        title = f"{result.aligner.name} {result.aligner.version}, scored by cse-bench"
        make_commit(api, Change(repo, MODEL, remote.head, tuple(files), (), title))
        return f"published {url}"
