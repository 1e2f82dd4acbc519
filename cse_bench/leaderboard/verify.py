"""Verify one result: what it says, what its ranks give, what running it again gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

from cse_bench.aligners.loading import AlignerSource
from cse_bench.errors import AlignerError, InputError
from cse_bench.harness.cache import RunCache
from cse_bench.harness.direction import prepare_to_score
from cse_bench.harness.flags import flags
from cse_bench.harness.protocol import PROTOCOL_VERSION
from cse_bench.harness.record import aligner_record, environment, release_reference
from cse_bench.harness.run import (
    SEEDS,
    Context,
    context_of,
    evaluate_aligner,
    n_context_steps,
    n_steps,
)
from cse_bench.harness.sandbox.limits import DEFAULT, Limits
from cse_bench.harness.tracks import choose_tracks
from cse_bench.leaderboard import verification as names
from cse_bench.leaderboard.folders import RANKS, sha256_of
from cse_bench.leaderboard.reproduced import (
    problem_with_runs,
    run_again,
    seeds_of,
    steps_again,
    tracks_of,
)
from cse_bench.leaderboard.rescored import problem_with_scores
from cse_bench.leaderboard.sealed import gaps, problem_with_gaps
from cse_bench.leaderboard.verification import Badge, Check, SealedTrack, Tolerance, Verification
from cse_bench.release.read import Release
from cse_bench.results.read import check_scores, read_ranks, read_result
from cse_bench.results.record import Result
from cse_bench.results.rescore import Cell, QueryValues


@dataclass(frozen=True, eq=False)
class Subject:
    """What is verified, and with what.

    Attributes
    ----------
    path : Path
        The ``result.json``; its ``ranks.parquet`` stands beside it.
    release : Release
        The public release.
    aligner : AlignerSource or None
        The file that was scored.
    run : bool
        Whether it is run again, or only read.
    sealed : Release or None
        A release that its author has not scored; needs `run`.
    isolation : str
        The sandbox that the aligner is run in.
    limits : Limits
        What one fit may use there.
    cache : RunCache
        Where runs that this machine has made before are found.
    """

    path: Path
    release: Release
    aligner: AlignerSource | None
    run: bool
    sealed: Release | None
    isolation: str
    cache: RunCache
    limits: Limits = DEFAULT


def n_verify_steps(subject: Subject) -> int:
    """How many steps `verify` reports, about: how many tracks there are is read later."""
    release, aligner = subject.release, subject.aligner
    total = len(release.directions) * n_context_steps(release)
    if aligner is not None and subject.run:
        tracks = choose_tracks(aligner.info.uses, (), release)
        total += steps_again(aligner, release, tracks, SEEDS)
        if subject.sealed is not None:
            total += n_steps(aligner, tracks, SEEDS, subject.sealed)
    return total


def verify(subject: Subject, step: Callable[[str], None]) -> Verification:
    """Look at a result, and say what badge it earns.

    Checks are made in order, up to the first that fails: what follows would rest on it.

    Parameters
    ----------
    subject : Subject
        The result.
    step : callable
        Told what begins, `n_verify_steps` times or so.

    Raises
    ------
    InputError
        If there is no such result.
    """
    if not subject.path.is_file():
        read_result(subject.path)  # says what is there instead
    work = _Work(subject, step)
    checks: list[Check] = []
    badge: Badge | None = None
    for name, look, earned in _plan(work):
        try:
            checks.append(Check(name=name, passed=True, told=look()))
        except _Wrong as wrong:
            checks.append(Check(name=name, passed=False, told=str(wrong)))
            badge = None
            break
        badge = earned or badge
    return Verification(
        schema_version=names.VERIFICATION_SCHEMA_VERSION,
        badge=badge,
        result_sha256=sha256_of(subject.path),
        ranks_sha256=sha256_of(subject.path.with_name(RANKS)),
        aligner_sha256=subject.aligner.sha256 if subject.aligner else None,
        checks=checks,
        tolerances=work.tolerances,
        sealed_release=release_reference(subject.sealed) if subject.sealed else None,
        sealed_tracks=work.sealed_tracks,
        isolation=subject.isolation if work.tolerances else None,
        environment=environment(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


Look = Callable[[], str]


def _plan(work: _Work) -> Iterator[tuple[str, Look, Badge | None]]:
    """The checks in order, and the badge that each of them earns."""
    yield names.SCHEMA, work.schema, None
    yield names.RELEASE, work.release, None
    yield names.PROTOCOL, work.protocol, None
    aligner, hidden = work.subject.aligner, work.subject.sealed
    if aligner is not None:
        yield names.FILE, partial(work.file, aligner), None
    yield names.RANKS, work.ranks, None
    yield names.RESCORED, work.rescored, "self-reported"
    if aligner is None or not work.subject.run:
        return
    yield names.AGAIN, partial(work.reproduced, aligner), "reproduced"
    if hidden is not None:
        yield names.HIDDEN, partial(work.sealed, aligner, hidden), "sealed"


class _Wrong(Exception):
    """A check that found something."""


def _refuse(why: str) -> NoReturn:
    raise _Wrong(why)


@dataclass(eq=False)
class _Work:
    """The checks, each of which says what it saw, and what the later ones need of it."""

    subject: Subject
    step: Callable[[str], None]
    record: Result = field(init=False)
    cells: Mapping[Cell, QueryValues] = field(init=False)
    tolerances: list[Tolerance] = field(default_factory=list)
    sealed_tracks: list[SealedTrack] = field(default_factory=list)

    def schema(self) -> str:
        try:
            self.record = read_result(self.subject.path, check=False)
        except InputError as error:
            _refuse(error.what)
        aligner = self.record.aligner
        return f"{aligner.name} {aligner.version}, result.json version {self.record.schema_version}"

    def release(self) -> str:
        ours, theirs = self.subject.release.manifest, self.record.release
        if ours.fingerprint != theirs.fingerprint:
            _refuse(
                f"the result is about {theirs.name} {theirs.version}, fingerprint "
                f"{theirs.fingerprint[:12]}, not {ours.name} {ours.version}, fingerprint "
                f"{ours.fingerprint[:12]}"
            )
        return f"{theirs.name} {theirs.version}, fingerprint {theirs.fingerprint[:12]}"

    def protocol(self) -> str:
        version = self.record.protocol.version
        if version != PROTOCOL_VERSION:
            _refuse(f"the result follows protocol {version}, this package {PROTOCOL_VERSION}")
        return version

    def file(self, source: AlignerSource) -> str:
        claimed = self.record.aligner
        if source.sha256 != claimed.source_sha256:
            _refuse(
                f"{source.path.name} is not the file that was scored: its SHA-256 is "
                f"{source.sha256[:12]}…, the result's {claimed.source_sha256[:12]}…"
            )
        found = aligner_record(source, source.parameters())
        for name in type(found).model_fields:
            ours, theirs = getattr(found, name), getattr(claimed, name)
            if ours != theirs:
                _refuse(f"{name} is {theirs!r} in the result, but {ours!r} in the file")
        try:
            choose_tracks(source.info.uses, tuple(tracks_of(self.record)), self.subject.release)
        except InputError as error:
            _refuse(error.what)
        told = flags(source, self.subject.release, self.record.scores, self.record.runs)
        if told != self.record.flags:
            other = sorted(set(told) ^ set(self.record.flags))
            _refuse(f"the flags are not those that its scores raise: {other[0]}")
        return f"SHA-256 {source.sha256[:12]}…"

    def ranks(self) -> str:
        try:
            table = read_ranks(self.subject.path)
            self.cells = check_scores(self.record, table, self.subject.path)
        except InputError as error:
            _refuse(error.what)
        return f"{len(table):,} rows give {len(self.cells)} scores of the record"

    def rescored(self) -> str:
        release, split = self.subject.release, self.record.scores[0].split
        contexts: dict[tuple[str, str], Context] = {}
        for source, target in release.directions:
            direction = prepare_to_score(release, split, source, target)
            contexts[source, target] = context_of(direction, [], self.step, self.subject.cache)
        problem = problem_with_scores(self.record, self.cells, contexts)
        if problem is not None:
            _refuse(problem)
        return f"{len(self.cells)} scores, their intervals, floors, references, oracles and gaps"

    def reproduced(self, source: AlignerSource) -> str:
        record = self.record
        tracks = choose_tracks(source.info.uses, tuple(tracks_of(record)), self.subject.release)
        try:
            again = run_again(
                source,
                self.subject.release,
                tracks,
                split=record.scores[0].split,
                seeds=seeds_of(record),
                isolation=self.subject.isolation,
                limits=self.subject.limits,
                cache=self.subject.cache,
                step=self.step,
            )
        except AlignerError as error:
            _refuse(error.what)
        self.tolerances = again.tolerances
        problem = problem_with_runs(record, again)
        if problem is not None:
            _refuse(problem)
        far = max(again.tolerances, key=lambda t: t.seen)
        return (
            f"{len(record.scores)} scores of {sum(map(len, again.evaluation.runs.values()))} runs; "
            f"between 1, 2 and 4 threads they move by at most {far.seen:.2g} ({far.task}, "
            f"{far.variant}, {far.metric})"
        )

    def sealed(self, source: AlignerSource, hidden: Release) -> str:
        try:
            evaluation = evaluate_aligner(
                source,
                hidden,
                choose_tracks(source.info.uses, (), hidden),
                seeds=SEEDS,
                cache=self.subject.cache,
                isolation=self.subject.isolation,
                limits=self.subject.limits,
                step=self.step,
            )
        except InputError as error:
            _refuse(error.what)
        self.sealed_tracks = gaps(self.record, evaluation)
        problem = problem_with_gaps(self.sealed_tracks)
        if problem is not None:
            _refuse(problem)
        seen = ", ".join(
            f"{t.track} {t.sealed:.2f} (public {t.public:.2f})" for t in self.sealed_tracks
        )
        committed = self.subject.release.manifest.sealed_commitment is not None
        return f"gap closed: {seen}" + (
            "" if committed else "; the public release commits to no sealed one"
        )
