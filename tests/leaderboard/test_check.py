"""What a submission may be: hostile ones are refused, each with a reason to act on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cse_bench import api
from cse_bench.aligners.loading import find_aligner
from cse_bench.errors import InputError
from cse_bench.leaderboard.folders import find_folders, read_verification
from tests.cli.test_cli import run
from tests.conftest import need


def enter(board, result, aligner):
    """Put a result into a board, as `submit` would name it."""
    digest = hashlib.sha256((result / "result.json").read_bytes()).hexdigest()[:12]
    name = json.loads((result / "result.json").read_text())["aligner"]["name"]
    folder = board / "entries" / name / digest
    folder.mkdir(parents=True)
    for file in ("result.json", "ranks.parquet"):
        shutil.copyfile(result / file, folder / file)
    shutil.copyfile(aligner, folder / "aligner.py")
    return folder


@pytest.fixture
def board(written, tmp_path):
    """A board with two verified-to-be entries."""
    for name in ("procrustes", "random-rotation"):
        enter(tmp_path / "board", written / name, find_aligner(name).path)
    return tmp_path / "board"


@pytest.fixture
def ridge(written, board):
    """A third, as it was submitted."""
    return enter(board, written / "ridge", find_aligner("ridge").path)


def record(folder, change):
    """Change the record, and give the folder the name that then is right."""
    raw = json.loads((folder / "result.json").read_text())
    change(raw)
    (folder / "result.json").write_text(json.dumps(raw))
    digest = hashlib.sha256((folder / "result.json").read_bytes()).hexdigest()[:12]
    return folder.rename(folder.with_name(digest))


@pytest.fixture
def check(small_release, board):
    """The reason for which a folder is refused."""

    def refused(folder):
        found = api.check_entries(folder, entries=board, release=small_release)
        assert len(found) == 1
        return next(iter(found.values()))

    return refused


def test_honest_entries_are_good(board, ridge, check, small_release):
    assert check(ridge) is None
    found = api.check_entries(board, entries=board, release=small_release)
    assert len(found) == 3
    assert set(found.values()) == {None}


def test_who_compares_with_nothing_is_told(board, ridge, small_release, tmp_path):
    notes = []
    for home in (tmp_path / "nowhere", board):
        api.check_entries(ridge, entries=home, release=small_release, note=notes.append)
    assert notes == [f"no entries at {tmp_path / 'nowhere'}: compared with no others"]


def test_a_folder_of_another_hash(ridge, check):
    assert "begins with" in check(ridge.rename(ridge.with_name("0123456789ab")))


def test_a_changed_decimal(ridge, check):
    def change(raw):
        raw["scores"][0]["value"] += 0.001

    assert check(record(ridge, change)).startswith(("ranks: ", "rescored: "))


def test_another_release(ridge, board, release):
    found = api.check_entries(ridge, entries=board, release=release)
    assert "the result is about slice" in next(iter(found.values()))


def test_a_file_of_fifty_megabytes(ridge, check):
    with (ridge / "ranks.parquet").open("ab") as stream:
        stream.truncate(50 << 20)
    assert "ranks.parquet holds 52,428,800 bytes; 25,165,824 are allowed" in check(ridge)


def test_ranks_that_unpack_into_too_much(ridge, check):
    table = pa.table({"query": pa.array(np.zeros(30_000_000, np.int32))})
    pq.write_table(table, ridge / "ranks.parquet", compression="zstd")
    assert (ridge / "ranks.parquet").stat().st_size < 1 << 20
    assert "unpacks into 30,000,000 rows" in check(ridge)


def test_ranks_with_a_column_of_their_own(ridge, check):
    table = pq.read_table(ridge / "ranks.parquet")
    pq.write_table(table.append_column("x", pa.nulls(len(table))), ridge / "ranks.parquet")
    assert "has a column 'x'" in check(ridge)


TRICKS = {
    "a link": (
        lambda f: (f / "ranks.parquet").unlink() or os.symlink("/etc/passwd", f / "ranks.parquet"),
        "no plain file",
    ),
    "a pipe": (lambda f: os.mkfifo(f / "more"), "no plain file"),
    "a directory": (lambda f: (f / "more").mkdir(), "no plain file"),
    "another file": (lambda f: (f / "setup.py").write_text("boom"), "does not belong there"),
    "a hidden file": (lambda f: (f / ".netrc").write_text("boom"), "does not belong there"),
    "two aligners": (lambda f: (f / "aligner2.py").write_text("x = 1"), "does not belong there"),
    "no ranks": (lambda f: (f / "ranks.parquet").unlink(), "ranks.parquet is missing"),
    "no aligner": (lambda f: (f / "aligner.py").unlink(), "aligner.py is missing"),
    "ranks that are none": (lambda f: (f / "ranks.parquet").write_text("x"), "no Parquet file"),
    "two aligners in a file": (
        lambda f: (f / "aligner.py").write_text(
            (f / "aligner.py").read_text() + "\n\nclass Two(Aligner):\n    pass\n"
        ),
        "schema: ",
    ),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_what_does_not_belong_into_a_folder(trick, ridge, check):
    play, problem = TRICKS[trick]
    play(ridge)
    assert problem in check(ridge)


def test_a_badge_of_ones_own(board, ridge, check, small_release, tmp_path):
    api.verify_entries(board, run=False, release=small_release)
    stamp = ridge / "verification.json"
    stamp.write_text(stamp.read_text().replace("self-reported", "sealed"))
    mine = tmp_path / "mine" / "ridge" / ridge.name
    shutil.copytree(ridge, mine)
    assert "verification.json is written by the board alone" in check(mine)
    (mine / "verification.json").unlink()
    assert check(mine) is None


@pytest.mark.parametrize("name", ["../../x", "<b>x</b>", "UPPER", "a" * 65, ".hidden"])
def test_names_that_are_none_in_the_record(name, ridge, check):
    folder = record(ridge, lambda raw: raw["aligner"].update(name=name))
    assert "the result '" in check(folder)


@pytest.mark.parametrize("name", ["<b>x<b>", "UPPER", "a" * 65, ".hidden"])
def test_names_that_are_none_of_the_folder(name, ridge, check, board):
    ridge.parent.rename(board / "entries" / name)
    assert "is no name of an aligner" in check(board / "entries" / name / ridge.name)


def test_a_file_beside_the_folders(board):
    (board / "entries" / "note.txt").write_text("x")
    with pytest.raises(InputError, match=r"note.txt is no entry's folder"):
        find_folders(board)
    (board / "entries" / "note.txt").unlink()
    os.symlink("/etc", board / "entries" / "etc")
    with pytest.raises(InputError, match="is no entry's folder"):
        find_folders(board)


def test_html_in_the_record_that_is_not_in_the_file(ridge, check):
    folder = record(
        ridge, lambda raw: raw["aligner"].update(description="<script>alert(1)</script>")
    )
    assert "aligner file: description is" in check(folder)


def test_copied_scores_under_another_name(board, written, check, tmp_path):
    text = find_aligner("procrustes").text.replace('"procrustes"', '"mine"')
    (tmp_path / "mine.py").write_text(text)
    shutil.copytree(written / "procrustes", tmp_path / "mine")
    raw = json.loads((tmp_path / "mine" / "result.json").read_text())
    source = find_aligner(str(tmp_path / "mine.py"))
    raw["aligner"].update(name="mine", source_sha256=source.sha256)
    (tmp_path / "mine" / "result.json").write_text(json.dumps(raw))
    folder = enter(board, tmp_path / "mine", tmp_path / "mine.py")
    assert "its scores are those of entries/procrustes/" in check(folder)


def test_a_name_that_another_author_has(board, small_release, check, tmp_path):
    text = find_aligner("ridge").text.replace('"ridge"', '"procrustes"')
    text = text.replace("The cse-bench authors", "Mallory")
    (tmp_path / "mine.py").write_text(text)
    api.evaluate(str(tmp_path / "mine.py"), small_release, out=tmp_path / "mine")
    folder = enter(board, tmp_path / "mine", tmp_path / "mine.py")
    assert "the name procrustes is taken, by The cse-bench authors" in check(folder)


def test_a_missing_track_and_a_missing_direction(ridge, check):
    folder = record(
        ridge,
        lambda raw: raw.update(scores=[s for s in raw["scores"] if s["track"] != "pairs-50"]),
    )
    assert "it lacks the track pairs-50: who uses pairs enters pairs-50" in check(folder)
    folder = record(
        folder,
        lambda raw: raw.update(
            scores=[
                *raw["scores"],
                *({**s, "track": "pairs-50"} for s in raw["scores"] if s["source_shop"] == "SHOP1"),
            ]
        ),
    )
    assert "it lacks pairs-50, SHOP2 → SHOP1" in check(folder)


def test_the_validation_split(board, small_release, check, tmp_path):
    api.evaluate("ridge", small_release, split="validation", out=tmp_path / "ridge")
    folder = enter(board, tmp_path / "ridge", find_aligner("ridge").path)
    assert "it is not of the test split" in check(folder)


def test_verify_stamps_what_is_good_and_nothing_else(board, ridge, small_release):
    (ridge / "aligner.py").write_text(find_aligner("cca").text)
    found = api.verify_entries(board, release=small_release)
    assert [name for name, problem in found.items() if problem] == [f"entries/ridge/{ridge.name}"]
    for folder in find_folders(board):
        kept = read_verification(folder)
        good = folder.aligner != "ridge"
        assert kept.badge == ("reproduced" if good else None)
        assert bool(kept.tolerances) == good
    again = api.verify_entries(board, release=small_release)
    assert list(again) == [f"entries/ridge/{ridge.name}"]  # the others were verified as they are
    first = find_folders(board)[0]
    with (first.path / "result.json").open("a") as stream:
        stream.write("\n")
    assert read_verification(first) is None


def badges(board):
    return {f.aligner: known and known.badge for f in find_folders(board)
            for known in [read_verification(f)]}  # fmt: skip


def test_a_stamp_without_running_is_self_reported_until_it_is_run(board, small_release):
    both = {"procrustes", "random-rotation"}
    found = api.verify_entries(board, run=False, release=small_release)
    assert set(found.values()) == {None}
    assert badges(board) == dict.fromkeys(both, "self-reported")
    assert api.verify_entries(board, run=False, release=small_release) == {}
    assert len(api.verify_entries(board, release=small_release)) == 2
    assert badges(board) == dict.fromkeys(both, "reproduced")
    assert api.verify_entries(board, release=small_release) == {}
    assert api.verify_entries(board, run=False, release=small_release) == {}


def test_a_stamp_that_is_damaged_is_written_anew(board, small_release):
    first = find_folders(board)[0]
    (first.path / "verification.json").write_text("{")
    with pytest.raises(InputError, match="writes it anew"):
        read_verification(first)
    api.verify_entries(board, run=False, release=small_release)
    assert set(badges(board).values()) == {"self-reported"}


def test_an_entry_that_fails_later_loses_its_badge(board, small_release, monkeypatch):
    """As when a new version of the package finds what an older one did not."""
    from cse_bench.leaderboard import check, verify

    api.verify_entries(board, run=False, release=small_release)
    with monkeypatch.context() as newer:
        newer.setattr(verify, "problem_with_scores", lambda *_: "the moon is full")
        found = api.verify_entries(board, run=False, again=True, release=small_release)
    assert set(found.values()) == {"rescored: the moon is full"}
    assert set(badges(board).values()) == {None}
    api.verify_entries(board, run=False, release=small_release)
    with monkeypatch.context() as newer:
        newer.setattr(check, "incomplete", lambda *_: "the moon is full")
        api.verify_entries(board, run=False, again=True, release=small_release)
    assert not list(board.rglob("verification.json"))


def test_the_commands(board, ridge, small_release):
    own = ("--release", small_release.path)
    done = run("leaderboard", "check", board, *own)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ok  ") == 3
    (ridge / "note").write_text("x")
    done = run("leaderboard", "check", ridge, "--entries", board, *own)
    assert done.returncode == 1
    assert "'note' does not belong there" in done.stdout
    assert "1 of 1 refused" in done.stderr
    done = run("leaderboard", "check", "nowhere", *own)
    assert done.returncode == 2
    assert "there is no directory nowhere" in done.stderr
    done = run("leaderboard", "verify", board, "--only", "nobody", *own)
    assert done.returncode == 2
    assert "there is no entry of nobody" in done.stderr


def test_a_site_of_somebodys_own_is_left_alone(board, small_release, tmp_path):
    need("jinja2")
    need("plotly")
    api.verify_entries(board, release=small_release, run=False)
    site = tmp_path / "site"
    api.build_board(board, site, release=small_release)
    api.build_board(board, site, release=small_release)
    (site / "CNAME").write_text("example.org")
    with pytest.raises(InputError, match="'CNAME', which is no part of the site"):
        api.build_board(board, site, release=small_release)
    assert (site / "CNAME").read_text() == "example.org"
    (site / "CNAME").unlink()
    for stamp in board.rglob("verification.json"):
        stamp.unlink()
    before = (site / "index.html").read_text()
    with pytest.raises(InputError, match="none of 2 entries can be shown"):
        api.build_board(board, site, release=small_release)
    assert (site / "index.html").read_text() == before
