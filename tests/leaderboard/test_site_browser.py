"""The site in a real browser: sorted, filtered, by keyboard, without JavaScript, by everyone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser import BROWSERS, WATCH, Seen
from tests.conftest import ROOT, need
from tests.leaderboard.boards import DIRECTIONS, PLANTED, PRIMARY, TRACKS, make_board, sources_of

AXE = Path(__file__).with_name("npm") / "node_modules/axe-core/axe.min.js"
PRIVACY = ROOT / "cse_bench/data/cross-shop-embeddings/privacy_report.json"
PAGES = ("index", "entry", "field", "data", "submit", "guard", "dull")


def miss(what: str) -> None:
    """Skip on a user's machine; fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def browser():
    need("playwright")
    from playwright.sync_api import sync_playwright

    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        miss("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def built(out: Path, n: int = 24, planted: str = "") -> Path:
    need("jinja2")
    need("plotly")
    from cse_bench.leaderboard.site.build import build_site

    out.mkdir()
    board = make_board(n, planted=planted)
    privacy = PRIVACY.read_text(encoding="utf-8")
    build_site(board, sources_of(board, planted), out, privacy)
    return out


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return built(tmp_path_factory.mktemp("site") / "site")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return built(tmp_path_factory.mktemp("hostile") / "site", planted=PLANTED)


def file_of(site: Path, name: str) -> Path:
    entry = make_board().entries[0]
    return site / {
        "entry": f"{entry.folder}.html",
        "guard": "board-retention-lower-ratio.html",
        "dull": "board-type-ahead-real-bits.html",
    }.get(name, f"{name}.html")


@contextmanager
def opened(
    browser, file: Path, *, width: int = 1280, dark: bool = False, script: bool = True
) -> Iterator[Seen]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    seen = Seen(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
    page.on("console", lambda line: seen.complaints.append(line.text))
    page.goto(file.absolute().as_uri())
    if script:
        page.wait_for_selector("html[data-drawn]", timeout=60_000)
    yield seen
    context.close()


def calm(seen: Seen, site: Path) -> None:
    """Nothing was asked of a network, nothing complained, nothing planted ran."""
    assert all(url.startswith(site.as_uri()) for url in seen.requests), seen.requests
    assert seen.complaints == []
    assert seen.page.evaluate("window.violations") == []
    assert seen.page.evaluate("window.ran") is None


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_shows_itself_offline(browser, site, name, width, dark):
    with opened(browser, file_of(site, name), width=width, dark=dark) as seen:
        calm(seen, site)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        ground = seen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (ground == "rgb(20, 23, 27)") == dark
        if name == "field":
            assert seen.page.locator(".plot svg.main-svg").count() >= 3
            ink = seen.page.evaluate("document.getElementById('by-track').layout.font.color")
            assert ink == ("#e6e9ed" if dark else "#1b1f24")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_planted_runs(browser, hostile, name):
    with opened(browser, file_of(hostile, name)) as seen:
        calm(seen, hostile)
        assert seen.page.locator("img").count() == 0
        if name == "field":
            assert seen.page.locator(".plot svg.main-svg").count() >= 3
            assert seen.page.locator(".plot a").count() == 0
        else:
            told = seen.page.locator("body").text_content()
            assert "<script>window.ran=1</script>" in told
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_plots_hover_tells_planted_text_as_text(browser, hostile):
    with opened(browser, file_of(hostile, "field")) as seen:
        point = seen.page.locator("#by-track .points path").first
        box = point.bounding_box()
        seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        told = seen.page.locator("#by-track .hoverlayer text")
        told.first.wait_for()
        assert "<script>window.ran=1</script>" in told.first.text_content()
        calm(seen, hostile)


def test_the_policy_would_stop_a_script_that_got_in(browser, site, tmp_path):
    """The second wall is there: a script put into a finished page does not run."""
    shutil.copytree(site, tmp_path / "site")
    path = tmp_path / "site/index.html"
    text = path.read_text().replace("</main>", "<script>window.ran=1</script></main>")
    path.write_text(text)
    with opened(browser, path) as seen:
        assert seen.page.evaluate("window.ran") is None
        assert len(seen.page.evaluate("window.violations")) == 1


def column(page, number: int, head: int) -> list[str]:
    """The texts of a column of a table, as its lines stand now."""
    rows = page.locator("table.board").nth(number).locator("tbody tr:not(.group):visible")
    return rows.evaluate_all(
        f"rows => rows.map(row => row.cells[{head}].dataset.v ?? row.cells[{head}].textContent)"
    )


def numbers(texts: list[str]) -> list[float]:
    return [float(text) for text in texts if text]


def test_every_column_sorts_and_says_so(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        page = seen.page
        table = page.locator("table.board").nth(0)
        heads = table.locator("thead th")
        before = column(page, 0, 1)
        assert len(before) > 3
        for number in range(heads.count()):
            head = heads.nth(number)
            if head.get_attribute("data-sort") is None:
                continue
            head.locator("button").click()
            once = head.get_attribute("aria-sort")
            texts = column(page, 0, number)
            if head.get_attribute("data-sort") == "text":
                assert texts == sorted(texts, reverse=once == "descending")
            else:
                got = numbers(texts)
                assert got == sorted(got, reverse=once == "descending")
            head.locator("button").click()
            assert head.get_attribute("aria-sort") not in (once, "none")
            assert (
                table.locator("thead [aria-sort=ascending], thead [aria-sort=descending]").count()
                == 1
            )
        assert not table.locator("tr.group").first.is_visible(), "a group's line without its group"
        heads.nth(0).locator("button").click()
        assert column(page, 0, 1) == before
        assert table.locator("tr.group").first.is_visible()
        calm(seen, site)


def test_best_comes_first_where_more_is_better_and_less_where_it_is_a_cost(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        for words, wanted in (("gap closed", "descending"), ("fit", "ascending")):
            button = seen.page.locator("table.board").nth(0).get_by_role("button", name=words)
            button.click()
            assert button.locator("..").get_attribute("aria-sort") == wanted


def test_lines_are_filtered_by_badge_evidence_and_text(browser, site):
    board = make_board()
    lines = [(entry, cost.track) for entry in board.entries for cost in entry.tracks]
    with opened(browser, file_of(site, "index")) as seen:
        page = seen.page
        shown = page.locator("table.board tbody tr:not(.group):visible")
        assert shown.count() == len(lines)
        page.select_option("#badge", "sealed")
        sealed = [e for e, _ in lines if e.badge == "sealed"]
        assert shown.count() == len(sealed) > 0
        page.select_option("#evidence", "pairs")
        both = [e for e in sealed if "pairs" in e.aligner.uses]
        assert shown.count() == len(both) < len(sealed)
        assert page.locator("#shown").text_content() == f"{len(both)} of {len(lines)} lines"
        page.locator("#clear").click()
        assert shown.count() == len(lines)
        page.select_option("#evidence", "none")
        assert shown.count() == sum(not e.aligner.uses for e, _ in lines)
        page.locator("#clear").click()
        name = board.entries[3].aligner.name
        page.fill("#find", f"  {name.upper()} uthor")
        assert shown.count() == len(board.entries[3].tracks)
        page.fill("#find", "no such thing")
        assert shown.count() == 0
        assert page.locator("table.board:visible").count() == 0
        assert page.locator(".nothing:visible").count() == page.locator("table.board").count()
        calm(seen, site)


def test_a_groups_line_goes_when_its_members_do(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        groups = seen.page.locator("tr.group:visible")
        before = groups.count()
        seen.page.fill("#find", make_board().entries[0].aligner.name)
        assert groups.count() < before
        seen.page.locator("#clear").click()
        assert groups.count() == before


def test_the_metric_is_chosen_by_links(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        page = seen.page
        choices = page.locator(".chooser a")
        assert choices.count() == len(PRIMARY)
        assert "next event" in choices.nth(0).text_content()
        assert "asked first" in choices.nth(0).text_content()
        assert choices.nth(0).get_attribute("aria-current") == "page"
        page.get_by_role("link", name="translation").click()
        page.wait_for_selector("html[data-drawn]")
        assert page.url.endswith("board-translation-cosine-mrr.html")
        assert page.locator(".chooser [aria-current=page]").text_content().startswith("translation")
        assert page.locator('use[href="#oracle"]').count() == 1, "only the legend's: none has one"


def test_a_line_leads_to_its_entry_and_the_text_there_is_copied(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        page = seen.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        link = page.locator("table.board .name a").first
        name = link.text_content()
        link.click()
        page.wait_for_selector("html[data-drawn]")
        assert page.locator("h1").text_content().startswith(name)
        page.get_by_role("button", name="Copy: commands").click()
        page.get_by_text("Copied").wait_for()
        assert "cse-bench verify result.json" in page.evaluate("navigator.clipboard.readText()")
        page.locator("summary", has_text="aligner.py").click()
        assert page.get_by_text("# a < b & c").is_visible()
        calm(seen, site)


@pytest.mark.parametrize("name", PAGES)
def test_everything_is_read_without_javascript(browser, site, name):
    with opened(browser, file_of(site, name), script=False) as seen:
        page = seen.page
        assert not page.locator(".controls:visible").count()
        assert not page.locator("button:visible").count(), "a button that does nothing"
        assert page.locator("h1").is_visible()
        if name == "index":
            board = make_board()
            rows = page.locator("table.board tbody tr:not(.group):visible")
            assert rows.count() == sum(len(entry.tracks) for entry in board.entries)
            assert page.locator("tr.group:visible").count() > 0
            assert page.locator("td.draw svg circle").first.is_visible()
        if name == "field":
            assert not page.locator(".plot:visible").count()
            page.locator("summary").first.click()
            assert page.locator("table").first.is_visible()


def test_the_keyboard_reaches_everything_and_is_seen(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        page = seen.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        assert page.locator(".skip").bounding_box()["y"] >= 0
        reached = set()
        for _ in range(400):
            page.keyboard.press("Tab")
            told = page.evaluate(
                "(() => { const e = document.activeElement;"
                " const text = e.id || e.textContent.trim().slice(0, 40);"
                " return [e.tagName, text, getComputedStyle(e).outlineStyle]; })()"
            )
            if told[0] == "BODY":
                break
            assert told[2] != "none", f"focus is not seen on {told}"
            reached.add(told[1])
        assert {"find", "badge", "evidence", "clear", "Field", "rank", "memory"} <= reached
        assert {e.aligner.name for e in make_board().entries} <= reached
        head = page.locator("table.board").nth(0).locator("thead th").nth(1)
        head.locator("button").focus()
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        page.keyboard.press("Space")
        assert head.get_attribute("aria-sort") == "descending"


def test_tables_are_named_and_their_lines_headed(browser, site):
    with opened(browser, file_of(site, "index")) as seen:
        page = seen.page
        for number, track in enumerate(TRACKS):
            section = page.locator("section.track").nth(number)
            assert section.locator("h2").text_content().startswith(track)
        tables = page.locator("table")
        for number in range(tables.count()):
            assert tables.nth(number).locator("caption").text_content().strip()
            assert tables.nth(number).locator("thead th[scope=col]").count() >= 6 + len(DIRECTIONS)
        rows = page.locator("table.board tbody tr:not(.group)")
        assert rows.count() == page.locator("table.board tbody th[scope=row]").count()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_axe_finds_no_fault(browser, site, name, width, dark):
    if not AXE.is_file():
        miss(f"axe-core is needed: npm ci --prefix {AXE.parents[2]}")
    with opened(browser, file_of(site, name), width=width, dark=dark) as seen:
        page = seen.page
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [
            f"{fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:200]} "
            f"{fault['nodes'][0]['failureSummary']}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert told == []
        assert len(found["passes"]) > 10, "it looked at nothing"
