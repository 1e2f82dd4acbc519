"""The page in a real browser: it draws itself offline, and nothing planted in it runs."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from tests.browser import opened
from tests.results.report.pages import PRIMARY, data_of

PLANTED = (
    '<script>window.ran=1</script><img src="x" onerror="window.ran=1"><a href="//e.org">%{x}</a>'
)


def planted_page(record, space, path: Path) -> str:
    """A page whose every text of others is an attack."""
    from cse_bench.results.report.page import render_page, view_of

    shops = {
        name: dataclasses.replace(
            shop,
            categories=tuple(PLANTED if i % 2 else c for i, c in enumerate(shop.categories)),
            id_array=pa.array([f"{PLANTED}{i}" for i in shop.ids]),
        )
        for name, shop in space.release.shops.items()
    }
    evil = dataclasses.replace(
        space,
        release=dataclasses.replace(space.release, shops=shops),
        origin=PLANTED,
        place=dataclasses.replace(space.place, track=PLANTED),
    )
    evil = dataclasses.replace(
        evil, release=dataclasses.replace(evil.release, manifest=no_pairs(space))
    )
    update = dict.fromkeys(("name", "version", "description", "licence", "citation"), PLANTED)
    aligner = record.aligner.model_copy(
        update=update | {"authors": [PLANTED], "parameters": {PLANTED: PLANTED}}
    )
    scores = [
        s.model_copy(update={"track": PLANTED, "source_shop": PLANTED}) for s in record.scores
    ]
    attacked = record.model_copy(
        update={
            "aligner": aligner,
            "scores": scores,
            "runs": [run.model_copy(update={"track": PLANTED}) for run in record.runs],
            "flags": [PLANTED],
            "command": PLANTED,
            "release": record.release.model_copy(update={"name": PLANTED, "version": PLANTED}),
        }
    )
    text = render_page(attacked, PRIMARY, {"next_event": PLANTED}, view_of(evil))
    path.write_text(text)
    return text


def no_pairs(space):
    manifest = space.release.manifest
    files = {k: v for k, v in manifest.files.items() if not k.startswith("pairs/")}
    return manifest.model_copy(update={"files": files})


def test_nothing_planted_stands_raw_in_the_page(record, space, tmp_path):
    text = planted_page(record, space, tmp_path / "planted.html")
    assert "&lt;script&gt;" in text
    scripts = re.findall(r"<script[^>]*>", text)
    from plotly.offline import get_plotlyjs

    own = len(re.findall(r"<script[^>]*>", get_plotlyjs()))
    assert len(scripts) == 3 + own
    for tag in ("<script>window", "<img src=", "<a href"):
        assert tag not in text.replace(get_plotlyjs(), "")
    told = json.dumps(data_of(text)["figures"]) + json.dumps(data_of(text)["points"])
    assert "window.ran" in told
    assert "<script" not in told, "Plotly would read tags in its texts"
    assert "<a " not in told


def test_nothing_planted_runs(record, space, tmp_path):
    path = tmp_path / "planted.html"
    planted_page(record, space, path)
    with opened(path) as seen:
        assert hover_some(seen.page).startswith("<script>window.ran=1</script>")
        assert seen.page.evaluate("window.ran") is None
        assert seen.page.evaluate("window.violations") == [], "it was only the policy that held"
        assert seen.page.locator("a, img, svg a").count() == 0
        assert seen.requests == [path.as_uri()]
        assert seen.complaints == []
        assert "<script>window.ran=1</script>" in seen.page.locator("h1").text_content()


def test_the_policy_would_stop_a_script_that_got_in(page, tmp_path):
    """The second wall is there: a script put into the finished page does not run."""
    path = tmp_path / "tampered.html"
    path.write_text(page.read_text().replace("<main>", "<main><script>window.ran=1</script>", 1))
    with opened(path) as seen:
        assert seen.page.evaluate("window.ran") is None
        assert len(seen.page.evaluate("window.violations")) == 1


def hover_some(page):
    """Move over the middle of the second map until Plotly tells of a point."""
    plot = page.locator("#map-after")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    told = page.locator("#map-after .hoverlayer text")
    for step in range(60):
        x = box["x"] + box["width"] * (0.2 + 0.01 * step)
        page.mouse.move(x, box["y"] + box["height"] / 2)
        page.wait_for_timeout(60)
        if told.count():
            return told.first.text_content()
    raise AssertionError("no point was found")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_page_draws_itself_offline_in_a_browser(page, width, dark):
    with opened(page, width=width, dark=dark) as seen:
        assert seen.requests == [page.as_uri()]
        assert seen.complaints == []
        assert seen.page.evaluate("window.violations") == []
        figures = seen.page.locator(".plot")
        for i in range(figures.count()):
            assert figures.nth(i).locator("svg.main-svg").count(), "a figure was not drawn"
        assert seen.page.locator("#map-after canvas").count(), "no WebGL"
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        ground = seen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (ground == "rgb(20, 23, 27)") == dark
        ink = seen.page.evaluate("document.getElementById('score-0').layout.font.color")
        assert ink == ("#e6e9ed" if dark else "#1b1f24")
        colours = "document.getElementById('map-after').data[0].marker.color"
        by_shop = set(seen.page.evaluate(colours))
        assert len(by_shop) == 2
        assert ({colour[:7] for colour in by_shop} == {"#5ab0e8", "#f2b632"}) == dark
        assert hover_some(seen.page).startswith("SHOP")
        seen.page.check("input[value=category]")
        assert len(set(seen.page.evaluate(colours))) == 13
        seen.page.locator(".chips[data-by=category] button").first.click()
        chosen = [c for c in seen.page.evaluate(colours) if c.endswith("f0")]
        assert len(set(chosen)) == 1
        assert seen.complaints == []
