"""Run a command."""

import subprocess

from cse_bench import Aligner


def attack():
    return subprocess.run(["/bin/sh", "-c", "echo ran"], capture_output=True, check=True).stdout


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
