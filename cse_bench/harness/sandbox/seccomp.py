"""Seccomp: the filter of system calls, assembled from the table and put on this process."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

from cse_bench.harness.sandbox import syscalls

LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
"""Classic BPF: load a word, jump if equal, jump if at least, mask, return."""
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
EPERM, ENOSYS = 1, 38
X86_64, X32_BIT = 0xC000003E, 0x40000000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Where these stand in ``struct seccomp_data``."""

PR_SET_SECCOMP, MODE_FILTER = 22, 2

Instruction = tuple[int, int, int, int]


def supported() -> bool:
    """Whether the filter is written for this kind of machine."""
    return sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 2**32


def program(pid: int, *, scratch: bool) -> bytes:
    """The filter, as an array of ``struct sock_filter``.

    Another architecture's calls kill the process; what is not in the table is refused.

    Parameters
    ----------
    pid : int
        The process's own number.
    scratch : bool
        Whether there is a temporary directory to write to.
    """
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, X86_64),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, KILL),
    ]
    for rule in syscalls.guarded(pid):
        code += _guard(rule)
    allowed = syscalls.ALLOWED | (syscalls.SCRATCH if scratch else {})
    for number in sorted(allowed.values()):
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    code += [
        (AT_LEAST, 0, 1, syscalls.NEWER),
        (RETURN, 0, 0, REFUSE | ENOSYS),
        (RETURN, 0, 0, REFUSE | EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _guard(rule: syscalls.Guarded) -> list[Instruction]:
    """Compare one argument's bits with what they may be."""
    inside: list[Instruction] = [
        (LOAD, 0, 0, ARGUMENTS + 8 * rule.argument),
        (AND, 0, 0, rule.mask),
    ]
    for value in rule.values:
        inside += [(EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    inside.append((RETURN, 0, 0, REFUSE | EPERM))
    return [(EQUAL, 0, len(inside), rule.number), *inside]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def restrict(libc: ctypes.CDLL, pid: int, *, scratch: bool) -> None:
    """Put the filter on this process, for good; it must have one thread and no new privileges.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    code = program(pid, scratch=scratch)
    buffer = ctypes.create_string_buffer(code, len(code))
    given = _Program(len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(given), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp is refused")
