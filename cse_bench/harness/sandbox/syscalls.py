"""The system calls that a fit may make (x86_64): a table, and what their arguments may be.

What is not here is refused. So there are no sockets, processes, signals to others, tracing, shared
memory, new files, changed modes or owners, mounts, namespaces, keys, ``io_uring``, ``bpf`` …
"""

from __future__ import annotations

from typing import NamedTuple

ALLOWED = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8,
    "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
    "rt_sigreturn": 15, "pread64": 17, "pwrite64": 18, "readv": 19, "writev": 20, "access": 21,
    "select": 23, "sched_yield": 24, "mremap": 25, "msync": 26, "mincore": 27, "madvise": 28,
    "dup": 32, "dup2": 33, "pause": 34, "nanosleep": 35, "getitimer": 36, "alarm": 37,
    "setitimer": 38, "getpid": 39, "exit": 60, "wait4": 61, "uname": 63, "fsync": 74,
    "fdatasync": 75, "getcwd": 79, "readlink": 89, "umask": 95, "gettimeofday": 96,
    "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104,
    "geteuid": 107, "getegid": 108, "getppid": 110, "getpgrp": 111, "getgroups": 115,
    "getresuid": 118, "getresgid": 120, "getpgid": 121, "getsid": 124, "capget": 125,
    "rt_sigpending": 127, "rt_sigtimedwait": 128, "sigaltstack": 131, "getpriority": 140,
    "sched_getparam": 143, "sched_getscheduler": 145, "sched_get_priority_max": 146,
    "sched_get_priority_min": 147, "gettid": 186, "time": 201, "futex": 202,
    "sched_getaffinity": 204, "getdents64": 217, "set_tid_address": 218, "restart_syscall": 219,
    "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
    "get_mempolicy": 239, "openat": 257, "newfstatat": 262, "readlinkat": 267, "faccessat": 269,
    "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "dup3": 292, "preadv": 295,
    "pwritev": 296, "getcpu": 309, "getrandom": 318, "membarrier": 324, "statx": 332, "rseq": 334,
    "open": 2, "faccessat2": 439, "futex_waitv": 449, "close_range": 436,
}  # fmt: skip
"""Allowed with any arguments: they read, compute and wait; paths are Landlock's matter."""

SCRATCH = {
    "chdir": 80, "rename": 82, "mkdir": 83, "rmdir": 84, "unlink": 87, "ftruncate": 77,
    "fallocate": 285, "mkdirat": 258, "unlinkat": 263, "renameat": 264, "renameat2": 316,
}  # fmt: skip
"""Allowed beside those where there is a temporary directory, the only place Landlock lets write."""

CLONE_THREAD = 0x00010000 | 0x00000100 | 0x00000800
"""``CLONE_THREAD | CLONE_VM | CLONE_SIGHAND``: a thread, not a process."""
CLONE_NAMESPACES = 0x7E020000
MAP_SHARED, MAP_PRIVATE, MAP_VALIDATE, MAP_ANONYMOUS = 0x01, 0x02, 0x03, 0x20
MAP_KINDS = 0x0F | MAP_ANONYMOUS | 0x40000 | 0x100
"""Type, anonymous, huge pages, growing downwards: the last two escape the limit of memory, as
shared anonymous memory does, so none of the three is allowed."""

TERMINAL_QUERIES = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)
"""``TCGETS``, ``TIOCGWINSZ``, ``FIONREAD``, ``FIONCLEX``, ``FIOCLEX``."""
FILE_QUERIES = (0, 1, 2, 3, 4, 1030, 1034)
"""``F_DUPFD``, ``F_GETFD``, ``F_SETFD``, ``F_GETFL``, ``F_SETFL``, ``F_DUPFD_CLOEXEC``,
``F_GET_SEALS``: no locks, leases, or owners to be sent a signal."""
PROCESS_QUERIES = (3, 15, 16, 21, 0x53564D41)
"""``PR_GET_DUMPABLE``, ``PR_SET_NAME``, ``PR_GET_NAME``, ``PR_GET_SECCOMP``, ``PR_SET_VMA``: the
signal at the parent's death stays as it was set."""

NEWER = 424
"""From here on a refusal says "no such call", so that libraries fall back to older ones."""


class Guarded(NamedTuple):
    """A system call that is allowed if one argument is as it must be.

    Attributes
    ----------
    number : int
        Of the call.
    argument : int
        Which argument, from 0; its low 32 bits are looked at, which is all the kernel reads.
    mask : int
        Bits that matter.
    values : tuple of int
        What those bits may be.
    """

    number: int
    argument: int
    mask: int
    values: tuple[int, ...]


def guarded(pid: int) -> tuple[Guarded, ...]:
    """The system calls that are allowed with some arguments only.

    Parameters
    ----------
    pid : int
        The process's own number: signals go to itself alone.
    """
    whole = 0xFFFFFFFF
    maps = (MAP_PRIVATE, MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED, MAP_VALIDATE)
    return (
        Guarded(9, 3, MAP_KINDS, maps),  # mmap
        Guarded(16, 1, whole, TERMINAL_QUERIES),  # ioctl
        Guarded(56, 0, CLONE_THREAD | CLONE_NAMESPACES, (CLONE_THREAD,)),  # clone
        Guarded(62, 0, whole, (pid,)),  # kill
        Guarded(72, 1, whole, FILE_QUERIES),  # fcntl
        Guarded(157, 0, whole, PROCESS_QUERIES),  # prctl
        Guarded(203, 0, whole, (0, pid)),  # sched_setaffinity
        Guarded(234, 0, whole, (pid,)),  # tgkill
        Guarded(302, 0, whole, (0, pid)),  # prlimit64
    )
