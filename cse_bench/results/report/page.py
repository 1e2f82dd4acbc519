"""From a result and, where there is one, its aligned space to one HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

import numpy as np

import cse_bench
from cse_bench.extras import require
from cse_bench.results.headline import headline
from cse_bench.results.ranked import Primary, short
from cse_bench.results.record import Result, RunRecord
from cse_bench.results.report.drawing import Drawing, direction_keys, direction_of
from cse_bench.results.report.examples import Examples, choose_examples
from cse_bench.results.report.hubs import Hubness, hub_drawing, hubness
from cse_bench.results.report.maps import Maps, draw_maps
from cse_bench.results.report.popularity import popularity_panels
from cse_bench.results.report.scores import score_panels
from cse_bench.results.report.space import Space
from cse_bench.results.report.style import css_variables, to_dark

GENERATOR = f"cse-bench {cse_bench.__version__} report"
"""Stands in the page's head."""

GENERATED = re.compile(rb'content="cse-bench [^"]* report"')
"""By which an earlier report is known."""


@dataclass(frozen=True, eq=False)
class View:
    """What is shown of an aligned space.

    Attributes
    ----------
    space : Space
        The space.
    maps : Maps
        Both shops in two dimensions.
    hubs : list of Hubness
        After alignment, of the reference, before.
    hub_drawing : Drawing
        Their histogram.
    examples : Examples
        Ten products.
    """

    space: Space
    maps: Maps
    hubs: list[Hubness]
    hub_drawing: Drawing
    examples: Examples


def view_of(space: Space, projection: str = "pca") -> View:
    """Compute all that is shown of an aligned space.

    Parameters
    ----------
    space : Space
        The space.
    projection : str
        ``pca`` or ``umap``.
    """
    hubs = hubness(space)
    return View(
        space, draw_maps(space, projection), hubs, hub_drawing(hubs), choose_examples(space)
    )


def render_page(
    result: Result,
    primary: Sequence[Primary],
    about: dict[str, str],
    view: View | str,
    guards: frozenset[str] = frozenset(),
) -> str:
    """The whole page: no file, no network, no clock; the same inputs give the same text.

    Whatever stands in the result or the release is shown as text: the template escapes it, figures
    get it through `style.plain`, the script reads it from a JSON block, and the page's own policy
    lets no script run but its two.

    Parameters
    ----------
    result : Result
        The record.
    primary : sequence of (task, variant, metric)
        What is shown first, in order.
    about : dict of str to str
        Task → one line.
    view : View or str
        What is shown of the aligned space, or why there is none and what to do.
    guards : frozenset of str
        Tasks that only guard against damage: no gap is closed by them, nor need they discriminate.
    """
    offline = require("plotly.offline", "report", "a report")
    panels = score_panels(result.scores, primary, about, guards)
    bins = popularity_panels(result.scores)
    shown = view if isinstance(view, View) else None
    drawings = [drawing for panel in (*panels, *bins) for drawing in panel.drawings]
    if shown is not None:
        drawings += [*shown.maps.drawings, shown.hub_drawing]
    scripts = [offline.get_plotlyjs(), _part("page.js")]
    data = {
        "figures": {drawing.id: drawing.figure.to_plotly_json() for drawing in drawings},
        "points": None if shown is None else shown.maps.points,
        "dark": to_dark(),
    }
    text: str = _template().render(
        result=result,
        headline=headline(result, primary),
        generator=GENERATOR,
        panels=panels,
        bins=bins,
        keys=list(direction_keys(result.scores).values()),
        primary=[s for p in primary for s in result.scores if (s.task, s.variant, s.metric) == p],
        fits=fit_lines(result.runs),
        view=shown,
        missing=view if isinstance(view, str) else None,
        data=data,
        guards=guards,
        tones=css_variables(),
        style=_part("page.css"),
        scripts=scripts,
        policy=_policy(scripts),
    )
    return text


def fit_lines(runs: Iterable[RunRecord]) -> list[dict[str, Any]]:
    """For each track: how many runs, how many failed, the median fit."""
    by_track: dict[str, list[RunRecord]] = {}
    for run in runs:
        by_track.setdefault(run.track, []).append(run)
    return [
        {
            "track": track,
            "runs": len(own),
            "failed": sum(run.failed for run in own),
            "median": float(np.median([run.fit_seconds for run in own])),
        }
        for track, own in by_track.items()
    ]


def _policy(scripts: list[str]) -> str:
    """Content security policy: these scripts and no others, and nothing from anywhere.

    Plotly's WebGL traces compile their drawing commands, hence ``unsafe-eval``; it lets a script
    that runs already make code from text, but no text of the page become a script.
    """
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'unsafe-eval' {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _part(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def _template() -> Any:
    jinja2 = require("jinja2", "report", "a report")
    utils = require("plotly.utils", "report", "a report")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_function"] = partial(
        json.dumps, cls=utils.PlotlyJSONEncoder, ensure_ascii=False, separators=(",", ":")
    )
    environment.policies["json.dumps_kwargs"] = {}
    environment.filters |= {
        "short": lambda value: "–" if value is None else short(value),
        "percent": lambda value: "–" if value is None else f"{value:.0%}",
        "direction": direction_of,
    }
    return environment.from_string(_part("page.html.j2"))
