"""From nothing to a row on the page: the commands of the rules, on a loopback Hub."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from cse_bench.leaderboard.folders import find_folders, read_verification
from tests.conftest import need
from tests.hub.conftest import TOKEN, USERS, settings
from tests.hub_server import HubServer

BOARD = "org/leaderboard"


def blocks(root):
    """The commands of each block of the rules, as they stand there."""
    text = (root / "leaderboard" / "rules.md").read_text()
    found = re.findall(r"```bash\n(.*?)```", text, re.S)
    return [
        [shlex.split(re.sub(r"\s+# .*", "", line)) for line in block.splitlines() if line.strip()]
        for block in found
    ]


@pytest.fixture
def server(tmp_path):
    hub = HubServer(tmp_path / "hub", USERS)
    hub.store.create("dataset", BOARD)
    yield hub
    hub.stop()


def test_a_new_aligner_gets_its_row(root, server, tmp_path):
    need("jinja2")
    author, maintainer = tmp_path / "author", tmp_path / "maintainer"
    author.mkdir()
    (maintainer / "leaderboard" / "entries").mkdir(parents=True)
    theirs, ours = blocks(root)
    names = {"ORG/LEADERBOARD": BOARD, "ORG/LEADERBOARD#7": f"{BOARD}#1", "ORG/SPACE": "org/board"}
    environment = settings(server, tmp_path / "home")

    def call(command, cwd, code=0):
        assert command[0] == "cse-bench"
        line = [sys.executable, "-m", "cse_bench", *(names.get(word, word) for word in command[1:])]
        person, terminal = os.openpty()  # who submits is shown what is sent, and says yes
        os.write(person, b"y\n")
        done = subprocess.run(
            line,
            cwd=cwd,
            env=environment,
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=600,
        )
        os.close(person)
        os.close(terminal)
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        assert TOKEN not in done.stdout + done.stderr
        return done.stdout

    for command in theirs:
        call(command, author)
    served = None
    for command in ours:
        if command[2:3] == ["serve"]:
            served = command
            continue
        call(command, maintainer)
    assert served is not None
    (folder,) = find_folders(maintainer / "leaderboard")
    assert folder.aligner == "my-aligner"
    assert read_verification(folder).badge == "reproduced"

    board = json.loads((maintainer / "site" / "board.json").read_text())
    assert [entry["aligner"]["name"] for entry in board["entries"]] == ["my-aligner"]
    assert "my-aligner" in (maintainer / "site" / "index.html").read_text()
    client = HfApi(server.url, token=TOKEN)
    there = client.list_repo_files("org/board", repo_type="space")
    assert {"index.html", "board.json"} <= set(there)

    line = [sys.executable, "-m", "cse_bench", *served[1:], "--port", "0"]
    process = subprocess.Popen(
        line,
        cwd=maintainer,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().split()[0]
        with urllib.request.urlopen(address) as page:
            assert "my-aligner" in page.read().decode()
        with pytest.raises(OSError, match="404"):
            urllib.request.urlopen(f"{address}../board")
    finally:
        process.terminate()
        process.wait(30)

    # A pull request that does more than to enter is taken as a whole, or not at all.
    other = tmp_path / "other"
    other.mkdir()
    take = ["cse-bench", "leaderboard", "take", f"{BOARD}#2"]
    call(take, other, code=2)
    assert not (other / "leaderboard").exists(), "no board is begun unasked"
    (other / "leaderboard" / "entries").mkdir(parents=True)
    sent = ("result.json", "ranks.parquet", "aligner.py")
    operations = [CommitOperationAdd(f"{folder.name}/{n}", str(folder.path / n)) for n in sent]
    operations.append(CommitOperationAdd("README.md", b"# mine"))
    options = {"commit_message": "x", "repo_type": "dataset", "create_pr": True}
    client.create_commit(BOARD, operations, **options)
    said = call(take, other, code=1)
    assert "good, but the pull request is not: nothing is taken" in said
    assert "FAIL README.md" in said
    assert not any((other / "leaderboard" / "entries").iterdir())

    client.merge_pull_request(BOARD, 1, repo_type="dataset")
    assert "nothing new" in call(
        ["cse-bench", "leaderboard", "take", "ORG/LEADERBOARD"], maintainer
    )
    stamp = CommitOperationAdd(
        f"{folder.name}/verification.json", str(folder.path / "verification.json")
    )
    client.create_commit(BOARD, [stamp], commit_message="x", repo_type="dataset")
    build = ["cse-bench", "leaderboard", "build", "--entries", "ORG/LEADERBOARD", "--out", "site"]
    call(build, other)
    mirrored, own = (place / "site" / "board.json" for place in (other, maintainer))
    assert mirrored.read_bytes() == own.read_bytes()
