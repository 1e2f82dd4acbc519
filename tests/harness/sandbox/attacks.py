"""The attacks, what each must end in, and what must hold after every one of them."""

from __future__ import annotations

import re

from tests.harness.sandbox.prey import TOKEN, Prey

REFUSED = "(PermissionError|FileNotFoundError|ProcessLookupError|NotADirectoryError)"
FAST = {"seconds": 20, "memory": 256 << 20, "processor_seconds": 20, "threads": 1, "log": 4096}

VERDICTS = {
    "read_labels": REFUSED,
    "read_packaged_labels": REFUSED,
    "read_raw_log": "(PermissionError|FileNotFoundError|StopIteration)",
    "read_hub_token": REFUSED,
    "read_home": REFUSED,
    "read_environment": "KeyError",
    "read_parents_environment": REFUSED,
    "read_parents_memory": REFUSED,
    "read_parents_files": REFUSED,
    "read_by_process_vm": "PermissionError",
    "trace_harness": "PermissionError",
    "read_through_proc": REFUSED,
    "read_other_descriptors": "nothing but what was given",
    "read_undeclared_evidence": "no pairs anywhere",
    "open_tcp": "PermissionError",
    "open_udp": "PermissionError",
    "open_unix": "PermissionError",
    "open_abstract_unix": "PermissionError",
    "listen": "PermissionError",
    "fork_bomb": "PermissionError",
    "daemon": "PermissionError",
    "run_shell": "PermissionError",
    "replace_itself": "PermissionError",
    "start_process_by_number": "no way to start a process",
    "thread_bomb": "it ran more than 64 threads",
    "fill_disk": "(PermissionError|OSError)",
    "fill_scratch": "(No space left on device|PermissionError)",
    "fill_one_file": "(File too large|PermissionError)",
    "fill_memory": "MemoryError",
    "fill_shared_memory": "PermissionError",
    "fill_page_tables": "(it held more than|MemoryError|Cannot allocate|ended by the system)",
    "fill_log": "PermissionError",
    "sleep_for_ever": "it took longer than 1 s",
    "spin_for_ever": "it used more than 1 s of processor time",
    "ignore_signals": "it used more than 1 s of processor time",
    "stop_itself": "it took longer than 1 s",
    "signal_harness": "PermissionError",
    "signal_through_file": "PermissionError",
    "slow_harness": "PermissionError",
    "write_outside": REFUSED,
    "change_outside": REFUSED,
    "change_inputs": "PermissionError",
    "undo_confinement": "PermissionError",
    "call_by_number": "none of them",
    "call_as_32_bit": "ended by the signal SIGSYS",
    "crash": "ended by the signal SIGSEGV",
    "exit_early": "ended early, with exit status 0, and returned nothing",
    "exit_politely": "fit raised SystemExit",
    "forge_result": "ended early, with exit status 0, and returned nothing",
    "forge_error": "fit raised ValueError",
    "attack_on_import": REFUSED,
    "overflow_stack": "(RecursionError|MemoryError|SIGSEGV)",
    "leave_state": "(nothing was left by another run|PermissionError)",
    "return_wrong_rows": r"returned the shape \(299, \d+\) for the 300 products",
    "return_nan": "returned NaN or infinity in 300 of 300 rows",
    "return_objects": "returned the dtype object",
    "return_flat": r"returned the shape \(\d+,\)",
    "return_wide": "returned 1025 dimensions",
    "return_nothing": "returned NoneType, not a NumPy array",
    "return_empty": "returned 0 dimensions",
    "forge_width": "returned 5000 dimensions",
    "forge_huge_width": f"returned {2**64 - 10} dimensions",
    "forge_nan": "returned NaN or infinity",
    "write_late": "^scored$",
    "resize_output": "(PermissionError|File too large)",
    "fill_message": "(failed; in its own words|PermissionError)",
    "patch_numpy": "returned NaN or infinity in 300 of 300 rows",
    "patch_shape": "(returned [0-9]+ dimensions|fit|raised|ValueError|failed)",
}
"""Attack → what its verdict says. `scored` is at most a bad score."""

LIMITS = {
    "sleep_for_ever": {"seconds": 1},
    "stop_itself": {"seconds": 1},
    "spin_for_ever": {"processor_seconds": 1},
    "ignore_signals": {"processor_seconds": 1},
    "thread_bomb": {"tasks": 64, "memory": 8 << 30},
    "fill_scratch": {"scratch": 2 << 20},
    "fill_one_file": {"file_bytes": 2 << 20, "scratch": 64 << 20},
    "fill_page_tables": {"memory": 128 << 20},
}


def assert_harmless(prey: Prey, backend: str, attack: str) -> None:
    """An attack ends in its verdict; nothing leaks, nothing is left, and the harness goes on."""
    found = prey.ask(attack, backend, **FAST | LIMITS.get(attack, {}))
    assert re.search(VERDICTS[attack], found["verdict"]), found
    # The verdict and the log are for people: nothing of a stranger's passes for ours.
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", found["verdict"] + found["said"])
    assert len(found["verdict"]) < 10_000
    assert len(found["said"]) < 20_000
    assert all(line.startswith("hostile | ") for line in found["said"].splitlines())
    assert "ATTACK SUCCEEDED" not in found["said"] + found["verdict"]
    assert TOKEN not in found["said"] + found["verdict"]
    assert "planted" not in found["said"] + found["verdict"]
    # Nothing is left behind, nothing was reached.
    assert found["children"] == []
    assert found["descriptors"] == prey.usual["descriptors"]
    assert found["grown"] < 64 << 20
    assert prey.left_behind() == []
    assert prey.heard() == []
    assert prey.tree() == prey.secrets
    # The harness lives, and the next evaluation is what it always was.
    after = prey.ask("honest", backend, **FAST)
    assert after["verdict"] == "scored"
    assert after["digest"] == prey.usual["digest"]
    assert after["said"] == ""
