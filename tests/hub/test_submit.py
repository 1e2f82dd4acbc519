"""A result goes to the board as a pull request: once, checked, shown first, taken back if asked."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import pytest
import yaml
from huggingface_hub import HfApi, parse_eval_result_entries

from cse_bench import api
from cse_bench.errors import InputError
from cse_bench.hub.client import Hub
from cse_bench.hub.publish import carry_out
from cse_bench.results.read import read_result
from tests.hub.conftest import OTHER, STRANGER, TOKEN, run, settings
from tests.hub_server import Fault

BOARD = "org/leaderboard"


@pytest.fixture(scope="module")
def scored_entry(server, cache, staged, tmp_path_factory, root):
    """An aligner of one's own, scored on a release that stands on the Hub."""
    hub = Hub(server.url, TOKEN, cache)
    server.store.create("dataset", BOARD)
    carry_out(hub, staged.to("org/data"), staged.manifest)
    text = (root / "examples" / "my_aligner.py").read_text()
    text = text.replace("Your Name", "A. Author").replace("1e-5 * s[0]", "1e-6 * s[0]")
    return scored(text, tmp_path_factory.mktemp("entry"), hub)


def scored(text, place, hub):
    """A file of this text, and its result."""
    file = place / "my_aligner.py"
    file.write_text(text)
    release = api.load_release("org/data@v1.0.0", hub=hub)
    api.evaluate(file, release, out=place / "result", use_cache=False)
    return place / "result" / "result.json", file


@pytest.fixture
def board(server, repo):
    server.store.create("dataset", repo)
    return repo


@pytest.fixture
def submit(hub, scored_entry):
    """Submit, answering yes; what was shown is kept."""
    result, file = scored_entry
    shown: list[str] = []

    def call(board, hub=hub, **options):
        options = {"confirm": lambda lines: shown.extend(lines) or True} | options
        return api.submit(options.pop("result", result), file, board, hub=hub, **options)

    call.shown = shown
    return call


def folder_of(result):
    return f"entries/my-aligner/{hashlib.sha256(result.read_bytes()).hexdigest()[:12]}"


def test_it_round_trips_opened_listed_merged_and_read_by_the_board(
    server, hub, board, submit, scored_entry, tmp_path
):
    result, file = scored_entry
    (said,) = submit(board)
    url = f"{server.url}/datasets/{board}/discussions/1"
    assert said == f"opened {url}"
    assert any("result.json" in line for line in submit.shown)
    assert any("everybody can read" in line for line in submit.shown)
    client = HfApi(server.url, token=TOKEN)
    (listed,) = client.get_repo_discussions(board, repo_type="dataset")
    assert (listed.num, listed.status, listed.is_pull_request) == (1, "open", True)
    client.merge_pull_request(board, 1, repo_type="dataset")
    place = client.snapshot_download(board, repo_type="dataset", cache_dir=tmp_path / "board")
    folder = tmp_path / "x"
    shutil.copytree(f"{place}/{folder_of(result)}", folder)
    assert sorted(p.name for p in folder.iterdir()) == [
        "aligner.py",
        "ranks.parquet",
        "result.json",
    ]
    assert read_result(folder / "result.json") == read_result(result)
    assert (folder / "aligner.py").read_bytes() == file.read_bytes()
    assert "is on the board already" in submit(board)[0]
    with pytest.raises(InputError, match="on the board already"):
        submit(board, take_back=True)


def test_a_repeated_submission_says_so_and_sends_nothing(server, hub, board, submit):
    submit(board)
    (said,) = submit(board)
    assert "is waiting in a pull request already" in said
    other = replace(hub, token=OTHER)
    assert "is waiting" in submit(board, hub=other)[0]
    assert len(server.store.repos["dataset", board].pulls) == 1


def test_one_withdraws_ones_own_and_may_submit_again(server, hub, board, submit):
    with pytest.raises(InputError, match="no pull request with this result is open"):
        submit(board, take_back=True)
    submit(board)
    with pytest.raises(InputError, match="is somebody else's"):
        submit(board, take_back=True, hub=replace(hub, token=STRANGER))
    (said,) = submit(board, take_back=True)
    assert said.endswith("/discussions/1 is closed")
    pulls = server.store.repos["dataset", board].pulls
    assert pulls[1].status == "closed"
    with pytest.raises(InputError, match=f"pull request 1 of {board} is closed"):
        api.check_entries(f"{board}#1", hub=hub)
    assert submit(board)[0].endswith("/discussions/2")


def test_a_stranger_may_submit_but_not_write(server, hub, board, submit):
    stranger = replace(hub, token=STRANGER)
    before = server.store.repos["dataset", board].refs["refs/heads/main"]
    assert "opened" in submit(board, hub=stranger)[0]
    assert server.store.repos["dataset", board].refs["refs/heads/main"] == before


@pytest.mark.parametrize("drop", ["before", "after"])
def test_the_connection_drops_around_the_pull_request(server, board, submit, drop):
    with server.failing(Fault("POST .*/commit/", drop=drop, times=1)):
        if drop == "after":
            assert submit(board)[0].endswith("/discussions/1")
        else:
            with pytest.raises(Exception, match="no pull request was opened"):
                submit(board)
    assert submit(board)
    assert len(server.store.repos["dataset", board].pulls) == 1


def test_nothing_is_sent_without_a_yes(server, board, scored_entry, submit, tmp_path):
    with pytest.raises(InputError, match="nothing was sent"):
        submit(board, confirm=lambda lines: False)
    result, file = scored_entry
    arguments = ("submit", result, "--aligner", file, "--repo", board)
    env = settings(server, tmp_path)
    done = run(*arguments, env=env)
    assert done.returncode == 2
    assert "give --yes" in done.stderr
    assert f"{folder_of(result)}/ranks.parquet" in done.stdout
    assert "example's author" not in done.stdout
    assert server.store.repos["dataset", board].pulls == {}
    done = run(*arguments, "--yes", env=env)
    assert done.returncode == 0, done.stderr
    assert "discussions/1" in done.stdout


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        (("1e-5 * s[0]", "1e-6 * s[0]"), ("'Your Name' is the example's author",)),
        (("Your Name", "A. Author"), ("as it was: others have it, too",)),
        (("unit(", "unit("), ("'Your Name' is the example's author", "as it was: others have it")),
    ],
)
def test_what_was_perhaps_forgotten_is_told_and_not_sent_unread(
    server, hub, board, scored_entry, tmp_path, changed, doubts
):
    template = tmp_path / "my_aligner.py"
    api.new_aligner(template)
    text = template.read_text().replace(*changed).replace("MyAligner", "Renamed")
    result, file = scored(text, tmp_path, hub)
    shown = []
    with pytest.raises(InputError, match="nothing was sent"):
        api.submit(result, file, board, hub=hub, confirm=shown.extend)
    told = [line for line in shown if line.startswith("  ! ") and "package's board" not in line]
    assert len(told) == len(doubts)
    for line, doubt in zip(told, doubts, strict=True):
        assert doubt in line
    arguments = ("submit", result, "--aligner", file, "--repo", board, "--yes")
    done = run(*arguments, env=settings(server, tmp_path))
    assert done.returncode == 2
    assert doubts[0] in done.stderr
    assert server.store.repos["dataset", board].pulls == {}


def test_what_is_not_what_it_says_is_refused_before_the_hub_is_asked(
    server, hub, board, scored_entry, tmp_path
):
    result, file = scored_entry
    copy = tmp_path / "copy"
    shutil.copytree(result.parent, copy)
    record = json.loads(result.read_text())
    asked = len(server.requests)

    def refused(message, result=copy / "result.json", file=file):
        with pytest.raises(InputError, match=message):
            api.submit(result, file, board, hub=hub, confirm=lambda lines: True)

    other = tmp_path / "other.py"
    other.write_text(file.read_text() + "\n# changed\n")
    refused("is not the file that was scored", file=other)
    better = record["scores"][0] | {"value": 0.99}
    changed = record | {"scores": [better, *record["scores"][1:]]}
    (copy / "result.json").write_text(json.dumps(changed))
    refused("one of the two files was changed")
    (copy / "result.json").write_text(json.dumps(record)[:200])
    refused("is cut short")
    (copy / "result.json").write_text(json.dumps(record))
    (copy / "ranks.parquet").unlink()
    refused("ranks.parquet")
    refused("there is no file", result=tmp_path / "absent.json")
    assert len(server.requests) == asked


def test_no_such_board(hub, submit):
    with pytest.raises(InputError, match="org/absent is not there"):
        submit("org/absent")


def test_an_aligner_becomes_a_model_with_its_scores(server, board, submit, scored_entry):
    result, file = scored_entry
    said = submit(board, model_repo="org/my-aligner")
    assert said[1] == f"published {server.url}/org/my-aligner"
    found = server.store.repos["model", "org/my-aligner"].resolve("main").files
    read = {name: server.bytes_of(entry) for name, entry in found.items()}
    assert read["aligner.py"] == file.read_bytes()
    record = read_result(result)
    entries = parse_eval_result_entries(
        yaml.safe_load(read[".eval_results/cross-shop-embeddings.yaml"])
    )
    assert {e.task_id for e in entries} == {score.track for score in record.scores}
    for entry in entries:
        gaps = [
            s.gap_closed
            for s in record.scores
            if (s.track, s.task, s.variant, s.metric)
            == (entry.task_id, "next_event", "rendered", "auc")
        ]
        assert len(gaps) == 2
        assert entry.value == pytest.approx(sum(gaps) / 2, abs=1e-4)
        assert (entry.dataset_id, entry.dataset_revision) == (
            "org/data",
            record.release.revision,
        )
        assert entry.source_url == f"{server.url}/datasets/{board}/discussions/1"
        assert entry.date == record.created
    card = read["README.md"].decode()
    assert "datasets:\n- org/data" in card
    assert "{{" not in card
    again = submit(board, model_repo="org/my-aligner")
    assert "nothing to do" in again[0]
    assert "nothing to do" in again[1]


def test_a_model_of_somebodys_own_is_left_alone(server, board, submit, repo):
    found = server.store.create("model", f"{repo}-m")
    head = found.resolve("main")
    files = head.files | {"weights.bin": server.store.put(b"years")}
    found.add_commit("refs/heads/main", head.oid, files, "mine", "me")
    with pytest.raises(InputError, match=r"something else, such as weights\.bin"):
        submit(board, model_repo=f"{repo}-m")
    assert server.store.repos["dataset", board].pulls == {}, "half of it was sent"


def test_a_model_needs_a_result_on_a_dataset_of_the_hub(hub, board, built, scored_entry, tmp_path):
    _, file = scored_entry
    api.evaluate(file, built, "pairs-all", out=tmp_path / "r")
    with pytest.raises(InputError, match="does not say which dataset"):
        api.submit(
            tmp_path / "r" / "result.json",
            file,
            board,
            model_repo="org/another",
            hub=hub,
            confirm=lambda lines: True,
        )


# -- the board's page


def test_a_site_becomes_a_static_space(server, hub, repo, tmp_path):
    site = tmp_path / "site"
    (site / "data").mkdir(parents=True)
    (site / "index.html").write_text("<p>1</p>")
    (site / "data" / "old.json").write_text("{}")
    said = api.publish_site(site, repo, title="The board", hub=hub)
    assert said == f"published {server.url}/spaces/{repo}"
    found = server.store.repos["space", repo]
    assert found.sdk == "static"
    files = found.resolve("main").files
    assert server.bytes_of(files["index.html"]) == b"<p>1</p>"
    header = yaml.safe_load(server.bytes_of(files["README.md"]).decode().split("---")[1])
    assert (header["sdk"], header["title"]) == ("static", "The board")
    assert "style.css" not in files, "the Hub's own welcome page is left there"
    assert "nothing to do" in api.publish_site(site, repo, title="The board", hub=hub)
    (site / "data" / "old.json").rename(site / "data" / "new.json")
    api.publish_site(site, repo, title="The board", hub=hub)
    assert {"data/new.json"} == {p for p in found.resolve("main").files if p.startswith("data")}


def test_what_is_no_site_is_not_published(server, hub, repo, tmp_path):
    def refused(message):
        with pytest.raises(InputError, match=message):
            api.publish_site(tmp_path, repo, title="x", hub=hub)

    refused("has no index.html")
    (tmp_path / "index.html").write_text("x")
    (tmp_path / ".env").write_text("HF_TOKEN=hf_secret")
    refused("is hidden")
    (tmp_path / ".env").unlink()
    (tmp_path / "link").symlink_to("/etc/passwd")
    refused("leads out of the site")
    (tmp_path / "link").unlink()
    found = server.store.create("space", repo, sdk="gradio")
    head = found.resolve("main")
    files = head.files | {"app.py": server.store.put(b"mine")}
    found.add_commit("refs/heads/main", head.oid, files, "mine", "me")
    refused("is another Space")
    assert "app.py" in found.resolve("main").files
