"""How wide a table may be: as the terminal is, or as a reader of a file can bear."""

from __future__ import annotations

import os
import sys

ELSEWHERE = 160
"""Letters, where nothing says how many there are."""


def width() -> int | None:
    """Letters of a line; None for what rich finds out itself: the terminal's, or ``$COLUMNS``."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else ELSEWHERE
