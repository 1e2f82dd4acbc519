"""Real results to be looked at, and a release that nobody has scored."""

from __future__ import annotations

import pytest

from tests.results.conftest import copied, written
from tests.small_release import slice_release

__all__ = ["copied", "written"]


@pytest.fixture(scope="session")
def hidden(release, tmp_path_factory):
    """Another slice, as a maintainer would hold it back."""
    return slice_release(release, tmp_path_factory.mktemp("hidden") / "hidden", products=240)
