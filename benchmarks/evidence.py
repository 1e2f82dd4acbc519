"""What each kind of evidence is worth: gap closed against how much of it there is.

    python benchmarks/evidence.py [--out benchmarks/evidence] [--draws 3] [--draw-again]

On the embedded release's test split: pairs from 10 to all; cross-shop sessions from 50 to all; all
pairs of which a share is wrong; beside them, as horizontal lines, what catalogue features alone and
no evidence at all close. Writes ``evidence.json`` (every draw), ``evidence.md``, ``evidence.html``
and ``evidence.png``. A value is the mean over draws and both directions. ``--draw-again`` makes
page and pictures from ``evidence.json``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

import cse_bench
from cse_bench.aligners.base import Evidence
from cse_bench.aligners.loading import find_aligner
from cse_bench.harness.direction import Direction, fit_direction

PAIRS = (10, 20, 50, 100, 200, 500, 1000, None)
SESSIONS = (50, 100, 200, 500, 1000, 2000, None)
WRONG = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8)
TASKS = {"next_event": ("rendered", "auc"), "translation": ("cosine", "mrr")}
LINES = {"content": "content-seeds", "unsupervised": "graph-matching"}
HIGHEST = 1.6
"""Where the pictures end; what is higher is named."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # safe for the colour-blind (Okabe and Ito)


def some_pairs(evidence: Evidence, n: int | None, rng: np.random.Generator) -> Evidence:
    return replace(evidence, pairs=evidence.pairs[rng.permutation(len(evidence.pairs))[:n]])


def some_sessions(evidence: Evidence, n: int | None, rng: np.random.Generator) -> Evidence:
    ours, theirs = evidence.cross_sessions
    chosen = rng.permutation(len(ours))[:n]
    return replace(evidence, cross_sessions=(ours.take(chosen), theirs.take(chosen)))


def some_wrong(evidence: Evidence, share: float, rng: np.random.Generator) -> Evidence:
    """The right-hand sides of a share of the pairs are dealt out anew among these."""
    pairs = evidence.pairs.copy()
    chosen = rng.permutation(len(pairs))[: round(share * len(pairs))]
    pairs[chosen, 1] = np.roll(pairs[chosen, 1], 1)
    return replace(evidence, pairs=pairs)


@dataclass(frozen=True)
class Panel:
    """One kind of evidence: what is varied, and who is asked."""

    title: str
    axis: str
    amounts: tuple[float | None, ...]
    limited: Callable[[Evidence, float | None, np.random.Generator], Evidence]
    aligners: tuple[str, ...]


PANELS = (
    Panel("known pairs", "pairs", PAIRS, some_pairs, ("procrustes", "semi-supervised")),
    Panel(
        "cross-shop sessions", "sessions", SESSIONS, some_sessions,
        ("procrustes-sessions", "translation-table"),
    ),
    Panel(
        "wrong pairs among all", "share wrong", WRONG, some_wrong,
        ("procrustes", "semi-supervised"),
    ),
)  # fmt: skip


class Judge:
    """Both directions of the embedded release, with their floor and reference."""

    def __init__(self) -> None:
        release = cse_bench.load_release()
        self.directions = [Direction.prepare(release, "test", *d) for d in release.directions]
        self.context = []
        for direction in self.directions:
            floor = [
                self._scores("random-rotation", direction, direction.evidence, seed)
                for seed in range(2)
            ]
            reference = self._scores("procrustes", direction, direction.evidence, 0)
            self.context.append(
                {t: (float(np.mean([f[t] for f in floor])), reference[t]) for t in TASKS}
            )

    def _scores(self, name: str, direction: Direction, evidence: Evidence, run: int) -> dict:
        aligner = find_aligner(name)
        fit = fit_direction(aligner.make(run), direction, evidence, run, aligner.info.uses)
        scored = direction.score(fit.aligned, full=False)
        return {
            task: float(np.nanmean(next(s for s in scored[task] if s.variant == v).metrics[metric]))
            for task, (v, metric) in TASKS.items()
        }

    def gaps(
        self, name: str, limited: Callable[[Evidence], Evidence], run: int
    ) -> dict[str, float]:
        """Gap closed on each task, mean over directions."""
        found = defaultdict(list)
        for direction, context in zip(self.directions, self.context, strict=True):
            scores = self._scores(name, direction, limited(direction.evidence), run)
            for task, value in scores.items():
                floor, reference = context[task]
                found[task].append((value - floor) / (reference - floor))
        return {task: float(np.mean(values)) for task, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/evidence"))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--draw-again", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "evidence.json"
    if not options.draw_again:
        kept.write_text(json.dumps(measure(options.draws), indent=1) + "\n")
    data = json.loads(kept.read_text())
    lines, draws = data["lines"], data["draws"]
    found = {(p["panel"], p["aligner"]): p["points"] for p in data["found"]}
    write_table(options.out / "evidence.md", lines, found, draws)
    figure = picture(lines, found)
    figure.write_html(options.out / "evidence.html", include_plotlyjs=True)
    figure.write_image(options.out / "evidence.png", scale=2)


def measure(draws: int) -> dict:
    """Every gap of every draw."""
    judge = Judge()
    lines = {
        f"{kind}: {name}": judge.gaps(name, lambda evidence: evidence, 0)
        for kind, name in LINES.items()
    }
    found: dict[tuple[str, str], list[tuple[float, list[dict[str, float]]]]] = defaultdict(list)
    for panel in PANELS:
        for amount in panel.amounts:
            for name in panel.aligners:
                runs = []
                for draw in range(draws if amount else 1):
                    rng = np.random.default_rng([draw, int(1000 * (amount or 0))])
                    runs.append(
                        judge.gaps(name, lambda e, r=rng: panel.limited(e, amount, r), draw)  # noqa: B023
                    )
                place = float(whole(judge, panel) if amount is None else amount)
                found[panel.title, name].append((place, runs))
                print(panel.title, name, place, runs, flush=True)
    return {
        "draws": draws,
        "lines": lines,
        "found": [{"panel": p, "aligner": a, "points": points} for (p, a), points in found.items()],
    }


def whole(judge: Judge, panel: Panel) -> int:
    evidence = judge.directions[0].evidence
    return len(evidence.pairs) if panel.axis == "pairs" else len(evidence.cross_sessions[0])


def write_table(path: Path, lines: dict, found: dict, draws: int) -> None:
    text = [
        "# What evidence is worth",
        "",
        f"`python benchmarks/evidence.py --draws {draws}`: gap closed on the embedded release "
        f"(`cse-bench download`), test split, mean over both directions and {draws} draws (in "
        "brackets: the lowest and highest draw).",
        "",
        "![gap closed against evidence](evidence.png)",
        "",
        "| evidence | aligner | amount | next_event, rendered AUC | translation MRR |",
        "|---|---|--:|--:|--:|",
    ]
    for title, gaps in lines.items():
        kind, name = title.split(": ")
        text.append(
            f"| {kind} | {name} | – | " + " | ".join(f"{gaps[t]:.0%}" for t in TASKS) + " |"
        )
    for (title, name), points in found.items():
        for amount, runs in points:
            cells = []
            for task in TASKS:
                values = [run[task] for run in runs]
                spread = f" [{min(values):.0%}, {max(values):.0%}]" if len(values) > 1 else ""
                cells.append(f"{np.mean(values):.0%}{spread}")
            told = f"{amount:.0%}" if title.startswith("wrong") else f"{amount:,.0f}"
            text.append(f"| {title} | {name} | {told} | " + " | ".join(cells) + " |")
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def picture(lines: dict, found: dict) -> go.Figure:
    """A row a task, a column a kind of evidence; horizontal lines for what needs none of it."""
    titles = [p.title for p in PANELS]
    figure = make_subplots(
        2, 3, shared_yaxes=True, column_titles=titles, horizontal_spacing=0.03,
        vertical_spacing=0.1, row_titles=["next_event (rendered AUC)", "translation (MRR)"],
    )  # fmt: skip
    names = list(dict.fromkeys(name for panel in PANELS for name in panel.aligners))
    colours = dict(zip(names, COLOURS, strict=False))
    shown: set[str] = set()
    for row, task in enumerate(TASKS, 1):
        for column, panel in enumerate(PANELS, 1):
            for name in panel.aligners:
                points = found[panel.title, name]
                x = [amount for amount, _ in points]
                y = [float(np.mean([run[task] for run in runs])) for _, runs in points]
                figure.add_scatter(
                    x=x, y=y, name=name, legendgroup=name, showlegend=name not in shown,
                    line={"color": colours[name], "width": 2.5}, marker={"size": 8},
                    mode="lines+markers", row=row, col=column,
                )  # fmt: skip
                shown.add(name)
            for dash, (title, gaps) in zip(("dash", "dot"), lines.items(), strict=True):
                ends = [points[0][0], points[-1][0]]
                if gaps[task] > HIGHEST:
                    figure.add_annotation(
                        text=f"{title}: {gaps[task]:.0%}, off the scale", showarrow=False,
                        x=0.5, y=HIGHEST - 0.05, xref="x domain", row=row, col=column,
                        font={"size": 12, "color": "#555"},
                    )  # fmt: skip
                    continue
                figure.add_scatter(
                    x=ends, y=[gaps[task]] * 2, mode="lines", name=title, legendgroup=title,
                    showlegend=title not in shown,
                    line={"color": "#555", "dash": dash, "width": 2}, row=row, col=column,
                )  # fmt: skip
                shown.add(title)
            kind = "linear" if panel.axis == "share wrong" else "log"
            tick = ".0%" if kind == "linear" else None
            figure.update_xaxes(
                type=kind, title=panel.axis if row == 2 else None, tickformat=tick,
                row=row, col=column,
            )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", zeroline=True, zerolinecolor="#999")
    figure.update_yaxes(title="gap closed", col=1)
    figure.update_yaxes(range=[-0.08, HIGHEST])
    figure.update_layout(
        template="plotly_white", width=1150, height=720, font={"size": 14},
        legend={"orientation": "h", "y": -0.12, "x": 0.5, "xanchor": "center"},
        margin={"l": 70, "r": 40, "t": 50, "b": 110},
    )  # fmt: skip
    return figure


if __name__ == "__main__":
    main()
