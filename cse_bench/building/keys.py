"""Everything random in a release, drawn from one secret key by HMAC-SHA256.

The key is used here only, in Python, on distinct ids; what leaves this file is an order or a
number, which the pipeline joins. It enters no expression, query plan, log, report or error.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cse_bench.errors import InputError
from cse_bench.types import Ints

KEY_BYTES = 32
MERSENNE_31 = 2**31 - 1
"""A prime: products of two residues fit a signed 64-bit integer on every engine."""


class Key:
    """A secret from which a release's random choices follow.

    Parameters
    ----------
    secret : bytes
        32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise InputError(
                f"a key has {KEY_BYTES} bytes, this one has {len(secret)}",
                f"head -c {KEY_BYTES} /dev/urandom > key",
            )
        self._secret = secret

    def __repr__(self) -> str:
        return "Key(…)"

    def __reduce__(self) -> str:
        raise TypeError("a key is never serialised")

    @classmethod
    def from_file(cls, path: str | Path | None) -> Key:
        """Read a key, or draw a fresh one from the system's generator where `path` is None."""
        if path is None:
            return cls(secrets.token_bytes(KEY_BYTES))
        try:
            secret = Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"cannot read the key file {path}: {error.strerror}") from None
        if len(secret) == KEY_BYTES and len(set(secret)) < KEY_BYTES // 4:
            raise InputError(
                f"the key file {path} is not random", f"head -c {KEY_BYTES} /dev/urandom > {path}"
            )
        return cls(secret)

    def digests(self, purpose: str, messages: Iterable[tuple[str, ...]]) -> list[bytes]:
        """HMAC-SHA256 of each message under the subkey of `purpose`.

        Every part of a message is preceded by its length, so that ("ab", "c") and ("a", "bc")
        differ.
        """
        subkey = hmac.digest(self._secret, purpose.encode(), "sha256")

        def encode(parts: tuple[str, ...]) -> bytes:
            raw = [part.encode("utf-8", "surrogatepass") for part in parts]
            return b"".join(len(r).to_bytes(8, "big") + r for r in raw)

        return [hmac.digest(subkey, encode(parts), "sha256") for parts in messages]

    def order(self, purpose: str, messages: Iterable[tuple[str, ...]]) -> Ints:
        """Position of each (distinct) message in the sorted order of the digests.

        Returns
        -------
        ndarray of shape (n,), int64
            A permutation of 0 … n − 1.
        """
        digests = self.digests(purpose, messages)
        position = np.empty(len(digests), np.int64)
        position[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
        return position

    def residues(self, purpose: str, messages: Iterable[tuple[str, ...]]) -> Ints:
        """A number from 1 to 2³¹ − 2 for each message, for arithmetic inside an engine."""
        digests = self.digests(purpose, messages)
        return np.array(
            [int.from_bytes(d[:8], "big") % (MERSENNE_31 - 1) + 1 for d in digests], dtype=np.int64
        )

    def seed(self, purpose: str) -> int:
        """A seed below 2³² for a library. Too short to hide anything: orders come from `order`."""
        return int.from_bytes(self.digests(purpose, [()])[0][:4], "big")


def split_users(users: list[str], key: Key) -> list[str]:
    """Split users 70 / 10 / 20 by their keyed order.

    Parameters
    ----------
    users : list of str
        Distinct raw users.
    key : Key
        The release's key.

    Returns
    -------
    list of str
        ``train``, ``validation`` or ``test`` for each user.
    """
    share = (key.order("user-split", ((u,) for u in users)) + 0.5) / max(len(users), 1)
    return np.select([share < 0.7, share < 0.8], ["train", "validation"], "test").tolist()
