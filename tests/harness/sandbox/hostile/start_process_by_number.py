"""Start a process by every system call there is for it."""

import ctypes
import os

from cse_bench import Aligner


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    for number, first in ((57, 0), (58, 0), (56, 17), (435, 0)):
        if number == 58:
            continue  # vfork would share this stack
        child = libc.syscall(number, first, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            return number
    raise OSError(ctypes.get_errno(), "no way to start a process")


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
