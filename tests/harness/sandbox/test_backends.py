"""Which sandbox is chosen, that it was tried, and that strangers' files are refused without one."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import cse_bench
from cse_bench.errors import CseBenchError, InputError
from cse_bench.harness.sandbox import backends, landlock, process, seccomp, syscalls
from cse_bench.harness.sandbox.backends import BACKENDS, choose, require_sandbox
from tests.cli.test_cli import run
from tests.harness.sandbox.prey import HOSTILE


@pytest.fixture
def nothing(monkeypatch):
    """A machine with no sandbox."""
    monkeypatch.setattr(backends, "problem", lambda name: f"no {name} here")


def test_the_strongest_comes_first(backend):
    assert list(BACKENDS) == ["bubblewrap", "landlock"]
    assert require_sandbox() == choose().backend
    assert backends.problem(choose().backend) is None
    assert choose(backend).backend == backend


def test_where_there_is_none_ones_own_file_is_run_with_a_warning(nothing, small_release):
    assert choose().backend == "none"
    assert "bubblewrap: no bubblewrap here; landlock: no landlock here" in choose().warning
    with pytest.warns(UserWarning, match="aligners run in the open"):
        result = cse_bench.evaluate(HOSTILE / "honest.py", small_release, split="validation")
    assert result.isolation.model_dump() == {"backend": "none", "official": False}


def test_where_there_is_none_a_strangers_file_is_refused(nothing):
    with pytest.raises(InputError, match="not run without a sandbox") as error:
        require_sandbox()
    assert "no bubblewrap here" in str(error.value)
    assert "docs/sandbox.md has the recipe" in str(error.value)


def test_what_is_asked_for_is_had_or_refused(monkeypatch):
    assert choose("none").backend == "none"
    assert choose("none").warning is None
    with pytest.raises(InputError, match="did you mean 'bubblewrap'"):
        choose("bubblewarp")
    monkeypatch.setattr(backends, "problem", lambda name: "it is broken")
    with pytest.raises(InputError, match="landlock cannot be used here: it is broken"):
        choose("landlock")


LACKS = {
    "bubblewrap is not installed": ("bubblewrap", lambda m: m.setenv("PATH", "/nonexistent")),
    "it needs Linux on x86-64": ("landlock", lambda m: m.setattr(seccomp, "supported", bool)),
    "has no Landlock": ("landlock", lambda m: m.setattr(landlock, "version", lambda libc: 0)),
    "version 2; alone it needs 3": (
        "landlock",
        lambda m: m.setattr(landlock, "version", lambda libc: 2),
    ),
}


@pytest.mark.parametrize("reason", LACKS)
def test_a_backend_says_what_it_lacks(reason, monkeypatch):
    name, broken = LACKS[reason]
    broken(monkeypatch)
    backends.landlock_version.cache_clear()
    try:
        assert reason in BACKENDS[name].lacks()
    finally:
        monkeypatch.undo()
        backends.landlock_version.cache_clear()


BROKEN_WALLS = {
    "it could read a file that it must not": ("landlock.restrict", "lambda *a, **k: None"),
    "it could open a socket": ("seccomp.restrict", "lambda *a, **k: None"),
}


@pytest.mark.parametrize("problem", BROKEN_WALLS)
def test_a_trial_run_notices_a_wall_that_does_not_hold(problem, monkeypatch, tmp_path):
    name, instead = BROKEN_WALLS[problem]
    broken = process.BOOTSTRAP.replace(
        "main(int", f"import cse_bench.harness.sandbox.confine as c; c.{name} = {instead}; main(int"
    )
    monkeypatch.setattr(process, "BOOTSTRAP", broken)
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    with pytest.raises(CseBenchError, match=problem):
        process.try_backend(BACKENDS["landlock"], str(secret))


def test_a_kernel_that_refuses_a_wall_is_no_sandbox(monkeypatch, tmp_path):
    broken = process.BOOTSTRAP.replace(
        "main(int", "import cse_bench.harness.sandbox.seccomp as s; s.MODE_FILTER = 77; main(int"
    )
    monkeypatch.setattr(process, "BOOTSTRAP", broken)
    with pytest.raises(CseBenchError, match="seccomp is refused"):
        process.try_backend(BACKENDS["landlock"], str(tmp_path))


def test_the_filter_says_what_the_table_says():
    code = seccomp.program(7, scratch=False)
    steps = list(struct.iter_unpack("=HBBI", code))
    assert len(steps) < 4096
    assert (0x15, 1, 0, 0xC000003E) in steps
    assert steps[-1] == (0x06, 0, 0, 0x00050000 | 1)
    numbers = {k for c, _, _, k in steps if c == 0x15}
    assert set(syscalls.ALLOWED.values()) <= numbers
    assert not set(syscalls.SCRATCH.values()) & {
        k for c, t, f, k in steps if (c, t, f) == (0x15, 0, 1)
    }
    assert set(syscalls.SCRATCH.values()) <= {
        k for _, _, _, k in struct.iter_unpack("=HBBI", seccomp.program(7, scratch=True))
    }
    forbidden = {41, 42, 53, 57, 58, 59, 101, 310, 311, 319, 321, 322, 323, 425, 434, 435}
    assert not forbidden & (set(syscalls.ALLOWED.values()) | set(syscalls.SCRATCH.values()))


@pytest.mark.parametrize("delay", [0, 0.002, 0.005, 0.01, 0.02, 2])
def test_a_killed_harness_takes_its_child_along(backend, small_release, delay):
    code = (
        "import sys; from pathlib import Path; import cse_bench; "
        "from cse_bench.harness.sandbox import process as p; "
        "old = p._Child.let_go; "
        "p._Child.let_go = lambda s, *a: (print(s.pid, flush=True), old(s, *a))[1]; "
        "cse_bench.evaluate("
        f"Path(sys.argv[1]), sys.argv[2], use_cache=False, isolation={backend!r})"
    )
    text = (HOSTILE / "sleep_for_ever.py").read_text().replace("__LONG__", "50")
    path = small_release.path.parent / "sleeps.py"
    path.write_text(text)
    harness = subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(small_release.path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert harness.stdout is not None
    harness.stdout.readline()  # the trial of the backend comes first, if that is what it printed
    pid = int(harness.stdout.readline())
    child = os.pidfd_open(pid)
    time.sleep(delay)
    harness.kill()
    harness.wait()
    ended = bool(select.select([child], [], [], 10)[0])
    # Bubblewrap's first process, killed while its second waits for it, leaves that one waiting: it
    # is still bubblewrap, with nothing of the aligner in it (docs/sandbox.md).
    name = Path(f"/proc/{pid}/comm")
    stuck = not ended and delay == 0 and name.read_text() == "bwrap\n"
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(child, signal.SIGKILL)
    os.close(child)
    assert ended or stuck, "the child outlived its harness"


def test_where_there_is_no_linux_the_open_still_works(small_release):
    code = (
        "import sys, warnings; warnings.simplefilter('ignore'); "
        "import cse_bench, pyarrow.parquet, sklearn, scipy.sparse, tempfile; "
        "sys.modules['fcntl'] = sys.modules['resource'] = None; sys.platform = 'win32'; "
        "from pathlib import Path; "
        "r = cse_bench.evaluate(Path(sys.argv[1]), sys.argv[2], split='validation'); "
        "print(r.isolation)"
    )
    arguments = [HOSTILE / "honest.py", small_release.path]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert "backend='none' official=False" in done.stdout, done.stderr


def test_the_command_line_says_how_it_ran(tmp_path, small_release):
    options = ["--release", small_release.path, "--split", "validation", "--json", "--no-cache"]
    done = run("evaluate", HOSTILE / "honest.py", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "unconfined" not in done.stderr
    assert '"official": true' in done.stdout
    done = run("evaluate", HOSTILE / "honest.py", *options, "--no-sandbox", cwd=tmp_path)
    assert "runs unconfined, so the result is not official" in done.stderr
    assert '"official": false' in done.stdout
