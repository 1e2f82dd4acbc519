"""What the child does to itself before it reads a line of the aligner: it cannot be undone."""

from __future__ import annotations

import ctypes
import os
import resource

from cse_bench.harness.sandbox import landlock, seccomp
from cse_bench.harness.sandbox.job import Confinement

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
SIGKILL = 9  # importing `signal` would cost more than it says
CAPSET = 126
CAPABILITIES_VERSION_3 = 0x20080522

OWN_FILES = (
    "maps",
    "smaps",
    "smaps_rollup",
    "stat",
    "statm",
    "status",
    "task",
    "fd",
    "comm",
    "cgroup",
)
"""What of ``/proc/self`` numeric libraries ask for; not its network, mounts or environment."""


def confine(job: Confinement) -> None:
    """Give up everything but computing on the inputs. The process must have one thread.

    Raises
    ------
    OSError
        If any part is refused: then nothing of the aligner may be run.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, PR_SET_NO_NEW_PRIVS, 1)
    _prctl(libc, PR_SET_DUMPABLE, 0)
    if job.ends_with_parent:
        _prctl(libc, PR_SET_PDEATHSIG, SIGKILL)
    os.eventfd_write(job.bound, 1)
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, job.processor_seconds, job.processor_seconds + 1),
        (resource.RLIMIT_DATA, job.memory, job.memory),
        (resource.RLIMIT_FSIZE, job.file_bytes, job.file_bytes),
        (resource.RLIMIT_NOFILE, job.open_files, job.open_files),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
    ):
        _limit(kind, soft, hard)
    _drop_capabilities(libc)
    _leave_if_orphaned(job.lifeline)
    own = [f"/proc/self/{name}" for name in OWN_FILES]
    rules = {
        landlock.READ: [*job.readable, *own],
        landlock.LIST: job.listable,
        landlock.WRITE: [*job.writable, "/dev/null"],
    }
    landlock.restrict(libc, rules)
    seccomp.restrict(libc, os.getpid(), scratch=bool(job.writable))


def _leave_if_orphaned(lifeline: int) -> None:
    """Leave if the harness died before this process was bound to end with it.

    That the pipe is open proves nothing: while a killed harness is taken apart, its last threads
    hold it. What is written there after this process was bound was written by a living one.
    """
    if not os.read(lifeline, 1):
        os._exit(1)
    os.close(lifeline)


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option} is refused")


def _limit(kind: int, soft: int, hard: int) -> None:
    """Set a limit, or keep the lower one that the machine's owner has set."""
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """No capability, even for root."""
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION_3, 0)
    if libc.syscall(CAPSET, ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())):
        raise OSError(ctypes.get_errno(), "capabilities cannot be dropped")
