"""Change what can be changed without writing."""

import os

from cse_bench import Aligner


def attack():
    path = "__HOME__/.bashrc"
    ways = (
        lambda: os.chmod(path, 0o777),
        lambda: os.utime(path, (0, 0)),
        lambda: os.truncate(path, 0),
        lambda: os.close(os.open(path, os.O_RDONLY | os.O_TRUNC)),
        lambda: os.setxattr(path, "user.hostile", b"x"),
        lambda: os.rename(path, path + "-__MARK__"),
        lambda: os.symlink("x", path + "-__MARK__"),
        lambda: os.link(path, path + "-__MARK__"),
        lambda: os.mkdir(path + "-__MARK__"),
        lambda: os.unlink(path),
    )
    done = 0
    for way in ways:
        try:
            way()
            done += 1
        except OSError as error:
            last = error
    if not done:
        raise last
    return done


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
