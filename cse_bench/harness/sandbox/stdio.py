"""What stands in for a machine's own in the sandbox: standard output, a temporary directory."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


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


class NoScratch:
    """Tells `tempfile`, when it is imported, a directory, where nothing can be written.

    Else it looks for one, finds none and raises, and libraries that only ask for its name when they
    are imported cannot be. Writing there fails, as it must.
    """

    def find_spec(self, name: str, *where: Any) -> ModuleSpec | None:
        """The module as it is, with its answer given."""
        if name != "tempfile":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            run = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                module.__dict__["tempdir"] = "/tmp"

            loader.exec_module = exec_module
        return spec
