"""Look for labels in the harness's memory."""

from cse_bench import Aligner


def attack():
    with open("/proc/__PID__/maps") as maps:
        start = next(line.split("-")[0] for line in maps if "[heap]" in line)
    with open("/proc/__PID__/mem", "rb") as memory:
        memory.seek(int(start, 16))
        return memory.read(16)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
