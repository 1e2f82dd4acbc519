"""Leave something for the next run, and look for what the last one left."""

import os
import sys

from cse_bench import Aligner


def attack():
    if hasattr(sys, "hostile_state") or os.path.exists("/tmp/__MARK__-state"):
        return "found"
    sys.hostile_state = True
    with open("/tmp/__MARK__-state", "w") as file:
        file.write("left")
    raise PermissionError("nothing was left by another run")


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
