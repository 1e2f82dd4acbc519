"""Standard output in the sandbox: into a log of a fixed size."""

from __future__ import annotations

import contextlib
import os


class Bounded:
    """Standard output that loses what no longer fits, where the log file would raise.

    Parameters
    ----------
    handle : int
        The descriptor.
    """

    encoding, errors = "utf-8", "replace"

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def write(self, text: str) -> int:
        """Write what fits."""
        with contextlib.suppress(OSError):
            os.write(self.handle, text.encode("utf-8", errors="replace"))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """No."""
        return False

    def fileno(self) -> int:
        """The descriptor."""
        return self.handle
