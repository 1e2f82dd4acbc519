"""The protocol's version, and a fingerprint of the code that scores."""

from __future__ import annotations

import hashlib
from pathlib import Path

PROTOCOL_VERSION = "1.0"

SCORING_PARTS = ("metrics", "tasks", "harness")
NO_SCORING = ("harness/describe.py", "harness/describe_table.py", "harness/room.py")
"""What only tells of a release: no score of an aligner depends on it."""


def scoring_source_sha256() -> str:
    """SHA-256 over the source files that decide a score: for information, beside the version."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for part in SCORING_PARTS:
        for path in sorted((package / part).rglob("*.py")):
            name = path.relative_to(package).as_posix()
            if name in NO_SCORING:
                continue
            digest.update(name.encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
