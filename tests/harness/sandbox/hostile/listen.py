"""Wait for orders."""

import socket

from cse_bench import Aligner


def attack():
    with socket.create_server(("127.0.0.1", 0)) as here:
        return here.getsockname()


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
