"""Real Xet storage in a directory: hf_xet's own ``local://`` store, and a reader of its shards.

The clients write and read there themselves. The server only has to know which Xet file has which
SHA-256, which the shards say, and to give out the bytes to clients that use plain HTTP.
"""

from __future__ import annotations

import struct
import tempfile
import time
from pathlib import Path

HEADER = 48
ENTRY = 48
HAS_VERIFICATION = 1 << 31
HAS_METADATA = 1 << 30
BOOKEND = b"\xff" * 32


def _hex(digest: bytes) -> str:
    """Four little-endian words, as Xet writes its hashes."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", digest))


def files_of(directory: Path) -> dict[str, str]:
    """SHA-256 → Xet hash, of all files that the shards of a local store describe."""
    found = {}
    for path in directory.glob("xet/xorbs/shards/*.mdb"):
        shard = path.read_bytes()
        at = HEADER
        while shard[at : at + 32] != BOOKEND:
            xet = _hex(shard[at : at + 32])
            flags, entries = struct.unpack("<II", shard[at + 32 : at + 40])
            at += ENTRY * (1 + entries)
            at += ENTRY * entries if flags & HAS_VERIFICATION else 0
            if flags & HAS_METADATA:
                found[_hex(shard[at : at + 32])] = xet
                at += ENTRY
    return found


def read(directory: Path, xet: str, size: int, refresh_url: str) -> bytes:
    """The bytes of a file, put together by hf_xet."""
    import hf_xet

    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "file"
        group = hf_xet.XetSession().new_file_download_group(
            endpoint=f"local://{directory}",
            token="stand-in",
            token_expiry_unix_secs=int(time.time()) + 3600,
            token_refresh_url=refresh_url,
            token_refresh_headers={},
            custom_headers={},
        )
        with group:
            group.start_download_file(hf_xet.XetFileInfo(xet, size), str(target))
        return target.read_bytes()
