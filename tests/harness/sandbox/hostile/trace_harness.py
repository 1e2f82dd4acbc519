"""Trace the harness."""

import ctypes

from cse_bench import Aligner


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    PTRACE_SEIZE = 0x4206
    if libc.ptrace(PTRACE_SEIZE, __PID__, None, None) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    return "traced"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
