"""Run the gates on a release, and write down what they found."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cse_bench.errors import ReleaseError
from cse_bench.privacy.base import Gate, Reading, Subject
from cse_bench.privacy.registry import GATES
from cse_bench.release.manifest import PRIVACY_REPORT

Verdict = Literal[
    "passed", "failed", "waived", "reported", "not applicable", "not checked", "by the build"
]


class Value(BaseModel):
    """One reading, as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    value: float
    low: float | None
    high: float | None
    limit: float | None
    at_least: bool
    n: int | None
    holds: bool
    example: str

    def told(self) -> str:
        """One line: value, interval, limit, number, example."""
        text = f"{self.what}: {self.value:.4g}"
        if self.low is not None and self.high is not None:
            text += f" [{self.low:.3g}, {self.high:.3g}]"
        if self.limit is not None:
            text += f", {'at least' if self.at_least else 'at most'} {self.limit:.3g}"
            if not self.holds and not self.at_least and self.value <= self.limit:
                text += " (the interval's upper end counts)"
        if self.n is not None:
            text += f", n {self.n:,}"
        return text + (f"; {self.example}" if self.example else "")


class GateResult(BaseModel):
    """What one gate found.

    Attributes
    ----------
    name, about, threat, threshold, why : str
        The gate.
    verdict : str
        What follows.
    because : str
        Why a waived gate need not hold.
    values : list of Value
        What was measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    about: str
    threat: str
    threshold: str
    why: str
    verdict: Verdict
    because: str = ""
    values: list[Value]


class PrivacyReport(BaseModel):
    """What ``privacy_report.json`` holds.

    Attributes
    ----------
    schema_version : int
        Version of this format.
    fingerprint : str
        Of the release that was examined.
    gates : list of GateResult
        One for every gate.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    fingerprint: str
    gates: list[GateResult]

    @property
    def failed(self) -> list[GateResult]:
        """The gates that failed and were not waived."""
        return [gate for gate in self.gates if gate.verdict == "failed"]


def examine(
    subject: Subject,
    waivers: dict[str, str],
    *,
    earlier: PrivacyReport | None = None,
    step: Callable[[str], None] = lambda name: None,
) -> PrivacyReport:
    """Run every gate whose input is at hand.

    Parameters
    ----------
    subject : Subject
        What is examined.
    waivers : dict of str to str
        Gate → why it need not hold.
    earlier : PrivacyReport, optional
        The build's own report: its findings stand in for gates that need log or key, marked so.
    step : callable
        Told the name of each gate as it begins.
    """
    known = {} if earlier is None else {gate.name: gate for gate in earlier.gates}
    results = []
    for gate in GATES.values():
        step(gate.name)
        if gate.needs and subject.facts is None:
            results.append(_unchecked(gate, known.get(gate.name)))
            continue
        readings = gate.measure(subject)
        before = known.get(gate.name)
        if not readings and subject.facts is None and before is not None and before.values:
            results.append(_unchecked(gate, before))  # the log had enough of it to measure
        else:
            results.append(_judge(gate, readings, waivers))
    return PrivacyReport(fingerprint=subject.release.manifest.fingerprint, gates=results)


def _judge(gate: Gate, readings: list[Reading], waivers: dict[str, str]) -> GateResult:
    verdict: Verdict
    if not readings:
        verdict = "not applicable"
    elif not all(reading.holds for reading in readings):
        verdict = "waived" if gate.name in waivers else "failed"
    elif all(reading.limit is None for reading in readings):
        verdict = "reported"
    else:
        verdict = "passed"
    because = waivers[gate.name] if verdict == "waived" else ""
    return _result(gate, verdict, because, [_value(reading) for reading in readings])


def _unchecked(gate: Gate, earlier: GateResult | None) -> GateResult:
    if earlier is not None and earlier.verdict == "failed":
        return _result(gate, "failed", "the build found: failed", earlier.values)
    if earlier is None or earlier.verdict == "not checked":
        return _result(gate, "not checked", f"needs {' and '.join(sorted(gate.needs))}", [])
    because = f"the build found: {earlier.verdict}"
    if earlier.because:
        because += f" ({earlier.because})"
    return _result(gate, "by the build", because, earlier.values)


def _result(gate: Gate, verdict: Verdict, because: str, values: list[Value]) -> GateResult:
    return GateResult(
        name=gate.name,
        about=gate.about,
        threat=gate.threat,
        threshold=gate.threshold,
        why=gate.why,
        verdict=verdict,
        because=because,
        values=values,
    )


def _value(reading: Reading) -> Value:
    def number(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else round(float(value), 6)

    return Value(
        what=reading.what,
        value=round(float(reading.value), 6),
        low=number(reading.low),
        high=number(reading.high),
        limit=number(reading.limit),
        at_least=reading.at_least,
        n=reading.n,
        holds=bool(reading.holds),
        example=reading.example,
    )


def write_report(directory: Path, report: PrivacyReport) -> None:
    """Write ``privacy_report.json`` into a release."""
    text = json.dumps(report.model_dump(), indent=2, ensure_ascii=False) + "\n"
    (directory / PRIVACY_REPORT).write_text(text, encoding="utf-8")


def read_report(directory: Path, fingerprint: str) -> PrivacyReport | None:
    """The report that stands in a release; None where there is none.

    Raises
    ------
    ReleaseError
        If it cannot be understood, or is of another release.
    """
    path = directory / PRIVACY_REPORT
    if not path.is_file():
        return None
    try:
        report = PrivacyReport.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path} cannot be understood: {str(error).splitlines()[0]}") from None
    if report.fingerprint != fingerprint:
        raise ReleaseError(
            f"{path} is of another release ({report.fingerprint[:12]}…)", "build the release again"
        )
    return report
