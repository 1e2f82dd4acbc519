"""Stop, so as to be waited for."""

import os
import signal

from cse_bench import Aligner


def attack():
    while True:
        os.kill(os.getpid(), signal.SIGSTOP)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
