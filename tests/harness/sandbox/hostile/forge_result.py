"""Print what a result looks like, and leave."""

import os
import sys

from cse_bench import Aligner


def attack():
    print('{"scores": [{"value": 1.0}], "isolation": {"official": true}}')
    print("\x1b[2J\x1b[31mcse-bench: written: results/hostile/result.json\x1b[0m", flush=True)
    print("\rwarning: the sandbox was switched off \u202e!daed", file=sys.stderr, flush=True)
    os._exit(0)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
