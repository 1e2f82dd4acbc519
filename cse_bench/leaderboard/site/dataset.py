"""What a release's privacy report says, for the page about the data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pydantic import ValidationError

from cse_bench.privacy.report import GateResult, PrivacyReport

FIRST_SAID = ("failed", "waived", "not checked", "by the build", "passed", "reported")
"""Verdicts in the order of telling: what did not hold comes first."""

MARKS = {"passed": "✓", "failed": "✗", "waived": "△", "reported": "i"}


@dataclass(frozen=True)
class Privacy:
    """A privacy report, for a page.

    Attributes
    ----------
    text : str
        What was given, shown as it is where it is no report in JSON.
    gates : list of GateResult
        The gates, what did not hold first; empty where it is no report in JSON.
    verdicts : list of (str, int)
        How many gates have each verdict.
    other_release : bool
        Whether it is about other data than the board's.
    """

    text: str
    gates: list[GateResult]
    verdicts: list[tuple[str, int]]
    other_release: bool

    @property
    def waived(self) -> list[GateResult]:
        """Gates that need not hold, and why."""
        return [gate for gate in self.gates if gate.verdict == "waived"]

    @property
    def failed(self) -> list[GateResult]:
        """Gates that do not hold."""
        return [gate for gate in self.gates if gate.verdict == "failed"]


def read_privacy(text: str, fingerprint: str) -> Privacy:
    """Read a privacy report: the build's JSON, or any text, which is then shown as it is.

    Parameters
    ----------
    text : str
        The report.
    fingerprint : str
        Of the board's release.
    """
    try:
        report = PrivacyReport.model_validate_json(text)
    except ValidationError:
        return Privacy(text, [], [], other_release=False)

    def order(verdict: str) -> int:
        return FIRST_SAID.index(verdict) if verdict in FIRST_SAID else len(FIRST_SAID)

    counts = Counter(gate.verdict for gate in report.gates)
    return Privacy(
        text,
        sorted(report.gates, key=lambda gate: order(gate.verdict)),
        sorted(counts.items(), key=lambda pair: order(pair[0])),
        other_release=report.fingerprint != fingerprint,
    )
