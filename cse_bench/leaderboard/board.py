"""What the board shows, as ``board.json`` holds it: made from entries, read by the site."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cse_bench.leaderboard.verification import Badge
from cse_bench.results.record import AlignerRecord, Environment, Isolation, ReleaseReference

BOARD_SCHEMA_VERSION: Literal[1] = 1


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class OneWay(_Record):
    """A score in one direction."""

    source_shop: str
    target_shop: str
    value: float
    ci_low: float
    ci_high: float
    n: int
    floor: float
    reference: float | None
    oracle: float | None
    gap_closed: float | None
    gap_ci_low: float | None
    gap_ci_high: float | None


class Row(_Record):
    """An entry's line in one standing."""

    entry: str = Field(description="first 12 hex digits of the SHA-256 of its result.json")
    rank: int | None = Field(
        description="1 is best; entries that no test can tell from the group's first share it; "
        "null in a standing that is not ranked"
    )
    gap_closed: float | None = Field(description="mean of the directions")
    gap_low: float | None = Field(description="the widest that its 95 % interval can be")
    gap_high: float | None
    directions: list[OneWay]


class Standing(_Record):
    """The entries of one track on one primary metric, best first."""

    track: str
    task: str
    variant: str
    metric: str
    not_ranked: str | None = Field(description="why there are no ranks; null where there are")
    rows: list[Row]


class Quarter(_Record):
    """Gap closed on one quarter of the products by popularity."""

    variant: str
    label: str
    gap_closed: float | None
    gap_low: float | None
    gap_high: float | None


class TrackCost(_Record):
    """What an entry's fits cost on one track; self-reported, never ranked."""

    track: str
    seconds: float = Field(description="median of the fits")
    peak_rss_bytes: int
    runs: int
    failed: int = Field(description="runs no better than a random rotation")
    quarters: list[Quarter] = Field(description="of next_event, rare products first")


class BoardEntry(_Record):
    """One entry."""

    entry: str
    folder: str = Field(description="entries/<aligner>/<sha12>")
    aligner: AlignerRecord
    badge: Badge
    verified: str | None = Field(description="when it was verified; ISO 8601")
    created: str
    command: str
    isolation: Isolation
    environment: Environment
    flags: list[str]
    tracks: list[TrackCost]


class About(_Record):
    """A track or a task."""

    name: str
    about: str
    guard: bool = Field(default=False, description="a task that only guards: nobody ranks by it")


class Board(_Record):
    """The whole board."""

    schema_version: Literal[1]
    cse_bench: str
    protocol: str
    release: ReleaseReference
    licence: str = Field(description="of the release")
    directions: list[tuple[str, str]]
    tracks: list[About]
    tasks: list[About]
    standings: list[Standing]
    entries: list[BoardEntry]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``board.json``; exported to ``leaderboard/schema``."""
    schema = Board.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cse-bench board"
    return schema
