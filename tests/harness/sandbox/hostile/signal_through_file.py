"""Let a descriptor's owner be sent a signal."""

import fcntl
import os

from cse_bench import Aligner


def attack():
    readable, _ = os.pipe()
    fcntl.fcntl(readable, fcntl.F_SETOWN, __PID__)
    return "owned"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
