"""What can go wrong on the way, on purpose: named by request, done before or after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Fault:
    """Something that happens to matching requests.

    Attributes
    ----------
    request : str
        Regular expression on ``METHOD /path``.
    status : int, optional
        Answer this instead of doing what was asked.
    says : str
        The message with it.
    drop : str
        ``before``: hang up without doing what was asked; ``after``: do it, then hang up.
    delay : float
        Seconds to wait first.
    call : callable, optional
        Called first, without arguments.
    times : int
        How often; then all is well again.
    """

    request: str
    status: int | None = None
    says: str = "the stand-in was told to say so"
    drop: str = ""
    delay: float = 0.0
    call: Callable[[], None] | None = None
    times: int = 10**9
    seen: int = field(default=0, init=False)

    def matches(self, method: str, path: str) -> bool:
        return self.seen < self.times and re.search(self.request, f"{method} {path}") is not None
