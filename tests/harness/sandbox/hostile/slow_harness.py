"""Take the processor from the harness."""

import os

from cse_bench import Aligner


def attack():
    os.setpriority(os.PRIO_PROCESS, __PID__, 19)
    return "slowed"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
