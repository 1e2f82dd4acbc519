"""A commitment to a release that its maintainer keeps to himself.

The public manifest carries ``SHA-256(tag ‖ salt ‖ fingerprint)`` of the sealed release, whose
fingerprint covers every table and so every label. Whoever is later shown the sealed release and its
salt can see that it is the one that was committed to; before that, the digest tells nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from cse_bench.errors import ReleaseError
from cse_bench.release.manifest import Manifest

SEAL = "seal.json"
TAG = "cse-bench sealed release 1"
SALT_BYTES = 32


def commitment(salt: bytes, sealed: Manifest) -> str:
    """The digest, in hexadecimal digits, that a public manifest carries."""
    parts = (TAG.encode(), salt, bytes.fromhex(sealed.fingerprint))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def write_seal(directory: Path, sealed: Manifest) -> str:
    """Draw a salt, write it beside the sealed release, and return the commitment."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = commitment(salt, sealed)
    seal = {"tag": TAG, "salt": salt.hex(), "fingerprint": sealed.fingerprint, "commitment": digest}
    (directory / SEAL).write_text(json.dumps(seal, indent=2) + "\n", encoding="utf-8")
    return digest


def check_seal(directory: Path, sealed: Manifest, public: Manifest) -> None:
    """Refuse a sealed release that is not the one that a public manifest commits to.

    Parameters
    ----------
    directory : Path
        Of the sealed release.
    sealed, public : Manifest
        Of the sealed and of the public release.

    Raises
    ------
    ReleaseError
        If there is no commitment, or the sealed release does not open it.
    """
    path = directory / SEAL
    if public.sealed_commitment is None:
        raise ReleaseError(f"the release {public.name} commits to no sealed release")
    try:
        salt = bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["salt"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{path} holds no salt: {error}") from None
    if commitment(salt, sealed) != public.sealed_commitment:
        raise ReleaseError(
            f"{directory} is not the sealed release that {public.name} {public.version} commits to"
        )
