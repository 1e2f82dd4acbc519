"""What a build read, what it left out and why, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from cse_bench.logs.schema import Drop

USERS = "users"
PRODUCTS = "products"
VISITS = "visits"
SESSIONS = "sessions"
RENDERED = "rendered rows"
EMBEDDINGS = "embeddings"
TABLES = "tables"
GATES = "privacy gates"
STAGES = (USERS, PRODUCTS, VISITS, SESSIONS, RENDERED, EMBEDDINGS, TABLES, GATES)
"""What a build tells of itself, in order."""


@dataclass
class BuildReport:
    """Counts, collected while a release is built.

    Attributes
    ----------
    read : dict of str to int
        Rows, users and products that the reader gave.
    drops : list of Drop
        What was left out, and why.
    shops : dict of str to dict of str to int
        Of each shop: what was read, and what stayed.
    rows : dict of str to dict of str to dict of str to int
        Rows of each table and split, by direction or shop.
    notes : list of str
        What else the one who built it should know.
    """

    read: dict[str, int] = field(default_factory=dict)
    drops: list[Drop] = field(default_factory=list)
    shops: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of_archive(cls, drops: list[Drop], splits: list[str]) -> BuildReport:
        """The report of a release that was only repacked."""
        return cls(
            read={"sessions": len(splits)},
            drops=drops,
            rows={"cross_sessions": {split: {"all": n} for split, n in Counter(splits).items()}},
        )

    def drop(self, table: str, reason: str, rows: int) -> None:
        """Note rows that were left out, if there are any."""
        if rows:
            self.drops.append(Drop(table, reason, int(rows)))

    def as_dict(self) -> dict[str, Any]:
        """What ``build_report.json`` holds."""
        return asdict(self)
