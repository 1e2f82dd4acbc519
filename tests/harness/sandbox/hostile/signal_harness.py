"""Kill the harness."""

import os
import signal

from cse_bench import Aligner


def attack():
    for target, number in ((__PID__, signal.SIGKILL), (os.getppid(), 0), (0, 0), (-1, 0)):
        try:
            os.kill(target, number)  # 0 only asks whether one could
        except OSError as error:
            last = error
        else:
            return target
    raise last


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
