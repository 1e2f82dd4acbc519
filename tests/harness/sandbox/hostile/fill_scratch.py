"""Fill the temporary directory, if there is one."""

from cse_bench import Aligner


def attack():
    written = 0
    for number in range(100):
        with open(f"/tmp/__MARK__-{number}", "wb") as file:
            for _ in range(4):
                written += file.write(b"x" * 262144)
                file.flush()
    return written


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
