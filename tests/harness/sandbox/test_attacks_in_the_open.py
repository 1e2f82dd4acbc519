"""The same attacks with nothing between them and the harness succeed: the suite can fail."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.harness.sandbox.prey import TOKEN, Prey, cannot_be

SUCCEED = (
    "read_labels",
    "read_packaged_labels",
    "read_hub_token",
    "read_home",
    "read_environment",
    "read_parents_environment",
    "read_parents_memory",
    "read_by_process_vm",
    "read_through_proc",
    "read_other_descriptors",
    "open_tcp",
    "open_udp",
    "open_unix",
    "open_abstract_unix",
    "listen",
    "fork_bomb",
    "daemon",
    "run_shell",
    "start_process_by_number",
    "fill_memory",
    "fill_shared_memory",
    "fill_page_tables",
    "sleep_for_ever",
    "signal_through_file",
    "write_outside",
    "change_outside",
    "call_by_number",
    "attack_on_import",
)
"""Attacks that say so themselves."""


@pytest.fixture
def fresh(small_release):
    """A harness of one's own, that may be killed."""
    user = "ordinary"
    if cannot_be(user):
        pytest.skip(cannot_be(user))
    found = Prey(user, small_release.path)
    yield found
    found.close()
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        for path in Path(place).glob(f"{found.mark}-*"):
            path.unlink()


def open_to(prey, attack):
    return prey.ask(attack, "none", reckless=True)


def test_attacks_succeed_and_every_check_sees_it(fresh):
    failed = [a for a in SUCCEED if "ATTACK SUCCEEDED" not in open_to(fresh, a)["said"]]
    assert failed == []
    # What the suite asserts after every attack does not hold here.
    assert fresh.heard() == ["tcp", "udp", "unix", "abstract"]
    assert fresh.tree() != fresh.secrets
    assert open_to(fresh, "daemon")["children"] != []
    assert TOKEN in open_to(fresh, "read_hub_token")["said"]
    assert "planted" in open_to(fresh, "read_home")["said"]


def test_files_and_state_are_left_for_the_next_run(fresh):
    assert "nothing was left" in open_to(fresh, "leave_state")["verdict"]
    assert "ATTACK SUCCEEDED: found" in open_to(fresh, "leave_state")["said"]
    assert open_to(fresh, "fill_disk")["verdict"] == "scored"
    assert fresh.left_behind() != []


def test_output_that_only_the_parent_checks_passes(fresh):
    assert "NaN or infinity" in open_to(fresh, "return_nan")["verdict"]
    before = open_to(fresh, "honest")
    assert before["digest"] == fresh.usual["digest"]
    assert open_to(fresh, "patch_numpy")["verdict"] == "scored"
    # Nor is the next evaluation what it was: the same NaN passes now.
    assert open_to(fresh, "return_nan")["verdict"] == "scored"


@pytest.mark.parametrize("attack", ["exit_early", "forge_result", "signal_harness", "crash"])
def test_the_harness_dies(fresh, attack):
    with pytest.raises(AssertionError, match="the harness is dead"):
        open_to(fresh, attack)
    died = fresh.process.wait(10)
    if shutil.which("setpriv") and os.geteuid() == 0:
        expected = {"signal_harness": -signal.SIGKILL, "crash": -signal.SIGSEGV}
        assert died == expected.get(attack, 0)


def test_endless_output_is_kept_whole(fresh):
    assert open_to(fresh, "fill_log")["verdict"] == "scored"
