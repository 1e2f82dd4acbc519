"""Gates ``query-text`` and ``query-support``: what users typed is common, and about products."""

from __future__ import annotations

import re

from cse_bench.privacy.base import LOG_AND_KEY, NOTHING, Gate, Reading, Subject
from cse_bench.privacy.support import LEAST
from cse_bench.release.schema import ALL_SPLITS

PERSONAL = {
    "an e-mail address": re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}"),
    "an IBAN": re.compile(
        r"\b[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){2,7}\s?[a-z0-9]{0,3}\b", re.IGNORECASE
    ),
    "an IP address": re.compile(
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,}[0-9a-f:]+\b"
    ),
    "a card number": re.compile(r"\b\d(?:[ -]?\d){12,18}\b"),
    "a telephone number": re.compile(
        r"(?:\+|\b00)\d(?:[ ()./-]?\d){6,14}\b|\b\d(?:[ ()./-]?\d){8,14}\b"
    ),
}
"""What a person may have typed of himself → how it looks."""

WORD = re.compile(r"\w+")


def personal(text: str) -> str | None:
    """What of a person a text seems to hold, or None."""
    return next((what for what, pattern in PERSONAL.items() if pattern.search(text)), None)


def words(text: str) -> list[str]:
    """The words of a text, case folded."""
    return WORD.findall(text.casefold())


def _texts(subject: Subject) -> list[tuple[str, str]]:
    """(Target shop, query) of every row, distinct."""
    found: set[tuple[str, str]] = set()
    for split in ALL_SPLITS:
        if subject.release.has("queries", split):
            table = subject.release.table("queries", split)
            shops, texts = (table[c].to_pylist() for c in ("target_shop", "query"))
            found.update(zip(shops, texts, strict=True))
    return sorted(found)


def _query_text(subject: Subject) -> list[Reading]:
    queries = _texts(subject)
    if not queries:
        return []
    found = [what for _, text in queries if (what := personal(text)) is not None]
    example = f"it looks like {found[0]}" if found else ""
    what = "queries that look like an address, a number or an account"
    return [Reading(what, len(found), limit=0, n=len(queries), example=example)]


QUERY_TEXT = Gate(
    name="query-text",
    about="no query looks like an e-mail, telephone, card, IBAN or IP address",
    threat="T4",
    threshold="0",
    needs=NOTHING,
    why="people type anything into a search box",
    measure=_query_text,
)


def _query_support(subject: Subject) -> list[Reading]:
    queries, facts = _texts(subject), subject.known()
    if not queries:
        return []
    least = min(facts.query_users.get(query, 0) for query in queries)
    strange = sum(not set(words(text)) <= facts.vocabulary for _, text in queries)
    return [
        Reading("least train users of a query in its shop", least, limit=LEAST, at_least=True),
        Reading("queries with a word that the catalogue lacks", strange, limit=0, n=len(queries)),
    ]


QUERY_SUPPORT = Gate(
    name="query-support",
    about="users who typed a query in its shop; all its words are the catalogue's",
    threat="T4",
    threshold=f"≥ {LEAST}; 0",
    needs=LOG_AND_KEY,
    why="a rare query, or a word that is no product's, may be a person's",
    measure=_query_support,
)
