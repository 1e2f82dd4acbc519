"""Harnesses to attack, one for each kind of user, started once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cse_bench.harness.sandbox.backends import BACKENDS, problem
from tests.harness.sandbox.prey import Prey, cannot_be


def missing(reason: str) -> None:
    """Skip on a user's machine; fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session", params=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend, if this machine has it."""
    reason = problem(request.param)
    if reason is not None:
        missing(f"{request.param}: {reason}")
    return request.param


@pytest.fixture(scope="session")
def prey(request: pytest.FixtureRequest, small_release) -> Iterator[Prey]:
    """A harness of a kind of user, ``root`` or ``ordinary``."""
    reason = cannot_be(request.param)
    if reason is not None:
        missing(reason)
    found = Prey(request.param, small_release.path)
    yield found
    found.close()
