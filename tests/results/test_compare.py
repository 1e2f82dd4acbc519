"""Results side by side: who is better, by how much, is it noise; and what cannot be compared."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import cse_bench
from cse_bench.api import compare
from cse_bench.errors import InputError
from cse_bench.results.compare import GUARDS, Comparison, compare_entries, summary
from cse_bench.results.compare_formats import SPARED, as_json, as_latex, as_markdown, as_table
from cse_bench.results.entries import read_entries
from cse_bench.results.latex import escaped
from cse_bench.results.paired import holm
from cse_bench.results.read import read_result
from cse_bench.results.record import CONTROL
from cse_bench.tasks.registry import TASKS
from tests.conftest import need


@pytest.fixture(scope="module")
def paths(written):
    return {name: written / name / "result.json" for name in ("procrustes", "ridge")}


@pytest.fixture(scope="module")
def rows(paths) -> list[Comparison]:
    return compare([paths["procrustes"], paths["ridge"]])


def test_every_primary_metric_on_every_common_track_in_every_direction(rows):
    places = [(r.first_track, r.task, r.variant, r.metric) for r in rows if r.source_shop is None]
    assert len(set(places)) == len(places) == 2 * 5
    assert {t for t, *_ in places} == {"pairs-50", "pairs-all"}
    assert len(rows) == 3 * len(places)
    assert [(r.source_shop, r.target_shop) for r in rows[:3]] == [
        (None, None),
        ("SHOP1", "SHOP2"),
        ("SHOP2", "SHOP1"),
    ]


def test_the_figures_are_those_of_the_records(paths, rows):
    records = {name: read_result(path) for name, path in paths.items()}
    for row in (r for r in rows if r.source_shop is not None):
        for name, value in (("procrustes", row.first_value), ("ridge", row.other_value)):
            (score,) = [
                s
                for s in records[name].scores
                if (s.track, s.source_shop, s.task, s.variant, s.metric)
                == (row.first_track, row.source_shop, row.task, row.variant, row.metric)
            ]
            assert value == pytest.approx(score.value)
            assert row.n == score.n
        assert row.difference == pytest.approx(row.other_value - row.first_value)
        assert row.low <= row.difference <= row.high
        assert row.queries_won + row.queries_tied + row.queries_lost == row.n
        assert row.groups <= row.n


def test_holm_is_over_all_that_is_shown(rows, written, paths):
    lost = written / "random-rotation" / "result.json"
    far = compare([paths["procrustes"], lost], tracks=("pairs-50", "unsupervised"))
    seen = set()
    for shown in (rows, far):
        adjusted = holm(np.array([row.p for row in shown]))
        assert [row.p_holm for row in shown] == pytest.approx(adjusted)
        for row in shown:
            wanted = "tie" if row.p_holm >= 0.05 else "win" if row.difference > 0 else "loss"
            assert row.verdict == wanted
            seen.add(wanted)
    assert seen >= {"tie", "loss"}, "the slice shows both"


def test_three_results_share_one_adjustment(paths, tmp_path):
    shutil.copytree(paths["ridge"].parent, tmp_path / "again")
    again = tmp_path / "again" / "result.json"
    raw = json.loads(again.read_text())
    again.write_text(json.dumps(raw | {"created": "2026-01-01T00:00:00+00:00"}))
    two = compare([paths["procrustes"], paths["ridge"]])
    three = compare([paths["procrustes"], paths["ridge"], again])
    assert len(three) == 2 * len(two)
    smallest = min(two, key=lambda row: row.p)
    assert smallest.p_holm == pytest.approx(len(two) * smallest.p)
    assert min(three, key=lambda row: row.p).p_holm == pytest.approx(2 * len(two) * smallest.p)
    labels = {row.other for row in three}
    assert labels == {f"ridge ({paths['ridge'].parent})", f"ridge ({again.parent})"}
    assert list(summary(three)) == sorted(labels, key=lambda label: str(again.parent) in label)


def test_other_tracks_can_be_named(paths, written):
    floor = written / "random-rotation" / "result.json"
    with pytest.raises(InputError, match=r"no track in common(.|\n)*--tracks pairs-50,unsuperv"):
        compare([paths["procrustes"], floor])
    found = compare([paths["procrustes"], floor], ["pairs-all", "unsupervised"])
    assert {(row.first_track, row.other_track) for row in found} == {("pairs-all", "unsupervised")}
    assert found[0].verdict == "loss"
    assert "unsupervised against pairs-all" in as_markdown(found)
    with pytest.raises(InputError, match=r"no track 'pairs_50'(.|\n)*did you mean 'pairs-50'"):
        compare([paths["procrustes"], floor], ["pairs_50", "unsupervised"])
    with pytest.raises(InputError, match="1 tracks for 2 results"):
        compare([paths["procrustes"], floor], ["pairs-50"])


def test_what_cannot_be_compared_is_refused_saying_which(copied, paths, small_release, tmp_path):
    def changed(to, **values):
        def change(raw):
            for name, value in values.items():
                raw[name] |= value

        return copied("ridge", to).record(change)

    first = paths["procrustes"]
    with pytest.raises(InputError, match=r"do not have one release: slice 0\.0\.1 \(.*; slice"):
        compare([first, changed("a", release={"fingerprint": "0" * 64})])
    with pytest.raises(InputError, match=r"b/result\.json do not have one protocol: 1\.0; 0\.9"):
        compare([first, changed("b", protocol={"version": "0.9"})])
    cse_bench.evaluate("ridge", small_release, split="validation", out=tmp_path / "c")
    with pytest.raises(InputError, match="do not have one split: test; validation"):
        compare([first, tmp_path / "c" / "result.json"])
    same = copied("procrustes", "d").path
    with pytest.raises(InputError, match=r"d/result\.json are the same result"):
        compare([first, paths["ridge"], same])
    with pytest.raises(InputError, match="nothing to be compared with"):
        compare([first])


def test_a_forged_result_is_refused(copied, paths):
    def better(raw):
        for row in raw["scores"]:
            row["value"] = min(1.0, row["value"] * 1.1)

    with pytest.raises(InputError, match="but its ranks give"):
        compare([paths["procrustes"], copied("ridge").record(better)])


def test_the_control_is_not_compared(paths):
    entries = read_entries([paths["procrustes"], paths["ridge"]])
    controls = [
        dataclasses.replace(
            entry,
            cells=entry.cells
            | {c._replace(track=CONTROL): v for c, v in entry.cells.items() if "all" in c.track},
        )
        for entry in entries
    ]
    assert len(compare_entries(controls)) == len(compare_entries(entries))


def test_guards_are_those_of_the_tasks():
    assert {task.name for task in TASKS if task.guard} == GUARDS


def test_the_table_says_it_all(rows):
    text = as_table(rows)
    assert "ridge against procrustes on slice 0.0.1" in text
    counted = [r for r in rows if r.source_shop is None and r.task != "retention"]
    assert len(counted) == 8 == len({(r.first_track, r.task, r.variant) for r in counted})
    losses = sum(row.verdict == "loss" for row in counted)
    assert f"ridge: 0 wins, {8 - losses} ties, {losses} loss" in text
    assert "Holm's adjustment for all 30 comparisons" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 120
    assert "…" not in text
    assert "\x1b" not in text
    assert "\x1b" in as_table(rows, colour=True)
    for narrow in (80, 90, 104):
        text = as_table(rows, width=narrow)
        assert len(re.findall(r"(tie|win|loss) *$", text, flags=re.MULTILINE)) == len(rows)
        assert max(map(len, text.splitlines())) <= narrow
        assert "…" not in text
        told = " ".join(text.split())
        assert ("Queries: those on which" in told) == (narrow >= SPARED["queries"])
    ways = re.findall(r"^ +(.* → .*?)  ", as_table(rows, width=80), flags=re.MULTILINE)
    assert {re.match("[12] → [12]", way) is not None for way in ways} == {True}


def test_three_shops_give_six_directions(tmp_path):
    need("ibis")
    from cse_bench.building.keys import Key
    from cse_bench.building.pipeline import BuildParameters, build_contents
    from cse_bench.release.read import read_release
    from cse_bench.release.write import write_release
    from cse_bench.trainers.ppmi_svd import PpmiSvd
    from tests.small_log import make_log, random_events

    log = make_log(random_events(shops=3, users=400))
    contents = build_contents(log, PpmiSvd(4), BuildParameters(min_users=3), Key(bytes(32)))
    (tmp_path / "release").mkdir()
    write_release(tmp_path / "release", contents)
    release = read_release(tmp_path / "release")
    paths = []
    for name in ("procrustes", "ridge"):
        cse_bench.evaluate(name, release, ["pairs-all"], out=tmp_path / name)
        paths.append(tmp_path / name / "result.json")
    found = compare(paths)
    for metric in {(row.task, row.variant) for row in found}:
        own = [row for row in found if (row.task, row.variant) == metric]
        assert len({(row.source_shop, row.target_shop) for row in own}) == len(own) == 7
        together, *each = own
        assert together.n == sum(row.n for row in each)
        pairs = sum(row.groups for row in each) / 2
        assert (together.groups == pairs) == (metric[0] == "translation")
    assert "(all directions together)" in as_table(found)


def test_markdown_is_a_table(rows):
    text = as_markdown([dataclasses.replace(row, other="ridge (a|b)") for row in rows])
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(rows)
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert f"| {rows[0].verdict} |" in table[2]


def test_json_holds_every_field(rows):
    found = json.loads(as_json(rows))
    assert found == [dataclasses.asdict(row) for row in rows]


def test_latex_is_whole(rows, tmp_path):
    odd = [dataclasses.replace(row, other="r_50% (a&b\\c|d)") for row in rows]
    text = as_latex(odd)
    assert r"r\_50\% (a\&b\textbackslash{}c\textbar{}d)" in text
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    lines = [line for line in body.splitlines() if line.endswith(r"\\") and "multicol" not in line]
    assert len(lines) == 1 + len(rows)
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {8}
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert text.count("{") == text.count("}")
    if shutil.which("pdflatex") is None:
        return
    page = [r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{booktabs}"]
    page += [r"\begin{document}", text, r"\end{document}"]
    (tmp_path / "page.tex").write_text("\n".join(page), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 or "not found" in done.stdout, done.stdout


def test_every_letter_that_means_something_is_escaped():
    assert escaped("a_b & 5 % {x} #1 $ ~ ^ \\") == (
        r"a\_b \& 5 \% \{x\} \#1 \$ \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
