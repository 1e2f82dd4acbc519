"""Every attack, in every backend, on a harness run by root."""

from __future__ import annotations

import pytest

from tests.harness.sandbox.attacks import VERDICTS, assert_harmless

pytestmark = pytest.mark.parametrize("prey", ["root"], indirect=True)


@pytest.mark.parametrize("attack", VERDICTS)
def test_an_attack_ends_in_a_verdict_and_harms_nothing(prey, backend, attack):
    assert_harmless(prey, backend, attack)
