"""Tracks: how much evidence an aligner gets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cse_bench.aligners.base import Evidence
from cse_bench.errors import InputError, did_you_mean
from cse_bench.release.read import Release

DRAWS = 5
"""Random draws of a limited number of pairs, also for deterministic aligners."""

PROTOCOL_SEED = 2007_14906
"""Draws and permutations are part of the protocol: every aligner meets the same ones."""


@dataclass(frozen=True)
class Track:
    """A named amount of evidence.

    Attributes
    ----------
    name : str
        Name of the track.
    about : str
        One line.
    kind : str or None
        The one kind of evidence it gives; None for none, or for all.
    n_pairs : int or None
        How many train pairs it gives; None for all.
    """

    name: str
    about: str
    kind: str | None
    n_pairs: int | None = None

    @property
    def draws(self) -> int:
        """How many draws of evidence there are."""
        return 1 if self.n_pairs is None else DRAWS


TRACKS = {
    track.name: track
    for track in (
        Track("unsupervised", "vectors and popularity only", None),
        Track("content", "with catalogue features", "content"),
        Track("pairs-50", "with 50 known pairs", "pairs", 50),
        Track("pairs-500", "with 500 known pairs", "pairs", 500),
        Track("pairs-all", "with all train pairs", "pairs"),
        Track("cross-sessions", "with train cross-shop sessions, no dictionary", "cross_sessions"),
        Track("open", "with two kinds of evidence or all three", None),
    )
}


def tracks_for(uses: frozenset[str]) -> list[Track]:
    """The tracks that an aligner enters, by the evidence it uses."""
    if len(uses) > 1:
        return [TRACKS["open"]]
    kind = next(iter(uses), None)
    if kind is None:
        return [TRACKS["unsupervised"]]
    return [track for track in TRACKS.values() if track.kind == kind]


def choose_tracks(uses: frozenset[str], wanted: tuple[str, ...], release: Release) -> list[Track]:
    """The tracks to run.

    Parameters
    ----------
    uses : frozenset of str
        The aligner's evidence.
    wanted : tuple of str
        Names that the user gave; empty for all that the aligner can enter.
    release : Release
        Must have the evidence.

    Raises
    ------
    InputError
        If a name is unknown, or the aligner or the release cannot enter that track.
    """
    possible = tracks_for(uses)
    names = [track.name for track in possible]
    for name in wanted:
        if name not in TRACKS:
            raise InputError(f"there is no track {name!r}", did_you_mean(name, list(TRACKS)))
        if name not in names:
            evidence = ", ".join(sorted(uses)) or "no evidence"
            raise InputError(
                f"the track {name!r} is not for an aligner that uses {evidence}",
                f"it enters: {', '.join(names)}",
            )
    _require_evidence(uses, release)
    chosen = [track for track in possible if not wanted or track.name in wanted]
    if "pairs" not in uses:
        return chosen
    fewest = min(len(release.pairs("train", *direction)) for direction in release.directions)
    fitting = [track for track in chosen if (track.n_pairs or 1) <= fewest]
    lost = [track.name for track in chosen if track not in fitting]
    if not fitting or (wanted and lost):
        raise InputError(
            f"the release {release.name} has only {fewest} train pairs, too few for {lost[0]}"
        )
    return fitting


MISSING = {
    "content": "it was built without --catalogue; cse-bench list names what uses none",
    "pairs": "it was built without --with-pairs; graph-matching, for one, uses none",
    "cross_sessions": "nobody shopped in both shops; cse-bench list names what uses none",
}
"""Evidence → why a release may have none of it."""


def _require_evidence(uses: frozenset[str], release: Release) -> None:
    """Refuse a release that lacks what the aligner cannot do without."""
    rows = {name: entry.rows for name, entry in release.manifest.files.items()}
    there = {
        "content": release.manifest.content_dimensions is not None,
        "pairs": rows.get("pairs/train.parquet", 0) > 0,
        "cross_sessions": rows.get("cross_sessions/train.parquet", 0) > 0,
    }
    for kind in sorted(uses):
        if not there[kind]:
            raise InputError(
                f"the aligner uses {kind}, but the release {release.name} has none",
                MISSING[kind],
            )


def train_evidence(release: Release, source: str, target: str) -> Evidence:
    """All evidence of one direction: train pairs, and train cross-shop sessions both ways round.

    Parameters
    ----------
    release : Release
        The release.
    source, target : str
        The direction.
    """
    there = release.rows("cross_sessions", "train", source, target)
    back = release.rows("cross_sessions", "train", target, source)
    return Evidence(
        pairs=release.pairs("train", source, target),
        cross_sessions=(there.source + back.target, there.target + back.source),
    )


def draw_evidence(evidence: Evidence, track: Track, draw: int) -> Evidence:
    """The evidence of one draw; what an aligner does not declare is taken out by `contract.align`.

    Draws of pairs are nested: the 50 of draw i are the first of its 500. A release lists its pairs
    in one order whichever way round they are read, so both directions draw the same ones.

    Parameters
    ----------
    evidence : Evidence
        From `train_evidence`.
    track : Track
        The track.
    draw : int
        Number of the draw.
    """
    if track.n_pairs is None:
        return evidence
    rng = np.random.default_rng([PROTOCOL_SEED, 1, draw])
    chosen = rng.permutation(len(evidence.pairs))[: track.n_pairs]
    return replace(evidence, pairs=evidence.pairs[chosen])
