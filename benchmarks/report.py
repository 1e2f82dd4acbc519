"""Time the pages of some results, and take the README's picture of one.

    python benchmarks/report.py [--aligners procrustes semi-supervised] [--picture docs/report.png]

Scores each aligner with its vectors, then prints the seconds that ``cse-bench report`` takes, start
of Python included (from the vectors, and running the aligner again), and the page's size: in all,
without Plotly, and packed by gzip. The picture is of the last aligner's page in Chromium, its parts
cut out and set together; it takes Playwright and Pillow (`[dev]` extra).
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

import cse_bench

SHOWN = """
for (const part of document.querySelectorAll(
  "header details, header .facts, main > section > details, section[aria-labelledby=popularity], " +
  ".panel ~ .panel, section[aria-labelledby=hubs-title], section[aria-labelledby=examples], " +
  "section[aria-labelledby=diagnostics], footer, .modebar-container, " +
  "section[aria-labelledby=maps] > .hint"
)) part.style.display = "none";
document.body.style.paddingBottom = "1rem";
"""
"""Leaves the head, the first panel of scores and the maps."""


def command(*arguments: object) -> float:
    """Seconds of one command."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cse_bench", *map(str, arguments)], check=True, capture_output=True
    )
    return time.perf_counter() - begin


def picture(page: Path, file: Path) -> None:
    """Write what `SHOWN` leaves of a page."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    file.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport={"width": 1080, "height": 800})
        tab.goto(page.absolute().as_uri())
        tab.wait_for_selector("html[data-drawn]")
        tab.evaluate(SHOWN)
        tab.wait_for_timeout(2000)
        shot = Image.open(BytesIO(tab.locator("body").screenshot()))
        browser.close()
    # A palette takes a third of the bytes.
    shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--aligners", nargs="+", default=["procrustes", "semi-supervised"])
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    from plotly.offline import get_plotlyjs

    plotly = len(get_plotlyjs().encode())
    print(f"cse-bench {cse_bench.__version__}; Plotly's script alone: {plotly / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as directory:
        for name in options.aligners:
            out = Path(directory) / name
            command("evaluate", name, "--save-vectors", "--quiet", "--out", out)
            again = command("report", out / "result.json", "--aligner", name)
            seconds = min(command("report", out / "result.json") for _ in range(3))
            page = out.with_suffix(".html")
            content = page.read_bytes()
            print(
                f"{name}: {seconds:.1f} s from the vectors, {again:.1f} s running it again; "
                f"{len(content) / 1e6:.2f} MB, {(len(content) - plotly) / 1e6:.2f} MB of them its "
                f"own, {len(gzip.compress(content)) / 1e6:.2f} MB packed"
            )
        if options.picture is not None:
            picture(page, options.picture)


if __name__ == "__main__":
    main()
