"""The site's parts: what is written, what is told, and that nothing of others' gets loose."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cse_bench.errors import InputError
from cse_bench.leaderboard.board import Board, OneWay
from cse_bench.leaderboard.site import words
from cse_bench.leaderboard.site.bars import Scale, oracle_gaps, scale_of
from cse_bench.leaderboard.site.view import board_page, metrics_of
from tests.conftest import ROOT, need
from tests.leaderboard.boards import PLANTED, PRIMARY, TRACKS, WHY, make_board, sources_of

PRIVACY = ROOT / "cse_bench/data/cross-shop-embeddings/privacy_report.json"


@pytest.fixture(scope="module", autouse=True)
def extra():
    need("jinja2")
    need("plotly")


def built(out: Path, board: Board, privacy: str | None = None, **given) -> Path:
    from cse_bench.leaderboard.site.build import build_site

    out.mkdir()
    build_site(board, given.get("sources", sources_of(board)), out, privacy)
    return out


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "site"
    return built(out, make_board(), PRIVACY.read_text(encoding="utf-8"))


class Page(HTMLParser):
    """Every tag of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_there_is_a_page_for_everything(site):
    board = make_board()
    wanted = {"index.html", "field.html", "data.html", "submit.html", "board.json"}
    wanted |= {f"assets/{n}" for n in ("site.css", "mark.svg", "board.js", "copy.js", "field.js")}
    wanted |= {"assets/plotly.min.js", "assets/field-data.js"}
    wanted |= {f"{entry.folder}.html" for entry in board.entries}
    found = {str(p.relative_to(site)) for p in site.rglob("*") if p.is_file()}
    assert wanted <= found
    assert {n for n in found - wanted if not n.startswith("board-")} == set()
    assert len(found - wanted) == len(PRIMARY) - 1
    assert Board.model_validate_json((site / "board.json").read_text(encoding="utf-8")) == board


def test_every_link_is_relative_and_leads_somewhere(site):
    for path in site.rglob("*.html"):
        own = page(path)
        ids = [attrs["id"] for _, attrs in own.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path
        for _, attrs in own.tags:
            link = attrs.get("href") or attrs.get("src")
            if link is None:
                continue
            parts = urlsplit(link)
            if link == "https://arxiv.org/abs/2007.14906":
                continue  # the paper: the one way off the site, and nothing is loaded from there
            assert not parts.scheme
            assert not parts.netloc
            assert not link.startswith("/")
            if not parts.path:
                assert parts.fragment in ids, (path, link)
            else:
                assert (path.parent / parts.path).resolve().is_file(), (path, link)


def test_the_same_board_gives_the_same_bytes(site, tmp_path):
    again = built(tmp_path / "again", make_board(), PRIVACY.read_text(encoding="utf-8"))
    for path in site.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(site)).read_bytes(), path


def test_nothing_planted_gets_loose(tmp_path):
    board = make_board(planted=PLANTED)
    sources = sources_of(board, PLANTED)
    assert "<script>" in next(iter(sources.values()))
    for number, privacy in enumerate((PLANTED, PRIVACY.read_text().replace("T1, T2", "<script>"))):
        out = built(tmp_path / str(number), board, privacy, sources=sources)
        for path in out.rglob("*.html"):
            tags = page(path).tags
            policy = next(a["content"] for t, a in tags if a.get("http-equiv"))
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy.replace("style-src 'self' file: 'unsafe-inline'", "")
            assert "unsafe-inline" not in policy or path.name == "field.html"
            for tag, attrs in tags:
                assert tag not in ("img", "style", "iframe", "object", "form", "base"), path
                assert tag != "script" or attrs["src"].rpartition("/")[0].endswith("assets")
                assert not any(name.startswith("on") for name in attrs), (path, attrs)
                assert "style" not in attrs
                assert not str(attrs.get("href", "")).lower().startswith("javascript")
        assert "49" not in "".join(page(out / "submit.html").texts), "a template in a template"
        assert "<" not in (out / "assets/field-data.js").read_text(encoding="utf-8")
        entry = board.entries[0]
        told = "".join(page(out / f"{entry.folder}.html").texts)
        assert told.count("<script>window.ran=1</script>") > 10


@pytest.mark.parametrize("name", ["../up", "a/b", "A", "", "a" * 65, "a b", ".a", "a\n", "a%2e"])
def test_a_name_that_cannot_be_a_files_is_refused(tmp_path, name):
    board = make_board(2)
    first = board.entries[0]
    bad = first.model_copy(update={"aligner": first.aligner.model_copy(update={"name": name})})
    with pytest.raises(InputError, match="no aligner's name"):
        built(tmp_path / "a", board.model_copy(update={"entries": [bad]}))
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize("digits", ["../../../up0", "0123456789abc", "0123456789AB", ""])
def test_an_entry_that_is_no_digest_is_refused(tmp_path, digits):
    board = make_board(2)
    bad = board.entries[0].model_copy(update={"entry": digits})
    with pytest.raises(InputError, match="12 hexadecimal"):
        built(tmp_path / "a", board.model_copy(update={"entries": [bad]}))


def test_a_source_that_is_not_at_hand(tmp_path):
    board = make_board(1)
    out = built(tmp_path / "a", board, sources={})
    assert "It is not at hand" in (out / f"{board.entries[0].folder}.html").read_text()


def test_only_an_empty_directory_is_written_into(tmp_path):
    from cse_bench.leaderboard.site.build import build_site

    (tmp_path / "mine").write_text("kept")
    for out in (tmp_path, tmp_path / "mine", tmp_path / "missing"):
        with pytest.raises(InputError, match="not an empty directory"):
            build_site(make_board(1), {}, out, None)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_the_first_question_comes_first_and_guards_last():
    metrics = metrics_of(make_board())
    assert metrics[0].key == ("next_event", "rendered", "auc")
    assert metrics[0].file == "index.html"
    assert [m.guard for m in metrics] == [False] * 5 + [True]
    assert len({m.file for m in metrics}) == len(metrics)
    assert all(re.fullmatch(r"[a-z0-9.-]+\.html", m.file) for m in metrics)


def test_metrics_that_are_called_much_the_same_have_pages_of_their_own():
    board = make_board(3)
    standings = [
        s.model_copy(update={"task": "t", "variant": "v", "metric": metric})
        for s, metric in zip(
            board.standings, ["auc", "a/uc", "a uc", "../a.uc", "«»"], strict=False
        )
    ]
    files = [m.file for m in metrics_of(board.model_copy(update={"standings": standings}))]
    assert len(set(files)) == 5
    assert all(re.fullmatch(r"[a-z0-9-]+\.html", file) for file in files)


def test_groups_and_reasons_are_told(site):
    board, metric = make_board(), metrics_of(make_board())[0]
    lines = [line for s in board_page(board, metric).sections for line in s.lines]
    groups = sum(line.place == "first" for line in lines)
    assert groups == sum(line.place == "last" for line in lines) > 0
    text = (site / "index.html").read_text()
    assert text.count("no test tells these") == groups
    assert WHY in (site / "board-type-ahead-real-bits.html").read_text()
    guard = "".join(page(site / "board-retention-lower-ratio.html").texts)
    assert "shown, never ranked" in guard
    assert 'class="gap"' not in (site / "board-retention-lower-ratio.html").read_text()
    assert all(track in text for track in TRACKS)


def test_an_entrys_page_says_how_to_run_it_again(site):
    entry = make_board().entries[1]
    told = "".join(page(site / f"{entry.folder}.html").texts)
    assert "cse-bench evaluate aligner.py --release cross-shop-embeddings\n" in told
    assert "cse-bench verify result.json --aligner aligner.py" in told
    assert entry.aligner.citation in told
    assert "# a < b & c" in told
    assert words.BADGES[entry.badge] in told


def test_the_page_about_the_data_tells_what_does_not_hold(site, tmp_path):
    told = "".join(page(site / "data.html").texts)
    assert "unicity does not hold, and was waived." in told
    assert "the log is public under CC0" in told
    assert "Of another release" in told
    assert 'load_dataset("cross-shop-embeddings")' in told
    report = json.loads(PRIVACY.read_text())
    board = make_board(1)
    mine = board.release.model_copy(update={"fingerprint": report["fingerprint"]})
    out = built(tmp_path / "a", board.model_copy(update={"release": mine}), json.dumps(report))
    assert "Of another release" not in (out / "data.html").read_text()
    report["gates"][0]["verdict"] = "failed"
    out = built(tmp_path / "b", board, json.dumps(report))
    assert "ids does not hold. It asks" in "".join(page(out / "data.html").texts)
    out = built(tmp_path / "c", board, "# A report\nin words")
    assert "# A report\nin words" in "".join(page(out / "data.html").texts)
    out = built(tmp_path / "d", board, None)
    assert "no privacy report" in (out / "data.html").read_text()


def test_a_release_on_the_hub_is_named_by_its_repository(tmp_path):
    board = make_board(1)
    hub = board.release.model_copy(update={"repo": "org/data", "revision": "abc123"})
    out = built(tmp_path / "a", board.model_copy(update={"release": hub}))
    told = "".join(page(out / "data.html").texts)
    assert 'load_dataset("org/data", revision="abc123")' in told
    told = "".join(page(out / f"{board.entries[0].folder}.html").texts)
    assert "--release org/data@abc123" in told


def test_a_board_with_little_on_it_is_a_site_too(tmp_path):
    board = make_board(1)
    for number, empty in enumerate(
        ({"standings": [], "entries": []}, {"standings": []}, {"directions": []})
    ):
        out = built(tmp_path / str(number), board.model_copy(update=empty))
        assert (out / "index.html").is_file()
        assert (out / "field.html").is_file()
    lonely = built(tmp_path / "lonely", board)
    assert "No entry yet" in (lonely / "index.html").read_text()


def test_a_board_of_two_hundred_is_light(tmp_path):
    out = built(tmp_path / "a", make_board(200))
    shared = sum((out / f"assets/{n}").stat().st_size for n in ("site.css", "board.js"))
    assert shared < 40_000
    for path in out.glob("*.html"):
        if path.name != "field.html":
            assert path.stat().st_size + shared < 600_000, path


def test_the_field_has_the_same_figures_in_words(site):
    from cse_bench.leaderboard.site.field import field_plots

    board = make_board()
    plots = field_plots(board_page(board, metrics_of(board)[0]))
    assert [plot.id for plot in plots] == ["by-track", "by-time", "by-popularity"]
    told = "".join(page(site / "field.html").texts)
    for plot in plots:
        points = sum(len(trace.x) for trace in plot.figure.data)
        assert points == len(plot.rows) * (4 if plot.id == "by-popularity" else 1)
        assert all(cell in told for _, cells in plot.rows for cell in cells)


def way(oracle: float | None, reference: float | None, floor: float = 0.5) -> OneWay:
    return OneWay(
        source_shop="A", target_shop="B", value=0.6, ci_low=0.5, ci_high=0.7, n=9, floor=floor,
        reference=reference, oracle=oracle, gap_closed=None, gap_ci_low=None, gap_ci_high=None,
    )  # fmt: skip


def test_an_oracle_stands_at_the_gap_that_its_own_score_closes():
    ways = [way(0.7, 0.6), way(None, 0.6), way(0.7, None), way(0.7, 0.5), way(0.7, 0.4)]
    assert oracle_gaps(ways) == pytest.approx([2.0])


def test_a_bar_is_drawn_to_scale_and_says_where_it_goes_on():
    scale = Scale(-0.5, 1.5)
    assert (scale.floor, scale.reference) == ("25.0%", "75.0%")
    bar = scale.bar(0.5, 0.4, 0.6)
    assert (bar.start, bar.width, bar.value) == ("25.0%", "25.0%", "50.0%")
    assert (bar.low, bar.high, bar.below, bar.above) == ("45.0%", "55.0%", False, False)
    below = scale.bar(-0.25, -0.9, 0.1)
    assert (below.start, below.width, below.below) == ("12.5%", "12.5%", True)
    far = scale.bar(9.0, 8.0, 10.0)
    assert (far.value, far.above, far.width) == (None, True, "75.0%")
    assert scale.bar(0.5, None, None).low is None
    assert scale.bar(None, None, None) is None


def test_one_far_entry_does_not_press_the_others_together():
    assert scale_of([(-40.0, -50.0, -30.0), (0.5, 0.4, 0.6)]).low == -0.5
    assert scale_of([(0.5, 0.4, 90.0)]).high == 1.6
    wide = scale_of([], [1.3])
    assert wide.low < 0 < 1.3 < wide.high


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (words.percent(0.936), "94%"), (words.percent(-0.001), "0%"), (words.percent(-0.09), "−9%"),
        (words.percent(None), "–"), (words.interval(-0.04, 0.03), "[−4, 3]"),
        (words.interval(None, 1), ""), (words.number(0.5), ".500"),
        (words.number(-0.0312), "−.0312"),
        (words.number(1.0), "1.000"), (words.number(0.0), "0"), (words.number(-1.5), "−1.500"),
        (words.number(0.9999), "1.000"), (words.duration(0.0342), "0.034 s"),
        (words.duration(9.96), "10.0 s"), (words.duration(66), "1.1 min"),
        (words.duration(4000), "1.1 h"), (words.duration(360_000), "100 h"),
        (words.duration(0), "0 s"), (words.memory(69_226_496), "69 MB"),
        (words.memory(3_210_000_000), "3.2 GB"), (words.exact(None), ""),
        (words.exact(0.123456789), "0.123457"),
    ],
)  # fmt: skip
def test_numbers_are_told_plainly(told, wanted):
    assert told == wanted
