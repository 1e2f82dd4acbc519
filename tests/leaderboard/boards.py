"""Invented boards for the site's tests: plausible ones, hostile ones, big ones."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from cse_bench.leaderboard.board import (
    About,
    Board,
    BoardEntry,
    OneWay,
    Quarter,
    Row,
    Standing,
    TrackCost,
)
from cse_bench.results.record import AlignerRecord, Environment, Isolation, ReleaseReference

DIRECTIONS = [("SHOP1", "SHOP2"), ("SHOP2", "SHOP1")]

TRACKS = {
    "unsupervised": "vectors and popularity only",
    "content": "with catalogue features",
    "pairs-50": "with 50 known pairs",
    "pairs-500": "with 500 known pairs",
    "pairs-all": "with all train pairs",
    "cross-sessions": "with train cross-shop sessions, no dictionary",
    "open": "with two kinds of evidence or all three",
}
"""Track → about."""

KINDS = {
    (): ["unsupervised"],
    ("content",): ["content"],
    ("pairs",): ["pairs-50", "pairs-500", "pairs-all"],
    ("cross_sessions",): ["cross-sessions"],
    ("content", "pairs"): ["open"],
    ("content", "pairs", "cross_sessions"): ["open"],
}
"""What an aligner uses → the tracks that it runs."""

PRIMARY = {
    # Not in the order of showing: the site puts the first question first itself.
    ("type_ahead", "rendered", "bits"): (0.0, 0.28, 0.33),
    ("next_event", "rendered", "auc"): (0.5, 0.648, 0.654),
    ("next_event", "real", "auc"): (0.5, 0.567, 0.572),
    ("translation", "cosine", "mrr"): (0.001, 0.0797, None),
    ("type_ahead", "real", "bits"): (0.0, 0.004, 0.003),
    ("retention", "lower", "ratio"): (1.0, None, None),
}
"""Primary metric → floor, reference, oracle."""

DULL = ("type_ahead", "real", "bits")
WHY = "The oracle does not stand above the floor: nothing can be told apart here."

TASKS = [
    About(name="next_event", about="a session in one shop → the next products in the other"),
    About(name="type_ahead", about="a session, and a prefix → the query typed in the other shop"),
    About(name="translation", about="a source product → its pair among all target products"),
    About(name="retention", about="what is left of a shop's own quality", guard=True),
]

PLANTED = (
    "<script>window.ran=1</script><img src=x onerror=window.ran=1>\"'><svg onload=window.ran=1>"
    "</script></pre></title>{{7*7}} javascript:alert(1) "
)

FIRST, SECOND = (
    ("orthogonal", "sparse", "joint", "seeded", "spectral", "robust", "tiny", "entropic"),
    ("procrustes", "transport", "hub", "anchors", "cca", "graph", "walk", "map"),
)


def make_board(n: int = 24, *, seed: int = 0, dense: bool = False, planted: str = "") -> Board:
    """A board.

    Parameters
    ----------
    n : int
        How many entries.
    seed : int
        The same seed gives the same board.
    dense : bool
        Whether every entry stands on every track.
    planted : str
        Stands in every text that is not checked elsewhere.
    """
    draw = random.Random(seed)
    entries = [_entry(i, draw, dense=dense, planted=planted) for i in range(n)]
    standings = [
        _standing(track, key, entries, draw, planted)
        for track in TRACKS
        for key in PRIMARY
        if any(cost.track == track for entry in entries for cost in entry.tracks)
    ]
    return Board(
        schema_version=1,
        cse_bench="0.10.0",
        protocol=f"1.0{planted}",
        release=ReleaseReference(
            name=f"cross-shop-embeddings{planted}",
            version=f"1.0.0{planted}",
            fingerprint=f"{'0d' * 32}{planted}",
            revision=None,
        ),
        licence=f"cc0-1.0{planted}",
        directions=DIRECTIONS,
        tracks=[About(name=name, about=about + planted) for name, about in TRACKS.items()],
        tasks=[task.model_copy(update={"about": task.about + planted}) for task in TASKS],
        standings=standings,
        entries=entries,
    )


def sources_of(board: Board, planted: str = "") -> dict[str, str]:
    """A source for each entry."""
    return {
        e.entry: f'"""{e.aligner.name}."""\nname = "{e.aligner.name}"\n# a < b & c\n{planted}\n'
        for e in board.entries
    }


def _entry(i: int, draw: random.Random, *, dense: bool, planted: str) -> BoardEntry:
    name = f"{draw.choice(FIRST)}-{draw.choice(SECOND)}-{i}"
    uses = draw.choice(list(KINDS))
    tracks = list(TRACKS) if dense else KINDS[uses]
    digest = hashlib.sha256(f"{name}{i}".encode()).hexdigest()
    long = "A long sentence about everything that was tried. " * (8 if i == 1 else 1)
    return BoardEntry(
        entry=digest[:12],
        folder=f"entries/{name}/{digest[:12]}",
        aligner=AlignerRecord(
            name=name,
            version=f"{1 + i % 3}{planted}",
            authors=[f"A. Uthor {i}{planted}", "The other author"][: 1 + i % 2],
            description=long + planted,
            licence=f"Apache-2.0{planted}",
            citation=f"@misc{{entry{i},\n  title = {{{name}}}\n}}{planted}" if i % 5 else "",
            uses=list(uses),
            stochastic=bool(i % 2),
            parameters={f"alpha{planted}": 0.1, "text": planted},
            source_sha256=digest,
        ),
        badge=("self-reported", "reproduced", "sealed")[i % 3],
        verified="2026-11-22T10:00:00+00:00" if i % 3 else None,
        created="2026-11-20T10:00:00+00:00",
        command=f"cse-bench evaluate {name}.py{planted}",
        isolation=Isolation(backend="bubblewrap" if i % 7 else "none", official=bool(i % 7)),
        environment=Environment(
            cse_bench="0.10.0",
            python=f"3.11.7{planted}",
            platform=f"Linux x86_64{planted}",
            cores=1 + i % 4,
            packages={f"numpy{planted}": f"2.4.6{planted}"},
        ),
        flags=[f"{tracks[0]}: keeps 0.836 of a shop's own quality{planted}"] if i % 4 == 0 else [],
        tracks=[_cost(track, draw, planted) for track in tracks],
    )


def _cost(track: str, draw: random.Random, planted: str) -> TrackCost:
    quarters = [
        Quarter(
            variant="rendered",
            label=f"{q} of 4{planted}",
            gap_closed=gap,
            gap_low=gap - 0.06,
            gap_high=gap + 0.06,
        )
        for q in (1, 2, 3, 4)
        for gap in [draw.uniform(0.2, 1.1)]
    ]
    return TrackCost(
        track=track,
        seconds=10 ** draw.uniform(-3, 3.8),
        peak_rss_bytes=draw.randrange(60_000_000, 4_000_000_000),
        runs=10,
        failed=draw.choice([0, 0, 0, 2]),
        quarters=quarters,
    )


def _standing(
    track: str,
    key: tuple[str, str, str],
    entries: list[BoardEntry],
    draw: random.Random,
    planted: str,
) -> Standing:
    guard, dull = key[0] == "retention", key == DULL
    own = [e for e in entries if any(cost.track == track for cost in e.tracks)]
    rows = [_row(entry, key, draw) for entry in own]
    rows.sort(key=lambda row: -(row.gap_closed or row.directions[0].value))
    why = "It only guards: nobody ranks by it." if guard else WHY if dull else None
    if why is None:
        rows = list(_ranked(rows))
    task, variant, metric = key
    return Standing(
        track=track,
        task=task,
        variant=variant,
        metric=metric,
        not_ranked=None if why is None else why + planted,
        rows=rows,
    )


def _row(entry: BoardEntry, key: tuple[str, str, str], draw: random.Random) -> Row:
    floor, reference, oracle = PRIMARY[key]
    gap = draw.choice([draw.uniform(0.3, 1.15), draw.uniform(-0.2, 0.6), draw.uniform(0.8, 1.0)])
    ways = list(_ways(gap, floor, reference, oracle, draw))
    if reference is None:
        gap, half = None, None
    else:
        half = 0.05
    return Row(
        entry=entry.entry,
        rank=None,
        gap_closed=gap,
        gap_low=None if gap is None else gap - half,
        gap_high=None if gap is None else gap + half,
        directions=ways,
    )


def _ways(
    gap: float, floor: float, reference: float | None, oracle: float | None, draw: random.Random
) -> Iterator[OneWay]:
    for source, target in DIRECTIONS:
        own = gap + draw.uniform(-0.03, 0.03)
        width = 0.2 if reference is None else reference - floor
        value = floor + own * width if reference is not None else 1 - 0.3 * abs(own)
        yield OneWay(
            source_shop=source,
            target_shop=target,
            value=value,
            ci_low=value - 0.05 * width,
            ci_high=value + 0.05 * width,
            n=3726,
            floor=floor,
            reference=reference,
            oracle=oracle,
            gap_closed=None if reference is None else own,
            gap_ci_low=None if reference is None else own - 0.05,
            gap_ci_high=None if reference is None else own + 0.05,
        )


def _ranked(rows: list[Row]) -> Iterator[Row]:
    """Ranks as the board has them: who overlaps the first of the group shares its rank."""
    rank, first = 0, None
    for i, row in enumerate(rows, 1):
        if first is None or (row.gap_high or 0.0) < (first.gap_closed or 0.0):
            rank, first = i, row
        yield row.model_copy(update={"rank": rank})
