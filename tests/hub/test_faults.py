"""What goes wrong on the way: one plain message, nothing half done, no token shown."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import replace

import pytest

from cse_bench.errors import CseBenchError, HubError, InputError
from cse_bench.hub import patience
from cse_bench.hub.client import Hub
from cse_bench.hub.download import load_from_hub
from cse_bench.hub.plan import first_plan
from cse_bench.hub.publish import carry_out
from cse_bench.hub.reference import Reference
from tests.conftest import need
from tests.hub.conftest import EXPIRED, READER, STRANGER, TOKEN, run, settings
from tests.hub.test_read_back import UPLOAD
from tests.hub_server import Fault


@pytest.fixture(autouse=True)
def shown(capfd, caplog):
    """All that was said while a test ran holds no token."""
    said: list[str] = []
    yield said
    output = capfd.readouterr()
    assert "PLANTED" not in "\n".join([*said, output.out, output.err, caplog.text])


@pytest.fixture(params=[True, False], ids=["plain HTTP", "Xet"])
def plain_http(request, monkeypatch):
    """Both ways of uploading, in this process."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param)
    return request.param


@pytest.fixture
def hasty(monkeypatch):
    """Shorter pauses between tries."""
    monkeypatch.setattr(patience, "PAUSES", (0.05, 0.05, 0.05))


@pytest.fixture
def refused(shown):
    """Call something that must end in one of our errors; its message."""

    def call(function, *arguments, **options):
        begun = time.monotonic()
        with pytest.raises(CseBenchError) as error:
            function(*arguments, **options)
        shown.extend(traceback.format_exception(error.value))
        message = str(error.value)
        assert "→" in message, "it does not say what to do"
        assert time.monotonic() - begun < 30
        return message

    return call


def publish(hub, staged, repo, **order):
    return carry_out(hub, staged.to(repo, **order), staged.manifest)


def refs(server, repo):
    found = server.store.repos.get(("dataset", repo))
    return {} if found is None else dict(found.refs)


def is_published(server, staged, repo, tag="v1.0.0"):
    """Whether a tag holds every byte of what was staged."""
    found = server.store.repos["dataset", repo].resolve(tag)
    return found is not None and all(
        file.path in found.files
        and server.bytes_of(found.files[file.path]) == file.source.read_bytes()
        for file in staged.plan.files
    )


# -- the token and the repository


def test_without_a_token_it_is_refused_before_any_work(server, built, tmp_path, shown):
    begun = time.monotonic()
    env = settings(server, tmp_path, token=None)
    done = run("publish", built.path, "--repo", "org/none", env=env)
    assert done.returncode == 2
    assert "there is no access token" in done.stderr
    assert "hf auth login" in done.stderr
    assert time.monotonic() - begun < 15
    assert refs(server, "org/none") == {}


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (EXPIRED, "wrong, expired or revoked"),
        ("hf_PLANTEDunknown", "wrong, expired or revoked"),
        (READER, "the token may only read"),
        (STRANGER, "the token may not do this with"),
    ],
)
def test_a_token_that_may_not(server, hub, staged, repo, refused, token, message):
    assert message in refused(publish, replace(hub, token=token), staged, repo)
    assert refs(server, repo) == {}


def test_a_token_that_the_server_repeats_is_not_shown(server, hub, staged, repo, refused):
    with server.failing(Fault("POST .*/commit/", status=418, says=f"{TOKEN} is a teapot")):
        assert "<token> is a teapot" in refused(publish, hub, staged, repo)


def test_the_command_line_shows_no_token(server, built, tmp_path, shown):
    env = settings(server, tmp_path, token=EXPIRED)
    done = run("download", "org/none", env=env, cwd=tmp_path)
    shown += [done.stdout, done.stderr]
    assert done.returncode == 2
    assert "wrong, expired or revoked" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_repository_that_cannot_be_read(server, hub, staged, repo, refused):
    def load(name, token=STRANGER, revision=None):
        return refused(load_from_hub, replace(hub, token=token), Reference(name, revision))

    assert "is not there, or is private" in load("org/absent")
    publish(hub, staged, repo)
    assert "has no revision 'v2.0.0'" in (said := load(repo, revision="v2.0.0"))
    assert "v1.0.0" in said
    found = server.store.repos["dataset", repo]
    found.private = True
    assert "is not there, or is private" in load(repo)
    found.private, found.gated = False, True
    assert f"{repo} is gated" in load(repo)
    found.gated = False
    server.store.create("model", f"{repo}-model")
    assert "is a model, not a dataset" in load(f"{repo}-model")
    assert "is a model, not a dataset" in refused(publish, hub, staged, f"{repo}-model")


def test_a_repository_of_somebodys_own_is_left_alone(server, hub, staged, repo, refused):
    found = server.store.create("dataset", repo)
    head = found.refs["refs/heads/main"]
    files = found.commits[head].files | {"thesis.txt": server.store.put(b"years of work")}
    mine = found.add_commit("refs/heads/main", head, files, "mine", "me")
    assert "holds something else, such as thesis.txt" in refused(publish, hub, staged, repo)
    assert found.refs == {"refs/heads/main": mine}


def test_private_is_never_made_public_nor_taken_for_granted(server, hub, staged, repo, refused):
    server.store.create("dataset", repo)
    assert "is public already" in refused(publish, hub, staged, repo, private=True)
    publish(hub, staged, f"{repo}-p", private=True)
    assert server.store.repos["dataset", f"{repo}-p"].private


# -- the network


def test_connection_refused_is_said_at_once(hub, staged, refused):
    nobody = replace(hub, endpoint="http://127.0.0.1:9")
    for call in (
        lambda: carry_out(nobody, staged.plan, staged.manifest),
        lambda: load_from_hub(nobody, Reference("org/x")),
    ):
        begun = time.monotonic()
        assert "nobody answers at http://127.0.0.1:9" in refused(call)
        assert time.monotonic() - begun < 5


def test_the_hub_goes_away_in_the_middle(server, hub, staged, repo, refused, plain_http):
    begun = time.monotonic()
    with server.failing(Fault("POST .*/preupload", drop="before")):
        assert "hangs up, again and again" in refused(publish, hub, staged, repo)
    assert time.monotonic() - begun < 10
    assert set(refs(server, repo)) == {"refs/heads/main"}
    assert publish(hub, staged, repo).commit


@pytest.mark.parametrize("drop", ["before", "after"])
def test_the_connection_drops_around_the_commit(server, hub, staged, repo, drop, plain_http):
    with server.failing(Fault("POST .*/commit/", drop=drop, times=1)):
        done = publish(hub, staged, repo)
    assert is_published(server, staged, repo)
    assert refs(server, repo) == dict.fromkeys(("refs/heads/main", "refs/tags/v1.0.0"), done.commit)
    assert len(server.store.repos["dataset", repo].commits) == 2, "it was committed twice"


def test_a_412_for_ones_own_commit_is_not_believed(server, hub, staged, repo):
    commit = Fault("POST .*/commit/", drop="after", times=1)
    with server.failing(commit, Fault("GET .*/revision/main", status=500, times=1)):
        assert publish(hub, staged, repo).commit
    assert is_published(server, staged, repo)


def test_the_commit_never_arrives(server, hub, staged, repo, refused):
    with server.failing(Fault("POST .*/commit/", drop="before")):
        assert "is as it was" in refused(publish, hub, staged, repo)
    assert set(refs(server, repo)) == {"refs/heads/main"}


def test_the_connection_drops_around_the_tag(server, hub, staged, repo, refused):
    with server.failing(Fault("POST .*/tag/", drop="after", times=1)):
        assert publish(hub, staged, repo).commit
    with server.failing(Fault("POST .*/tag/", drop="before", times=1)):
        assert "only the tag is missing" in refused(publish, hub, staged, repo, tag="v2")
    assert publish(hub, staged, repo, tag="v2").plan.state == "tag"
    assert is_published(server, staged, repo, "v2")


def test_errors_of_the_server_pass_or_are_told(server, hub, staged, repo, refused, hasty):
    with server.failing(Fault("GET|HEAD|preupload|create", status=503, times=3)):
        publish(hub, staged, repo)
    assert is_published(server, staged, repo)
    with server.failing(Fault("", status=500)):
        assert "answers 500, again and again" in refused(publish, hub, staged, repo)
        assert "answers 500" in refused(load_from_hub, hub, Reference("org/unseen"))
    with server.failing(Fault("POST .*/commit/", status=500)):
        assert "is as it was" in refused(publish, hub, staged, f"{repo}-b")


def test_too_large(server, hub, staged, repo, refused, monkeypatch):
    from huggingface_hub import constants

    with server.failing(Fault("POST .*/commit/", status=413)):
        assert "too large for the Hub" in refused(publish, hub, staged, repo)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(server.store, "large", {})
    with server.failing(Fault("PUT /lfs", status=413)):
        assert "too large for the Hub" in refused(publish, hub, staged, f"{repo}-b")
    assert set(refs(server, repo)) == {"refs/heads/main"}


def test_a_slow_server_is_waited_for_but_not_for_ever(server, hub, staged, repo, refused):
    with server.failing(Fault("", delay=0.1)):
        publish(hub, staged, repo)
    assert is_published(server, staged, repo)
    begun = time.monotonic()
    with server.failing(Fault("whoami", delay=5)):
        said = refused(publish, replace(hub, timeout=1), staged, repo)
    assert "did not answer within 1 s" in said
    assert time.monotonic() - begun < 4


# -- two at once, tags, interruptions


def other_process(server, staged, repo, home):
    """Publish from another process; what it said."""
    command = [sys.executable, "-c", UPLOAD.replace('"v1"', '"v1.0.0"'), str(staged.stage), repo]
    return subprocess.Popen(command, env=settings(server, home), stdout=-1, stderr=-1, text=True)


def done(child, shown):
    """Wait for it, and keep what it said."""
    shown.extend(child.communicate(timeout=60))
    assert child.returncode == 0, shown


def test_of_two_publishers_one_wins_and_the_other_is_told(
    server, hub, staged, staged_next, repo, refused, tmp_path, shown
):
    def meanwhile():
        done(other_process(server, staged_next, repo, tmp_path), shown)

    with server.failing(Fault("POST .*/commit/", call=meanwhile, times=1)):
        assert "somebody else changed" in refused(publish, hub, staged, repo)
    assert is_published(server, staged_next, repo)


def test_of_two_who_publish_the_same_both_are_done(server, hub, staged, repo, tmp_path, shown):
    def meanwhile():
        done(other_process(server, staged, repo, tmp_path), shown)

    with server.failing(Fault("POST .*/commit/", call=meanwhile, times=1)):
        publish(hub, staged, repo)
    assert is_published(server, staged, repo)
    assert len(server.store.repos["dataset", repo].commits) == 2


def test_a_tag_is_never_moved(server, hub, staged, staged_next, repo, refused):
    publish(hub, staged, repo)
    before = refs(server, repo)
    assert "is never moved" in refused(publish, hub, staged_next, repo)
    assert refs(server, repo) == before
    found = server.store.repos["dataset", repo]

    def meanwhile():
        found.refs["refs/tags/v2"] = before["refs/heads/main"]

    with server.failing(Fault("POST .*/tag/", call=meanwhile, times=1)):
        assert "is not moved" in refused(publish, hub, staged_next, repo, tag="v2")
    assert found.refs["refs/tags/v2"] == before["refs/heads/main"]


@pytest.mark.parametrize("request_", ["POST .*/commit/", "POST .*/tag/"])
def test_killed_in_the_middle_then_run_again(server, hub, staged, repo, tmp_path, request_):
    child = []
    fault = Fault(request_, call=lambda: child[0].kill() or child[0].wait(), times=1, drop="before")
    with server.failing(fault):
        child.append(other_process(server, staged, repo, tmp_path))
        assert child[0].wait(60) == -signal.SIGKILL
    assert "refs/tags/v1.0.0" not in refs(server, repo)
    again = publish(hub, staged, repo)
    assert again.plan.state == ("commit" if "commit" in request_ else "tag")
    assert is_published(server, staged, repo)
    assert "nothing to do" in publish(hub, staged, repo).said


@pytest.mark.parametrize("name", ["README.md", "pairs/test.parquet"])
def test_a_file_that_changes_between_hash_and_upload(
    server, hub, staged, repo, refused, tmp_path, name, plain_http
):
    stage = tmp_path / "stage"
    shutil.copytree(staged.stage, stage)
    plan = first_plan(staged.to(repo).order, stage, staged.manifest)

    def change():
        (stage / name).write_bytes((stage / name).read_bytes() + b"\n")

    with server.failing(Fault("POST .*/preupload", call=change, times=1)):
        refused(carry_out, hub, plan, staged.manifest)
    assert "refs/tags/v1.0.0" not in refs(server, repo)
    assert publish(hub, staged, repo).commit
    assert is_published(server, staged, repo)


# -- downloading


@pytest.mark.parametrize("size", ["50k", "200k"], ids=["in the cache", "beside it"])
def test_disk_full_on_download(server, hub, staged, repo, tmp_path, shown, size):
    """A small file system of its own, in a name space of its own."""
    publish(hub, staged, repo)
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    home = tmp_path / "home"
    home.mkdir()
    mount = f"mount -t tmpfs -o size={size} none {home}"
    if shutil.which("unshare") is None or subprocess.run([*inside, mount]).returncode:
        if os.environ.get("CI"):
            pytest.fail("no file system can be mounted here")
        pytest.skip("no file system can be mounted here")
    for more in ({}, {"HF_HUB_DISABLE_XET": "1"}):
        command = f"{mount} && {sys.executable} -m cse_bench download {repo} --to {home}/copy"
        env = settings(server, home, **more)
        done = subprocess.run([*inside, command], env=env, capture_output=True, text=True)
        shown += [done.stdout, done.stderr]
        assert done.returncode == 3, done.stderr
        assert "disk is full" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_what_was_downloaded_is_there_offline_and_damage_is_found(
    server, hub, staged, repo, refused, tmp_path
):
    publish(hub, staged, repo)
    own = replace(hub, cache=tmp_path / "cache")
    first = load_from_hub(own, Reference(repo, "v1.0.0"))
    away = replace(own, endpoint="http://127.0.0.1:9")
    again = load_from_hub(away, Reference(repo, "v1.0.0"))
    assert (again.revision, again.repo) == (first.revision, repo)
    table = (first.path / "pairs" / "test.parquet").resolve()
    table.write_bytes(b"damaged")
    said = refused(load_from_hub, away, Reference(repo, "v1.0.0"))
    assert "is damaged" in said
    assert "nobody answers" in said
    assert load_from_hub(own, Reference(repo, "v1.0.0")).revision == first.revision
    assert table.read_bytes() != b"damaged"


def test_a_revision_that_is_not_its_manifest_is_refused(server, hub, staged, repo, refused):
    publish(hub, staged, repo)
    found = server.store.repos["dataset", repo]
    head = found.commits[found.refs["refs/heads/main"]]
    swapped = head.files | {"pairs/test.parquet": head.files["pairs/train.parquet"]}
    found.add_commit("refs/heads/main", head.oid, swapped, "swap", "me")
    said = refused(load_from_hub, hub, Reference(repo))
    assert "pairs/test.parquet is not the file that manifest.json describes" in said
    assert "tell its owner" in said


def test_only_our_errors_are_ours():
    """A mistake in the program is not taken for one of the network."""
    from cse_bench.hub.client import connected

    with pytest.raises(ZeroDivisionError), connected(Hub("http://127.0.0.1:9", TOKEN)):
        raise ZeroDivisionError
    assert issubclass(InputError, CseBenchError)
    assert HubError("x").exit_code == 3
    need("huggingface_hub")
