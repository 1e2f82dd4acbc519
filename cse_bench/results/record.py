"""The result record, version 1: what ``result.json`` holds."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

RESULT_SCHEMA_VERSION: Literal[1] = 1


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Protocol(_Record):
    """Which rules the scores follow."""

    version: str
    scoring_source_sha256: str = Field(description="for information; the version is the identity")


class ReleaseReference(_Record):
    """Which data the scores are about."""

    name: str
    version: str
    fingerprint: str
    revision: str | None = Field(description="commit on the Hub, if it came from there")
    repo: str | None = Field(default=None, description="repository on the Hub, likewise")


class AlignerRecord(_Record):
    """Who was scored."""

    name: str
    version: str
    authors: list[str]
    description: str
    licence: str
    citation: str
    uses: list[str]
    stochastic: bool
    parameters: dict[str, Any]
    source_sha256: str


CONTROL = "paper-aligned"
"""What stands in place of a track for vectors that the data's own authors aligned: a control, the
same in every result."""


class Cell(NamedTuple):
    """What one score is about."""

    track: str
    source_shop: str
    target_shop: str
    split: str
    task: str
    variant: str
    metric: str

    def __str__(self) -> str:
        return (
            f"{self.track}, {self.source_shop} → {self.target_shop}, {self.task}, "
            f"{self.variant}, {self.metric}"
        )


BINNED = re.compile(r"(?P<base>.+)-popularity-(?P<number>\d+)of(?P<of>\d+)")


class PopularityBin(NamedTuple):
    """The variant that is cut by popularity, the bin's number from the least, and of how many."""

    base: str
    number: int
    of: int


class Score(_Record):
    """One number with its interval and its context."""

    track: str
    source_shop: str
    target_shop: str
    split: Literal["validation", "test"]
    task: str
    metric: str
    variant: str
    value: float
    ci_low: float
    ci_high: float
    n: int = Field(description="queries that count")
    floor: float = Field(description="a random rotation")
    reference: float | None = Field(description="procrustes on all train pairs; 1 in gap_closed")
    oracle: float | None = Field(description="the dictionary of every pair; no bound")
    gap_closed: float | None = Field(description="(value - floor) / (reference - floor)")
    gap_ci_low: float | None
    gap_ci_high: float | None
    discriminative: bool | None = Field(
        description="whether the oracle's interval stands above the floor; null without an oracle"
    )

    @property
    def cell(self) -> Cell:
        """What it is about."""
        return Cell(*(getattr(self, name) for name in Cell._fields))

    @property
    def bin(self) -> PopularityBin | None:
        """Of which whole it is a bin of popularity, if it is one."""
        found = BINNED.fullmatch(self.variant)
        return found and PopularityBin(found["base"], int(found["number"]), int(found["of"]))


class Diagnostic(_Record):
    """What the aligned space of a track's first run looks like."""

    track: str
    source_shop: str
    target_shop: str
    hubness: float = Field(
        description="skewness of how often a target product is among a source product's 10 nearest"
    )
    eigenvector_similarity: float = Field(
        description="of the two shops' neighbour graphs (Søgaard et al. 2018); 0 is isospectral"
    )


class RunRecord(_Record):
    """What one fit cost."""

    track: str
    source_shop: str
    target_shop: str
    draw: int
    seed: int
    fit_seconds: float
    peak_rss_bytes: int = Field(
        description="of the fit's own process; in the open, of the harness so far"
    )
    failed: bool = Field(description="no better than the best of the floor's random rotations")


class Environment(_Record):
    """What the scores were computed with."""

    cse_bench: str
    python: str
    platform: str
    cores: int
    packages: dict[str, str]


class Isolation(_Record):
    """How the aligner was kept apart from labels and scoring."""

    backend: Literal["bubblewrap", "landlock", "none"] = Field(
        description="what every run of the aligner was shut in; none is the harness's own process"
    )
    official: bool = Field(description="whether every run of the aligner was in a sandbox")


class Result(_Record):
    """One aligner on one release."""

    schema_version: Literal[1]
    protocol: Protocol
    release: ReleaseReference
    aligner: AlignerRecord
    scores: list[Score]
    runs: list[RunRecord]
    diagnostics: list[Diagnostic]
    flags: list[str] = Field(description="what a reader of the scores must know, in sentences")
    environment: Environment
    isolation: Isolation
    created: str = Field(description="ISO 8601, UTC")
    command: str

    def __repr__(self) -> str:
        splits = "/".join(dict.fromkeys(score.split for score in self.scores))
        release = f"{self.release.name} {self.release.version}"
        return (
            f"Result({self.aligner.name} {self.aligner.version} on {release}, {splits}: "
            f"{len(self.scores)} scores)"
        )

    __str__ = __repr__


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``result.json``; exported to ``leaderboard/schema/result.json``."""
    schema = Result.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cse-bench result"
    return schema
