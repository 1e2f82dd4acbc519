"""Numbers as the pages tell them, and what the badges mean."""

from __future__ import annotations

from cse_bench.leaderboard.board import BoardEntry
from cse_bench.leaderboard.verification import Badge

BADGES: dict[Badge, str] = {
    "self-reported": "The author's own run. The scores were computed again from its ranks; "
    "nobody has run the aligner again.",
    "reproduced": "The aligner's file was run again in a sandbox, and the scores came back.",
    "sealed": "Run again in a sandbox, and run on a release that nobody outside has seen: "
    "the gap it closes there agrees.",
}
"""Badge → what it says; weakest first. The style sheet gives each a mark of its own."""

EXPLAINED = {
    "rendered": "simulated crossings: half of a real basket is shown as the other shop's products, "
    "the rest is to be found",
    "real": "real crossings: a shopper's visit, and their next one in the other shop",
    "queries": "what shoppers typed there, as their log has it",
    "cosine": "each product against all of the other shop",
    "lower": "the lower of the two shops",
    "auc": "the share of products of like popularity that the right one beats; chance is .5",
    "bits": "bits gained per query over guessing by popularity",
    "mrr": "mean reciprocal rank",
    "ratio": "what is left in the shared space of a shop's own quality",
}
"""Variants and metrics in a line each, where this package knows them."""

MISSING = "–"

MINUTE, HOUR = 60, 3600


def percent(value: float | None) -> str:
    """A share, without a sign before nought."""
    if value is None:
        return MISSING
    text = f"{value:.0%}"
    return "0%" if text == "-0%" else text.replace("-", "−")


def exact(value: float | None) -> str:
    """To be sorted by: six digits, or nothing where there is no number."""
    return "" if value is None else f"{value:.6g}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends of a gap's interval, in per cent."""
    if low is None or high is None:
        return ""
    return f"[{percent(low)[:-1]}, {percent(high)[:-1]}]"


def number(value: float | None) -> str:
    """Three decimals, four below a tenth, with a true minus."""
    if value is None:
        return MISSING
    digits = 4 if abs(value) < 0.1 else 3
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return "0"
    return ("−" if value < 0 else "") + text.removeprefix("0")


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, with two digits that count."""
    if seconds < 1:
        return f"{seconds:.2g} s"
    for size, unit in ((HOUR, "h"), (MINUTE, "min"), (1, "s")):
        if seconds >= size:
            amount = seconds / size
            return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.1f} {unit}"
    raise AssertionError(seconds)


def memory(n_bytes: int) -> str:
    """Megabytes or gigabytes, decimal."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def hardware(entry: BoardEntry) -> str:
    """What an entry's costs were measured on."""
    cores = entry.environment.cores
    return f"{cores} core{'' if cores == 1 else 's'}, {entry.environment.platform}"


def spaced(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def day(moment: str) -> str:
    """The day of an ISO 8601 moment."""
    return moment.partition("T")[0]
