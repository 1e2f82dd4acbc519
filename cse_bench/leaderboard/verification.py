"""What was found out about a result, and the badge it earns: ``verification.json``."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from cse_bench.results.record import Environment, ReleaseReference

VERIFICATION_SCHEMA_VERSION: Literal[1] = 1

Badge = Literal["self-reported", "reproduced", "sealed"]
BADGES: tuple[Badge, ...] = get_args(Badge)
"""From the least to the most."""

SCHEMA, RELEASE, PROTOCOL, FILE = "schema", "release", "protocol", "aligner file"
RANKS, RESCORED, AGAIN, HIDDEN = "ranks", "rescored", "reproduced", "sealed"
"""The checks, in the order in which they are made."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Record):
    """One thing that was looked at."""

    name: str
    passed: bool
    told: str = Field(description="what was seen; where it failed, what was wrong")


class Tolerance(_Record):
    """How far a number of this aligner may be from one that is computed again."""

    task: str
    variant: str
    metric: str
    value: float
    seen: float = Field(description="largest difference between 1, 2 and 4 threads")


class SealedTrack(_Record):
    """The gap that one track closes, here and on the sealed release."""

    track: str
    public: float
    public_low: float
    public_high: float
    sealed: float
    sealed_low: float
    sealed_high: float


class Verification(_Record):
    """One result, looked at."""

    schema_version: Literal[1]
    badge: Badge | None = Field(description="null: rejected")
    result_sha256: str
    ranks_sha256: str | None = Field(description="null: there are none")
    aligner_sha256: str | None = Field(description="null: no file was given")
    checks: list[Check]
    tolerances: list[Tolerance] = Field(description="empty: the aligner was not run again")
    sealed_release: ReleaseReference | None
    sealed_tracks: list[SealedTrack]
    isolation: str | None = Field(description="what the aligner was run again in")
    environment: Environment
    created: str = Field(description="ISO 8601, UTC")

    @property
    def problems(self) -> list[str]:
        """What was wrong."""
        return [f"{check.name}: {check.told}" for check in self.checks if not check.passed]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``verification.json``; exported to ``leaderboard/schema``."""
    schema = Verification.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cse-bench verification"
    return schema
