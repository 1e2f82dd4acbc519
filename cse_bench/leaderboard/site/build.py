"""Write the board as a static site, into one directory."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import cse_bench
from cse_bench.aligners.loading import NAME
from cse_bench.errors import InputError
from cse_bench.extras import require
from cse_bench.leaderboard.board import Board, BoardEntry
from cse_bench.leaderboard.site import words
from cse_bench.leaderboard.site.bars import Bar, oracle_gaps, scale_of
from cse_bench.leaderboard.site.dataset import MARKS, read_privacy
from cse_bench.leaderboard.site.field import Plot, field_plots
from cse_bench.leaderboard.site.view import BoardPage, Place, board_page, metrics_of, places
from cse_bench.results.places import FOLDER, SHA12, entry_folder
from cse_bench.results.report.style import SERIES, css_variables, to_dark

WHAT = "the leaderboard's site"
GENERATOR = f"cse-bench {cse_bench.__version__}"

SITE_FILE = re.compile(
    r"(index|field|data|submit|board-[a-z0-9-]+)\.html|board\.json|"
    r"assets/(board\.js|copy\.js|field\.js|field-data\.js|plotly\.min\.js|mark\.svg|site\.css)|"
    rf"{FOLDER.pattern}\.html"
)
"""Every file that `build_site` writes."""

POLICY = (
    # A page opened from a folder has no origin for 'self' to name, hence file:.
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:{styles}; "
    "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
)


def build_site(
    board: Board,
    sources: Mapping[str, str],
    out: Path,
    privacy: str | None,
) -> None:
    """Write the site: the same board gives the same bytes.

    Whatever stands in the board or a source is shown as text: the templates escape it,
    names of files are made of checked names and digests only, figures get it through
    `style.plain`, and each page's own policy lets no script run but those that lie beside it.

    Parameters
    ----------
    board : Board
        What is shown.
    sources : mapping of str to str
        Entry → text of its ``aligner.py``.
    out : Path
        A directory that is there and is empty.
    privacy : str or None
        The release's privacy report, in JSON; another text is shown as it is.

    Raises
    ------
    InputError
        If `out` is not an empty directory, or an entry has a name that cannot be a file's.
    MissingExtraError
        If Jinja2 or Plotly is not installed.
    """
    if not out.is_dir() or any(out.iterdir()):
        raise InputError(f"{out} is not an empty directory", "name one that is")
    for entry in board.entries:
        folder_of(entry)
    _Site(board, sources, out).write(privacy)


def foreign_file(site: Path) -> str | None:
    """The first file in a directory that is none of a site's; None if there is none.

    Parameters
    ----------
    site : Path
        A directory.
    """
    names = sorted(p.relative_to(site).as_posix() for p in site.rglob("*") if not p.is_dir())
    return next((name for name in names if not SITE_FILE.fullmatch(name)), None)


def folder_of(entry: BoardEntry) -> str:
    """Where an entry stands, in the repository and here: made of its checked name and digest.

    Parameters
    ----------
    entry : BoardEntry
        The entry.

    Raises
    ------
    InputError
        If either cannot be a file's name.
    """
    name = entry.aligner.name
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is no aligner's name: small letters, digits and . _ - only")
    place = entry_folder(name, entry.entry)
    if not FOLDER.fullmatch(place):
        raise InputError(f"{entry.entry!r} is no entry: {SHA12} hexadecimal digits")
    return place


def page_of(entry: BoardEntry) -> str:
    """An entry's page, from the site's root."""
    return f"{folder_of(entry)}.html"


class _Site:
    """What the pages share."""

    def __init__(self, board: Board, sources: Mapping[str, str], out: Path) -> None:
        self.board, self.sources, self.out = board, sources, out
        self.templates = _templates(board)
        self.metrics = metrics_of(board)

    def write(self, privacy: str | None) -> None:
        """Every file of the site."""
        pages = [board_page(self.board, metric) for metric in self.metrics]
        evidence = sorted({use for entry in self.board.entries for use in entry.aligner.uses})
        for page in pages:
            self.page(
                page.metric.file, "board.html.j2", "index.html",
                page=page, metrics=self.metrics, evidence=evidence,
            )  # fmt: skip
        if not pages:
            self.page("index.html", "empty.html.j2", "index.html")
        standing = places(pages)
        for entry in self.board.entries:
            self._entry(entry, standing.get(entry.entry, []))
        self._field(pages)
        self._data(privacy)
        self.page("submit.html", "submit.html.j2", "submit.html")
        self.file("board.json", self.board.model_dump_json(indent=1) + "\n")
        for name in ("board.js", "copy.js", "field.js", "mark.svg"):
            self.file(f"assets/{name}", _asset(name))
        self.file("assets/site.css", _colours() + _asset("site.css"))

    def file(self, path: str, text: str) -> None:
        """Write one file."""
        place = self.out / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")

    def page(self, path: str, template: str, here: str, *, styles: str = "", **shown: Any) -> None:
        """Write one page."""
        text = self.templates.get_template(template).render(
            root="../" * path.count("/"), here=here, policy=POLICY.format(styles=styles), **shown
        )
        self.file(path, text + "\n")

    def _entry(self, entry: BoardEntry, own: list[Place]) -> None:
        quarters = [(cost.track, quarter) for cost in entry.tracks for quarter in cost.quarters]
        rows = [place.line.row for place in own]
        # Its own scale: one far-off entry must not press the drawings of all others.
        scale = scale_of(
            ((row.gap_closed, row.gap_low, row.gap_high) for row in rows),
            (gap for row in rows for gap in oracle_gaps(row.directions)),
        )
        bars: dict[tuple[tuple[str, str, str], str], Bar | None] = {
            (place.metric.key, place.track): scale.bar(
                row.gap_closed, row.gap_low, row.gap_high, row.directions
            )
            for place, row in zip(own, rows, strict=True)
        }
        drawn = [
            (track, q, scale.bar(q.gap_closed, q.gap_low, q.gap_high)) for track, q in quarters
        ]
        self.page(
            page_of(entry), "entry.html.j2", "",
            entry=entry, places=own, scale=scale, bars=bars, quarters=drawn,
            source=self.sources.get(entry.entry), commands=commands(self.board),
        )  # fmt: skip

    def _field(self, pages: list[BoardPage]) -> None:
        plots = field_plots(pages[0]) if pages else []
        metric = pages[0].metric if pages else None
        # Plotly writes its own style sheet into the page.
        styles = " 'unsafe-inline'" if plots else ""
        self.page(
            "field.html", "field.html.j2", "field.html", styles=styles, plots=plots, metric=metric
        )
        if plots:
            offline = require("plotly.offline", "report", WHAT)
            self.file("assets/plotly.min.js", offline.get_plotlyjs())
        self.file("assets/field-data.js", _field_data(plots))

    def _data(self, privacy: str | None) -> None:
        board, release = self.board, self.board.release
        shops = list(dict.fromkeys(shop for direction in board.directions for shop in direction))
        name = release.repo or release.name
        revision = f", revision={release.revision!r}" if release.repo and release.revision else ""
        loading = (
            "from datasets import load_dataset\n"
            f"products = load_dataset({name!r}{revision})\n"
            f'crossings = load_dataset({name!r}, "cross_sessions"{revision})'
        )
        report = None if privacy is None else read_privacy(privacy, release.fingerprint)
        self.page(
            "data.html", "data.html.j2", "data.html",
            shops=shops, loading=loading.replace("'", '"'), privacy=report, marks_of=MARKS,
        )  # fmt: skip


def commands(board: Board) -> str:
    """What runs an entry again, checks it, and draws its report; to be typed in its folder.

    Parameters
    ----------
    board : Board
        Whose release it is scored on.
    """
    release = board.release
    name = release.repo or release.name
    if release.repo and release.revision:
        name += f"@{release.revision}"
    reference = shlex.quote(name)
    return (
        f"cse-bench evaluate aligner.py --release {reference}\n"
        f"cse-bench verify result.json --aligner aligner.py --release {reference}\n"
        f"cse-bench report result.json --aligner aligner.py --release {reference}"
    )


def _field_data(plots: list[Plot]) -> str:
    """The figures as a script: a page opened from a folder may not read JSON from beside it."""
    data = {
        "figures": {plot.id: plot.figure.to_plotly_json() for plot in plots},
        "dark": to_dark(),
    }
    encoder = require("plotly.utils", "report", WHAT).PlotlyJSONEncoder
    text = json.dumps(data, cls=encoder, sort_keys=True, separators=(",", ":"))
    return f"window.cseField = {text.replace('<', chr(92) + 'u003c')};\n"


def _colours() -> str:
    """The tones as CSS variables, light and dark; and a class for each series."""
    tones = {k: v for k, v in css_variables().items() if not k.startswith("category-")}
    light = " ".join(f"--{name}: {tone.light};" for name, tone in tones.items())
    dark = " ".join(f"--{name}: {tone.dark};" for name, tone in tones.items())
    series = " ".join(f".s{i} {{ color: var(--series-{i}); }}" for i in range(len(SERIES)))
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{series}\n"
    )


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _grouped(items: Iterable[Any], name: str) -> Iterator[tuple[str, list[Any]]]:
    """Runs of the same attribute, in the order given: Jinja's own grouping sorts them."""
    for key, own in groupby(items, key=attrgetter(name)):
        yield key, list(own)


def _templates(board: Board) -> Any:
    jinja2 = require("jinja2", "report", WHAT)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "board": board,
        "badges": words.BADGES,
        "explained": words.EXPLAINED,
        "generator": GENERATOR,
    }
    environment.filters |= {
        "percent": words.percent,
        "number": words.number,
        "exact": words.exact,
        "duration": words.duration,
        "memory": words.memory,
        "hardware": words.hardware,
        "spaced": words.spaced,
        "day": words.day,
        "gap_interval": lambda row: words.interval(row.gap_low, row.gap_high),
        "page_of": page_of,
        "folder_of": folder_of,
        "groupby_kept": lambda items, name: list(_grouped(items, name)),
    }
    return environment
