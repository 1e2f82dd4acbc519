"""The ways to shut a fit in, strongest first, and which of them this machine can do."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cse_bench.errors import CseBenchError, InputError, did_you_mean
from cse_bench.harness.sandbox import landlock, paths, seccomp
from cse_bench.harness.sandbox.limits import Limits

CONTAINER_HINT = "run it in a container on Linux x86-64: docs/sandbox.md has the recipe"
NOBODY = "65534"


@dataclass(frozen=True)
class Backend:
    """One way to shut a fit in.

    Attributes
    ----------
    name : str
        Its name in a result's record.
    about : str
        One line.
    lacks : callable
        What this machine lacks for it, or None; looked up, not tried.
    wrapper : callable
        Given the limits and a descriptor for the child's process number, what stands before the
        child's own command.
    new_namespace : bool
        Whether the child is in a process namespace of its own: then `wrapper` reports its number,
        and ends it with the parent.
    scratch : bool
        Whether the child gets a temporary directory.
    """

    name: str
    about: str
    lacks: Callable[[], str | None]
    wrapper: Callable[[Limits, int], list[str]]
    new_namespace: bool = False
    scratch: bool = False


def _lacks_kernel() -> str | None:
    if not seccomp.supported():
        return f"it needs Linux on x86-64, and this is {sys.platform} {platform.machine()}"
    if not landlock_version():
        return "the kernel has no Landlock, or it is switched off"
    return None


def _lacks_landlock_alone() -> str | None:
    version = landlock_version()
    if version and version < landlock.LEAST_ALONE:
        return f"the kernel's Landlock is version {version}; alone it needs 3 (Linux 6.2)"
    return _lacks_kernel()


def _lacks_bubblewrap() -> str | None:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt install bubblewrap)"
    return _lacks_kernel()


@cache
def landlock_version() -> int:
    """Landlock's version in this kernel; 0 if it is not there."""
    if not seccomp.supported():
        return 0
    return landlock.version(ctypes.CDLL(None, use_errno=True))


def _bubblewrap(limits: Limits, status: int) -> list[str]:
    """Namespaces of its own for everything, and a file system of what may be read alone."""
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent"]
    command += ["--uid", NOBODY, "--gid", NOBODY, "--cap-drop", "ALL"]
    # First, because Python itself may live beneath it.
    command += ["--size", str(limits.scratch), "--tmpfs", "/tmp"]
    for path in paths.trees():
        command += _shown(path)
    command += ["--proc", "/proc", "--ro-bind", "/sys/devices/system", "/sys/devices/system"]
    for path in paths.DEVICES:
        command += ["--dev-bind", path, path]
    for path in paths.hidden():
        command += ["--tmpfs", path]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", "--json-status-fd", str(status), "--"]


def _shown(path: str) -> list[str]:
    """A directory that is a link stays one: what is hidden behind it is hidden once."""
    if os.path.islink(path) and os.path.isdir(path):
        return ["--symlink", os.path.realpath(path), path]
    return ["--ro-bind", path, path]


BACKENDS = {
    backend.name: backend
    for backend in (
        Backend(
            "bubblewrap",
            "namespaces and mounts of its own, with Landlock and seccomp inside",
            _lacks_bubblewrap,
            _bubblewrap,
            new_namespace=True,
            scratch=True,
        ),
        Backend(
            "landlock",
            "Landlock and seccomp, with nothing to install",
            _lacks_landlock_alone,
            lambda limits, status: [],
        ),
    )
}
"""Strongest first."""

NONE = "none"
"""In the open: in the harness's own process."""


@cache
def problem(name: str) -> str | None:
    """Why a backend cannot be used here, found by running it once; None if it holds."""
    from cse_bench.harness.sandbox.process import try_backend

    backend = BACKENDS[name]
    lacks = backend.lacks()
    if lacks is not None:
        return lacks
    with tempfile.NamedTemporaryFile(prefix="cse-bench-forbidden-") as forbidden:
        try:
            try_backend(backend, forbidden.name)
        except (CseBenchError, OSError) as error:
            return " ".join(str(error).split())
    return None


def available() -> dict[str, str | None]:
    """Every backend, strongest first, and why it cannot be used here; None for those that can."""
    return {name: problem(name) for name in BACKENDS}


@dataclass(frozen=True)
class Choice:
    """How aligners are run.

    Attributes
    ----------
    backend : str
        A name of `BACKENDS`, or ``none``.
    warning : str or None
        What to tell the user, if it is none and they did not ask for that.
    """

    backend: str
    warning: str | None = None


def choose(wanted: str | None = None) -> Choice:
    """The backend to run one's own file in.

    Parameters
    ----------
    wanted : str, optional
        A name of `BACKENDS`, or ``none`` for the open; by default the strongest that there is, and
        the open with a warning where there is none.

    Raises
    ------
    InputError
        If that backend cannot be used here.
    """
    if wanted == NONE:
        return Choice(NONE)
    if wanted is not None:
        if wanted not in BACKENDS:
            raise InputError(
                f"there is no sandbox {wanted!r}", did_you_mean(wanted, [*BACKENDS, NONE])
            )
        reason = problem(wanted)
        if reason is not None:
            raise InputError(f"the sandbox {wanted} cannot be used here: {reason}", CONTAINER_HINT)
        return Choice(wanted)
    for name in BACKENDS:
        if problem(name) is None:
            return Choice(name)
    return Choice(NONE, f"no sandbox here, so aligners run in the open: {_reasons()}")


def require_sandbox() -> str:
    """The strongest backend there is, for what a stranger wrote: never the open.

    Raises
    ------
    InputError
        If there is none.
    """
    choice = choose()
    if choice.backend == NONE:
        raise InputError(
            f"a stranger's file is not run without a sandbox, and there is none here: {_reasons()}",
            CONTAINER_HINT,
        )
    return choice.backend


def _reasons() -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in available().items())
