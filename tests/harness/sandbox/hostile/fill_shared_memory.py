"""Take memory that the limit of a process's own does not count."""

import ctypes
import mmap
import os

from cse_bench import Aligner


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    ways = (
        lambda: mmap.mmap(-1, 1 << 30),
        lambda: os.ftruncate(os.memfd_create("more"), 1 << 30),
        lambda: (
            libc.shmget(0, 1 << 20, 0o1600) + 1 or (_ for _ in ()).throw(PermissionError("shm"))
        ),
    )
    for way in ways:
        try:
            way()
        except OSError as error:
            last = error
        else:
            return "taken"
    raise last


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
