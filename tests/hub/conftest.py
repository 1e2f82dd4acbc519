"""Shared parts: a stand-in Hub, small releases from a synthetic log, processes that use both.

The Hub's client reads its settings when it is imported, so what depends on them runs in processes
of its own; the rest is given its Hub explicitly.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cse_bench import api
from cse_bench.hub.client import Hub
from cse_bench.hub.guard import guard
from cse_bench.hub.plan import Order, Plan, first_plan
from cse_bench.hub.rendering import stage_release
from cse_bench.release.card import Published
from cse_bench.release.manifest import Manifest, read_manifest
from cse_bench.release.read import Release, read_release
from tests.conftest import ROOT, need
from tests.hub_server import HubServer, User

TOKEN = "hf_PLANTEDwriterTOKEN"
OTHER = "hf_PLANTEDotherTOKEN"
STRANGER = "hf_PLANTEDstrangerTOKEN"
READER = "hf_PLANTEDreaderTOKEN"
EXPIRED = "hf_PLANTEDexpiredTOKEN"
USERS = {
    TOKEN: User("me", orgs=("org",)),
    OTHER: User("colleague", orgs=("org",)),
    STRANGER: User("stranger"),
    READER: User("me", orgs=("org",), role="read"),
    EXPIRED: User("me", orgs=("org",), expired=True),
}
NAMES = (f"org/repo-{number}" for number in itertools.count())


@pytest.fixture(scope="session", autouse=True)
def own_storage(tmp_path_factory):
    """Xet's cache is not the user's; it is asked for when the storage is first used."""
    os.environ["HF_XET_CACHE"] = str(tmp_path_factory.mktemp("xet-cache"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A stand-in, one a test file."""
    hub = HubServer(tmp_path_factory.mktemp("hub"), USERS)
    yield hub
    hub.stop()


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("hub-cache")


@pytest.fixture
def hub(server, cache):
    """The stand-in, as somebody who may write."""
    return Hub(server.url, TOKEN, cache, timeout=10)


@pytest.fixture
def repo():
    """A name that nobody has."""
    return next(NAMES)


@pytest.fixture(scope="session")
def built(tmp_path_factory, key_file) -> Release:
    """A small release as a build leaves it, of the embedded one's name, gates reported."""
    need("ibis")
    need("mlcroissant")
    directory = tmp_path_factory.mktemp("built") / api.EMBEDDED
    api.build(
        "synthetic",
        directory,
        key_file=key_file,
        dimensions=16,
        log_options={"size": 24_000, "products": 400, "categories": 20},
    )
    return read_release(directory)


@pytest.fixture(scope="session")
def scored(built, tmp_path_factory) -> Path:
    """A result on it."""
    directory = tmp_path_factory.mktemp("scored") / "procrustes"
    api.evaluate("procrustes", built, "pairs-all", out=directory)
    return directory


@dataclass(frozen=True)
class Staged:
    """A release ready to be uploaded."""

    plan: Plan
    manifest: Manifest
    stage: Path

    def to(self, repo: str, **order: object) -> Plan:
        """The same plan for another repository, tag …."""
        return replace(self.plan, order=replace(self.plan.order, repo=repo, **order))


def stage(release: Release, directory: Path) -> Staged:
    order = Order("org/staged", "v1.0.0")
    published = Published(order.repo, order.tag)
    directory.mkdir()
    stage_release(release, directory, guard(release), published, (), "http://hub.test")
    return Staged(first_plan(order, directory, release.manifest), release.manifest, directory)


@pytest.fixture(scope="session")
def staged(built, tmp_path_factory) -> Staged:
    """The small release, rendered and checked."""
    return stage(built, tmp_path_factory.mktemp("staged") / "1")


@pytest.fixture(scope="session")
def staged_next(built, tmp_path_factory) -> Staged:
    """Its next version: a table more is left out, the number is higher."""
    place = tmp_path_factory.mktemp("staged-next")
    directory = place / "release"
    shutil.copytree(built.path, directory)
    manifest = read_manifest(directory)
    raw = manifest.model_dump() | {"version": "9.9.9"}
    (directory / "manifest.json").write_text(json.dumps(raw))
    return stage(read_release(directory), place / "2")


def settings(server: HubServer, home: Path, token: str | None = TOKEN, **more: str) -> dict:
    """What a process needs to speak with the stand-in, and with nothing else."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    own = {"HF_ENDPOINT": server.url, "HF_HOME": str(home), "PYTHONPATH": str(ROOT)}
    own |= {"CROISSANT_CACHE": str(home / "croissant")}
    return kept | own | ({} if token is None else {"HF_TOKEN": token}) | more


def run(*arguments: object, env: dict, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """The command line, in a process of its own."""
    command = [sys.executable, "-m", "cse_bench", *map(str, arguments)]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=300)
