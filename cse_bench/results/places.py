"""Where an entry's files stand, in a checkout and on the Hub alike."""

from __future__ import annotations

import re

from cse_bench.aligners.loading import NAME
from cse_bench.results.write import RANKS, RECORD

ENTRIES = "entries"
ALIGNER = "aligner.py"
VERIFICATION = "verification.json"

SUBMITTED = (RECORD, RANKS, ALIGNER)
"""What an author sends; the board adds `VERIFICATION`."""

SHA12 = 12
"""Hexadecimal digits of the SHA-256 of an entry's record, by which its folder goes."""

FOLDER = re.compile(rf"{ENTRIES}/(?P<aligner>{NAME.pattern})/(?P<sha12>[0-9a-f]{{{SHA12}}})")


def entry_folder(aligner: str, sha12: str) -> str:
    """The folder of an entry.

    Parameters
    ----------
    aligner : str
        Its aligner's name.
    sha12 : str
        The first `SHA12` digits.
    """
    return f"{ENTRIES}/{aligner}/{sha12}"
