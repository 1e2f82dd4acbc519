"""What libraries expect of a machine and do not find in the sandbox: stand-ins that do no harm."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


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


class NoTemporaryDirectory:
    """Tells `tempfile`, when it is imported, a directory instead of letting it look for one.

    Where nothing can be written it finds none and raises, which torch's import takes for the end.
    Writing there fails, as it must.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as it is, with a loader that goes on to say where."""
        if name != "tempfile":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Told(spec.loader)
        return spec


class _Told(Loader):
    """Loads `tempfile`, and sets its directory.

    Parameters
    ----------
    loader : Loader
        Its own.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def exec_module(self, module: ModuleType) -> None:
        """Run it, and set what it would look for."""
        self.loader.exec_module(module)
        module.__dict__["tempdir"] = "/tmp"
