"""Write into the user's files."""

from cse_bench import Aligner


def attack():
    with open("__HOME__/.bashrc", "a") as file:
        return file.write("hostile")


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
