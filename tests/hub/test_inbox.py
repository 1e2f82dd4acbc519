"""The board's inbox: what a pull request would change, fetched as plain files of limited size."""

from __future__ import annotations

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from cse_bench.errors import InputError
from cse_bench.hub import inbox
from cse_bench.hub.inbox import fetch_entries, split_pull
from tests.hub.conftest import TOKEN

FOLDER = "entries/mine/0123456789ab"
OTHER = "entries/theirs/ba9876543210"


@pytest.fixture
def client(server):
    return HfApi(server.url, token=TOKEN)


@pytest.fixture
def board(server, repo, client):
    """An inbox with one entry."""
    server.store.create("dataset", repo)
    commit(client, repo, {"README.md": b"# the board", **entry(OTHER)})
    return repo


def entry(folder):
    names = ("result.json", "ranks.parquet", "aligner.py")
    return {f"{folder}/{name}": f"{folder} {name}".encode() for name in names}


def commit(client, repo, files, *, delete=(), pull=False):
    operations = [CommitOperationAdd(path, data) for path, data in files.items()]
    operations += [CommitOperationDelete(path) for path in delete]
    return client.create_commit(
        repo, operations, commit_message="x", repo_type="dataset", create_pr=pull
    )


def test_what_was_merged_is_fetched_whole(hub, board, tmp_path):
    found = fetch_entries(hub, board, None, tmp_path)
    assert found.folders == [OTHER]
    assert found.problems == {}
    assert {p.name: p.read_bytes() for p in (tmp_path / OTHER).iterdir()} == {
        path.rpartition("/")[2]: data for path, data in entry(OTHER).items()
    }
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_a_stamp_is_fetched_of_a_mirror_alone(hub, board, client, tmp_path):
    stamp = f"{OTHER}/verification.json"
    commit(client, board, {stamp: b"{}"})
    found = fetch_entries(hub, board, None, tmp_path / "inbox")
    assert found.problems == {}
    assert not (tmp_path / "inbox" / stamp).exists()
    fetch_entries(hub, board, None, tmp_path / "mirror", stamps=True)
    assert (tmp_path / "mirror" / stamp).read_bytes() == b"{}"
    commit(client, board, {stamp: b"forged"}, pull=True)
    found = fetch_entries(hub, board, 1, tmp_path / "pull", stamps=True)
    assert found.problems[stamp] == "the pull request changes it"


def test_older_pull_requests_that_wait_are_known(hub, board, client, tmp_path):
    for number in range(1, 5):
        commit(client, board, {f"{FOLDER}/x{number}": b"x"}, pull=True)
    client.change_discussion_status(board, 2, "closed", repo_type="dataset")
    assert fetch_entries(hub, board, 4, tmp_path / "4").waiting == (1, 3)
    assert fetch_entries(hub, board, 1, tmp_path / "1").waiting == ()
    assert fetch_entries(hub, board, None, tmp_path / "all").waiting == (1, 3, 4)


def test_what_was_listed_is_fetched_whatever_is_pushed_meanwhile(
    hub, board, client, tmp_path, monkeypatch
):
    commit(client, board, entry(FOLDER), pull=True)
    listed = inbox._listed

    def then_pushed(api, repo, revision):
        found = listed(api, repo, revision)
        client.create_commit(
            repo,
            [CommitOperationAdd(f"{FOLDER}/aligner.py", b"another")],
            commit_message="later",
            repo_type="dataset",
            revision="refs/pr/1",
        )
        return found

    monkeypatch.setattr(inbox, "_listed", then_pushed)
    fetch_entries(hub, board, 1, tmp_path)
    assert (tmp_path / FOLDER / "aligner.py").read_bytes() == entry(FOLDER)[f"{FOLDER}/aligner.py"]


def test_of_a_pull_request_only_what_it_adds(hub, board, client, tmp_path):
    commit(client, board, entry(FOLDER), pull=True)
    commit(client, board, {"README.md": b"# meanwhile"})
    found = fetch_entries(hub, board, 1, tmp_path)
    assert found.folders == [FOLDER]
    assert found.problems == {}


def test_what_a_pull_request_may_not_do_is_told(hub, board, client, tmp_path, monkeypatch):
    monkeypatch.setattr(inbox, "LARGEST", 1000)
    files = {
        **entry(FOLDER),
        "README.md": b"changed",
        f"{OTHER}/result.json": b"changed",
        f"{FOLDER}/setup.py": b"boom",
        f"{FOLDER}/deeper/result.json": b"boom",
        "entries/UPPER/0123456789ab/result.json": b"boom",
        "entries/mine/aaaaaaaaaaaa/ranks.parquet": b"x" * 2000,
    }
    commit(client, board, files, delete=[f"{OTHER}/aligner.py"], pull=True)
    problems = fetch_entries(hub, board, 1, tmp_path).problems
    assert problems.pop(f"{OTHER}/aligner.py") == "the pull request deletes it"
    assert problems.pop("README.md") == "the pull request changes it"
    assert problems.pop(f"{OTHER}/result.json") == "the pull request changes it"
    assert "holds 2,000 bytes" in problems.pop("entries/mine/aaaaaaaaaaaa/ranks.parquet")
    assert set(problems.values()) == {"it is no part of an entry"}
    assert set(problems) == {
        f"{FOLDER}/setup.py",
        f"{FOLDER}/deeper/result.json",
        "entries/UPPER/0123456789ab/result.json",
    }


def test_a_pull_request_that_is_not_there(hub, board, tmp_path):
    with pytest.raises(InputError, match="has no pull request 9"):
        fetch_entries(hub, board, 9, tmp_path)


def test_how_a_pull_request_is_named():
    assert split_pull("org/board#12") == ("org/board", 12)
    assert split_pull("org/board") == ("org/board", None)
    assert split_pull("org/board#0") == ("org/board#0", None)
