"""Read the token of the Hub."""

from pathlib import Path

from cse_bench import Aligner


def attack():
    return Path("__HOME__/.cache/huggingface/token").read_text()


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
