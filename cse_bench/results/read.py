"""Read a result, and refuse one that is damaged, foreign, or disagrees with its own ranks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from cse_bench.errors import InputError
from cse_bench.results.record import RESULT_SCHEMA_VERSION, Cell, Result, Score
from cse_bench.results.rescore import FIRST_ALONE, PRIMARY, QueryValues, rescore

TOLERANCE = 1e-6
"""How far, of the mean size of a query's value, a score may be from what its ranks give: ranks
are exact, but what is stored as a value is rounded to float32."""

AGAIN = "run cse-bench evaluate again, or take the result from where it was first written"


def result_file(reference: str | Path) -> Path:
    """The ``result.json`` that is meant: the file, or the one in a directory that holds one."""
    path = Path(reference)
    inside = path / "result.json"
    return inside if inside.is_file() else path


def read_result(path: Path, *, check: bool = True) -> Result:
    """Read a ``result.json``.

    Parameters
    ----------
    path : Path
        The file.
    check : bool
        Whether its scores must follow from the ``ranks.parquet`` beside it.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If there is no such file, it is empty, cut short, of another schema version or no result at
        all, a field is missing or unknown, or a score is not what its ranks give.
    """
    raw = _read_json(path)
    if not isinstance(raw, dict) or not {"aligner", "scores", "protocol"} & raw.keys():
        raise InputError(f"{path} is not a result of cse-bench", "give a result.json")
    version = raw.get("schema_version")
    if version != RESULT_SCHEMA_VERSION:
        raise InputError(
            f"{path}: schema_version is {version!r}, this package reads {RESULT_SCHEMA_VERSION}",
            "upgrade cse-bench, or run cse-bench evaluate again",
        )
    try:
        result = Result.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error)}", AGAIN) from None
    if not result.scores:
        raise InputError(f"{path} holds no scores", AGAIN)
    if check:
        check_scores(result, read_ranks(path), path)
    return result


def read_ranks(path: Path) -> pa.Table:
    """Read the ``ranks.parquet`` beside a ``result.json``.

    Parameters
    ----------
    path : Path
        The ``result.json``.

    Raises
    ------
    InputError
        If it is missing, or is not a whole Parquet file.
    """
    file = path.with_name("ranks.parquet")
    if not file.is_file():
        raise InputError(
            f"{file} is missing: a result is result.json and ranks.parquet, side by side",
            "copy both files",
        )
    try:
        return pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file} is cut short or no Parquet file: {reason}", AGAIN) from None


def check_scores(result: Result, ranks: pa.Table, path: Path) -> dict[Cell, QueryValues]:
    """Refuse a result whose primary scores are not what its ranks give.

    Parameters
    ----------
    result : Result
        The record.
    ranks : Arrow table
        Its ranks.
    path : Path
        Where the record stands, for the message.

    Returns
    -------
    dict of Cell to QueryValues
        What the ranks give, query by query.

    Raises
    ------
    InputError
        Naming the first score, and both values.
    """
    try:
        cells = rescore(ranks)
    except InputError as error:
        raise InputError(f"{path.with_name('ranks.parquet')}: {error.what}", AGAIN) from None
    scores: dict[Cell, Score] = {}
    for score in result.scores:
        if score.cell in scores:
            _refuse(path, f"the score {score.cell} stands in it twice")
        scores[score.cell] = score
    primary = PRIMARY.get(result.protocol.version, ())
    known = {cell[-3:] for cell in cells} | set(primary)
    for cell in scores:
        if cell[-3:] in known and cell not in cells:
            _refuse(path, f"the score {cell} ({cell.split}) has no ranks in ranks.parquet")
    runs = _runs_of(result)
    for cell, own in cells.items():
        if cell not in scores:
            _refuse(
                path, f"ranks.parquet has ranks of {cell} ({cell.split}), but there is no score"
            )
        _check_cell(path, scores[cell], cell, own)
        every, here = runs.get(cell[:3], set()), set(own.runs)
        first_will_do = cell[-3:] in FIRST_ALONE or cell[-3:] not in primary
        if here != every and not (first_will_do and here == {(0, 0)}):
            _refuse(path, f"the runs of {cell} in ranks.parquet are not the runs of the record")
    return cells


def _check_cell(path: Path, score: Score, cell: Cell, own: QueryValues) -> None:
    counted = int((~np.isnan(own.values).any(axis=1)).sum())
    value = float(np.nanmean(own.values)) if counted else float("nan")
    near = TOLERANCE * max(float(np.nanmean(np.abs(own.values))) if counted else 0.0, 1e-12)
    if not abs(score.value - value) <= near:
        _refuse(
            path,
            f"the score {cell} is {score.value:.8g}, but its ranks give {value:.8g}: one of the "
            "two files was changed",
        )
    if score.n != counted:
        _refuse(path, f"n of {cell} is {score.n}, but its ranks hold {counted} queries that count")


def _runs_of(result: Result) -> dict[tuple[str, ...], set[tuple[int, int]]]:
    """Draw and seed of the runs of each track and direction."""
    runs: dict[tuple[str, ...], set[tuple[int, int]]] = {}
    for run in result.runs:
        place = (run.track, run.source_shop, run.target_shop)
        runs.setdefault(place, set()).add((run.draw, run.seed))
    return runs


def _read_json(path: Path) -> Any:
    if path.is_dir():
        raise InputError(f"{path} is a directory, and holds no result.json")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            f"there is no file {path}", "cse-bench evaluate ALIGNER writes one"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(f"cannot read {path}: {reason}", "give a result.json") from None
    if not text.strip():
        raise InputError(f"{path} is empty", AGAIN)
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is cut short, or is not JSON: {error}", AGAIN) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _first_problem(error: ValidationError) -> str:
    """The first problem of a record: the field, its place, what is wrong."""
    first = error.errors()[0]
    *place, field = [str(part) for part in first["loc"]] or ["record"]
    where = f" in {'.'.join(place)}" if place else ""
    if first["type"] == "missing":
        return f"the field {field!r} is missing{where}"
    if first["type"] == "extra_forbidden":
        return f"the field {field!r}{where} is not known"
    return f"the field {field!r}{where}: {first['msg']}"


def _refuse(path: Path, why: str) -> NoReturn:
    raise InputError(f"{path}: {why}", AGAIN)
