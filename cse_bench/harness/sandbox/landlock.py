"""Landlock: what of the file system this process may reach, by the kernel's own rules."""

from __future__ import annotations

import ctypes
import os
import stat
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH = 1
VERSION = 1

READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE_FILE, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_FILE = 1 << 1, 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14
LIST = READ_DIR
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | REFER | TRUNCATE
ON_FILES = 1 | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15
"""Rights that make sense for what is no directory."""

ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Rights on files and directories, by the version that brought them."""
NETWORK = 0b11  # TCP bind and connect, from version 4
SCOPES = 0b11  # abstract Unix sockets and signals, from version 6

LEAST_ALONE = 3
"""Version that a sandbox of Landlock without mounts needs: before it (Linux 6.2) a file that may
not be written could still be truncated."""


def version(libc: ctypes.CDLL) -> int:
    """Landlock's version in this kernel; 0 if it is not there, or switched off."""
    found = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    return max(0, int(found))


def restrict(libc: ctypes.CDLL, rules: dict[int, list[str]]) -> None:
    """Let this process reach nothing but these paths and what is beneath them, for good.

    Nothing can be executed. Paths that are not there are left out.

    Parameters
    ----------
    libc : ctypes.CDLL
        With ``use_errno``.
    rules : dict of int to list of str
        Rights → files and directories.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    abi = version(libc)
    handled = ALL_RIGHTS[max(v for v in ALL_RIGHTS if v <= max(abi, 1))]
    fields = [handled, NETWORK if abi >= 4 else 0, SCOPES if abi >= 6 else 0]
    length = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = libc.syscall(
        CREATE_RULESET, struct.pack("=QQQ", *fields)[:length], ctypes.c_size_t(length), 0
    )
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock is refused")
    try:
        for rights, paths in rules.items():
            for path in paths:
                _allow(libc, ruleset, path, rights & handled)
        if libc.syscall(RESTRICT_SELF, ruleset, 0):
            raise OSError(ctypes.get_errno(), "Landlock is refused")
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= ON_FILES
        if libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, handle), 0):
            raise OSError(ctypes.get_errno(), f"Landlock refuses a rule for {path}")
    finally:
        os.close(handle)
