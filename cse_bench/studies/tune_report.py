"""What a tuning study found: its table, the Pareto picture, which parameters matter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cse_bench.extras import require
from cse_bench.files import write_bytes_atomically, write_text_atomically
from cse_bench.studies.tune import complete_trials

if TYPE_CHECKING:
    import optuna
    import plotly.graph_objects as go


def study_rows(study: optuna.Study) -> list[dict[str, Any]]:
    """One flat row for each complete trial, in their order.

    Returns
    -------
    list of dict
        ``trial``, the parameters, ``in_shop_…``, ``translation`` and ``next_event`` of
        `procrustes` on validation, ``membership`` (AUC), ``seconds``, ``pareto``: whether no
        other trial is better both in-shop and on translation.
    """
    rows = []
    for trial in complete_trials(study):
        found = trial.user_attrs
        row: dict[str, Any] = {"trial": trial.number, **trial.params}
        row |= {f"in_shop_{name}": value for name, value in found["in_shop"].items()}
        row |= found["alignability"]
        row |= {"membership": found["membership"], "seconds": found["seconds"]}
        row["objective"] = trial.value
        rows.append(row)
    points = np.array([[r["objective"], r.get("translation", 0.0)] for r in rows]).reshape(-1, 2)
    for row, own in zip(rows, points, strict=True):
        better = (points >= own).all(axis=1) & (points > own).any(axis=1)
        row["pareto"] = not better.any()
    return rows


def importances(study: optuna.Study) -> dict[str, dict[str, float]]:
    """How much of the trials' variance each parameter explains (fANOVA).

    Returns
    -------
    dict of str to dict of str to float
        ``objective`` and ``translation`` → parameter → share, largest first; nothing with fewer
        than four complete trials, or where a score does not vary.

    References
    ----------
    Hutter, Hoos & Leyton-Brown 2014, "An Efficient Approach for Assessing Hyperparameter
    Importance".
    """
    import optuna

    trials = complete_trials(study)
    shares: dict[str, dict[str, float]] = {}
    if len(trials) < 4:
        return shares
    targets: dict[str, Callable[[Any], float]] = {
        "objective": lambda trial: trial.value,
        "translation": lambda trial: trial.user_attrs["alignability"].get("translation", 0.0),
    }
    for name, target in targets.items():
        if np.ptp([target(trial) for trial in trials]) > 0:
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
            found = optuna.importance.get_param_importances(
                study, target=target, evaluator=evaluator
            )
            shares[name] = {parameter: float(share) for parameter, share in found.items()}
    return shares


def pareto_figure(rows: list[dict[str, Any]], title: str, objective: str) -> go.Figure:
    """In-shop score against alignability, a point a trial, the Pareto front joined.

    Parameters
    ----------
    rows : list of dict
        From `study_rows`.
    title : str
        Above the picture.
    objective : str
        Name of the in-shop metric.
    """
    require("plotly", "tune", "the picture of a study")
    import plotly.graph_objects as go

    def points(chosen: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
        return [r["objective"] for r in chosen], [r.get("translation", 0.0) for r in chosen]

    told = [k for k in rows[0] if k not in ("pareto", "objective")]
    text = ["<br>".join(f"{k}: {_short(r[k])}" for k in told) for r in rows]
    shade = [r["membership"] if r["membership"] is not None else np.nan for r in rows]
    x, y = points(rows)
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=y, mode="markers", text=text, hoverinfo="text", name="trials",
        marker={
            "size": 10, "color": shade, "colorscale": "Cividis", "showscale": True,
            "line": {"width": 0.5, "color": "white"},
            "colorbar": {"title": {"text": "membership<br>AUC"}},
        },
    )  # fmt: skip
    front = sorted((r for r in rows if r["pareto"]), key=lambda r: float(r["objective"]))
    x, y = points(front)
    figure.add_scatter(
        x=x, y=y, mode="lines+markers", name="Pareto front", hoverinfo="skip",
        line={"color": "#b5432a", "width": 2},
        marker={"size": 15, "symbol": "circle-open", "color": "#b5432a", "line": {"width": 2}},
    )  # fmt: skip
    figure.update_layout(
        title={"text": title, "x": 0.02}, template="plotly_white", width=900, height=600,
        xaxis_title=f"in-shop completion, {objective}",
        yaxis_title="translation MRR of procrustes (validation pairs)",
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
        font={"size": 14}, margin={"l": 70, "r": 20, "t": 80, "b": 60},
    )  # fmt: skip
    return figure


def write_report(study: optuna.Study, directory: Path) -> tuple[list[str], str | None]:
    """Write ``trials.csv``, ``importances.json``, ``pareto.html`` and ``pareto.png``.

    Parameters
    ----------
    study : optuna.Study
        With one complete trial at least.
    directory : Path
        Where to.

    Returns
    -------
    written : list of str
        Names of the files.
    missing : str or None
        Why there is no PNG, if there is none: it takes a Chrome or Chromium.
    """
    rows = study_rows(study)
    about = study.user_attrs["about"]
    written = ["trials.csv", "importances.json", "pareto.html"]
    write_text_atomically(directory / written[0], _csv(rows))
    shares = json.dumps(importances(study), indent=1) + "\n"
    write_text_atomically(directory / written[1], shares)
    title = f"{about['trainer']}: {len(rows)} trials"
    figure = pareto_figure(rows, title, about["objective"])
    page = figure.to_html(include_plotlyjs=True, full_html=True)
    write_text_atomically(directory / written[2], page)
    try:
        require("kaleido", "tune", "a PNG of the picture")
        write_bytes_atomically(directory / "pareto.png", figure.to_image("png", scale=2))
    except Exception as error:  # kaleido has its own kinds, one for each way to lack a browser
        return written, str(error).splitlines()[0]
    return [*written, "pareto.png"], None


def _csv(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _short(v) for k, v in row.items()} for row in rows)
    return text.getvalue()


def _short(value: Any) -> Any:
    return f"{value:.5g}" if isinstance(value, float) else value
