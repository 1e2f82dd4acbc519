"""Fill the disk."""

from cse_bench import Aligner


def attack():
    for place in ("/var/tmp", "/dev/shm", "__HOME__", "/"):
        try:
            with open(f"{place}/__MARK__-fill", "wb") as file:
                return file.write(b"x" * 4096)
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
