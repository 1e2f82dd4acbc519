"""Verify one result: what it says, what its ranks give, what running it again gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

from cse_bench.aligners.source import AlignerSource
from cse_bench.errors import AlignerError, InputError
from cse_bench.files import sha256_file
from cse_bench.harness.context import context_of, n_context_steps
from cse_bench.harness.direction import prepare_to_score
from cse_bench.harness.evaluation import Context
from cse_bench.harness.flags import flags
from cse_bench.harness.protocol import PROTOCOL_VERSION
from cse_bench.harness.record import aligner_record, environment, release_reference
from cse_bench.harness.run import SEEDS, evaluate_aligner, n_steps
from cse_bench.harness.tracks import choose_tracks
from cse_bench.leaderboard import verification as names
from cse_bench.leaderboard.reproduced import (
    problem_with_runs,
    run_again,
    seeds_of,
    steps_again,
    tracks_of,
)
from cse_bench.leaderboard.rescored import problem_with_scores
from cse_bench.leaderboard.sealed import gaps, problem_with_gaps
from cse_bench.leaderboard.terms import Terms
from cse_bench.leaderboard.verification import Badge, Check, SealedTrack, Tolerance, Verification
from cse_bench.release.read import Release
from cse_bench.results.read import check_scores, read_ranks, read_result
from cse_bench.results.record import Cell, Result
from cse_bench.results.rescore import QueryValues
from cse_bench.results.write import RANKS


def n_verify_steps(aligner: AlignerSource | None, terms: Terms) -> int:
    """How many steps `verify` reports, about: how many tracks there are is read later."""
    release = terms.release
    total = len(release.directions) * n_context_steps(release)
    if aligner is not None and terms.run:
        tracks = choose_tracks(aligner.info.uses, (), release)
        total += steps_again(aligner, release, tracks, SEEDS)
        if terms.sealed is not None:
            total += n_steps(aligner, tracks, SEEDS, terms.sealed)
    return total


def verify(
    path: Path, aligner: AlignerSource | None, terms: Terms, step: Callable[[str], None]
) -> Verification:
    """Look at a result, and say what badge it earns.

    Checks are made in order, up to the first that fails: what follows would rest on it.

    Parameters
    ----------
    path : Path
        The ``result.json``; its ``ranks.parquet`` stands beside it.
    aligner : AlignerSource or None
        The file that was scored.
    terms : Terms
        On what, and with what.
    step : callable
        Told what begins, `n_verify_steps` times or so.

    Raises
    ------
    InputError
        If there is no such result.
    """
    if not path.is_file():
        read_result(path)  # says what is there instead
    work = _Work(path, terms, step)
    checks: list[Check] = []
    badge: Badge | None = None
    for name, look, earned in _plan(work, aligner):
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
        result_sha256=sha256_file(path),
        ranks_sha256=sha256_file(ranks) if (ranks := path.with_name(RANKS)).is_file() else None,
        aligner_sha256=aligner.sha256 if aligner else None,
        checks=checks,
        tolerances=work.tolerances,
        sealed_release=release_reference(terms.sealed) if terms.sealed else None,
        sealed_tracks=work.sealed_tracks,
        isolation=terms.isolation if work.tolerances else None,
        environment=environment(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def problem_with_release(record: Result, release: Release) -> str | None:
    """Whether a result is about other data; None if it is about this release."""
    ours, theirs = release.manifest, record.release
    if ours.fingerprint == theirs.fingerprint:
        return None
    return (
        f"the result is about {theirs.name} {theirs.version}, fingerprint "
        f"{theirs.fingerprint[:12]}, not {ours.name} {ours.version}, fingerprint "
        f"{ours.fingerprint[:12]}"
    )


Look = Callable[[], str]


def _plan(work: _Work, aligner: AlignerSource | None) -> Iterator[tuple[str, Look, Badge | None]]:
    """The checks in order, and the badge that each of them earns."""
    yield names.SCHEMA, work.schema, None
    yield names.RELEASE, work.release, None
    yield names.PROTOCOL, work.protocol, None
    if aligner is not None:
        yield names.FILE, partial(work.file, aligner), None
    yield names.RANKS, work.ranks, None
    yield names.RESCORED, work.rescored, "self-reported"
    if aligner is None or not work.terms.run:
        return
    yield names.AGAIN, partial(work.reproduced, aligner), "reproduced"
    if work.terms.sealed is not None:
        yield names.HIDDEN, partial(work.sealed, aligner, work.terms.sealed), "sealed"


class _Wrong(Exception):
    """A check that found something."""


def _refuse(why: str) -> NoReturn:
    raise _Wrong(why)


@dataclass(eq=False)
class _Work:
    """The checks, each of which says what it saw, and what the later ones need of it."""

    path: Path
    terms: Terms
    step: Callable[[str], None]
    record: Result = field(init=False)
    cells: Mapping[Cell, QueryValues] = field(init=False)
    tolerances: list[Tolerance] = field(default_factory=list)
    sealed_tracks: list[SealedTrack] = field(default_factory=list)

    def schema(self) -> str:
        try:
            self.record = read_result(self.path, check=False)
        except InputError as error:
            _refuse(error.what)
        aligner = self.record.aligner
        return f"{aligner.name} {aligner.version}, result.json version {self.record.schema_version}"

    def release(self) -> str:
        problem = problem_with_release(self.record, self.terms.release)
        if problem is not None:
            _refuse(problem)
        of = self.record.release
        return f"{of.name} {of.version}, fingerprint {of.fingerprint[:12]}"

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
                tried = "; what was tried by --set is not verified" if name == "parameters" else ""
                _refuse(f"{name} is {theirs!r} in the result, but {ours!r} in the file{tried}")
        try:
            choose_tracks(source.info.uses, tuple(tracks_of(self.record)), self.terms.release)
        except InputError as error:
            _refuse(error.what)
        told = flags(source, self.terms.release, self.record.scores, self.record.runs)
        if told != self.record.flags:
            other = sorted(set(told) ^ set(self.record.flags))
            _refuse(f"the flags are not those that its scores raise: {other[0]}")
        return f"SHA-256 {source.sha256[:12]}…"

    def ranks(self) -> str:
        try:
            table = read_ranks(self.path)
            self.cells = check_scores(self.record, table, self.path)
        except InputError as error:
            _refuse(error.what)
        return f"{len(table):,} rows give {len(self.cells)} scores of the record"

    def rescored(self) -> str:
        release, split = self.terms.release, self.record.scores[0].split
        contexts: dict[tuple[str, str], Context] = {}
        for source, target in release.directions:
            direction = prepare_to_score(release, split, source, target)
            contexts[source, target] = context_of(direction, [], self.step, self.terms.cache)
        problem = problem_with_scores(self.record, self.cells, contexts)
        if problem is not None:
            _refuse(problem)
        return f"{len(self.cells)} scores, their intervals, floors, references, oracles and gaps"

    def reproduced(self, source: AlignerSource) -> str:
        record = self.record
        tracks = choose_tracks(source.info.uses, tuple(tracks_of(record)), self.terms.release)
        try:
            again = run_again(
                source,
                self.terms.release,
                tracks,
                split=record.scores[0].split,
                seeds=seeds_of(record),
                isolation=self.terms.isolation,
                limits=self.terms.limits,
                cache=self.terms.cache,
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
                cache=self.terms.cache,
                isolation=self.terms.isolation,
                limits=self.terms.limits,
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
        committed = self.terms.release.manifest.sealed_commitment is not None
        return f"gap closed: {seen}" + (
            "" if committed else "; the public release commits to no sealed one"
        )
