"""Write one file that is too large."""

from cse_bench import Aligner


def attack():
    with open("/tmp/__MARK__-large", "wb") as file:
        for _ in range(64):
            file.write(b"x" * 1048576)
    return "written"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
