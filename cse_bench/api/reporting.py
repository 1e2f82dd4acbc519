"""A result as a page: find its release and its vectors, or run its aligner again."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.releases import EMBEDDED, embedded_directory, load_release
from cse_bench.errors import InputError, did_you_mean
from cse_bench.files import write_text_atomically
from cse_bench.progress import Advance, silent

if TYPE_CHECKING:
    from cse_bench.aligners.contract import Aligned
    from cse_bench.aligners.source import AlignerSource
    from cse_bench.release.read import Release
    from cse_bench.results.record import Result
    from cse_bench.results.report.space import Place, Space

STEPS = 4
"""How many steps `report` tells of."""


def report(
    result: str | Path,
    out: str | Path | None = None,
    *,
    release: str | Path | None = None,
    aligner: str | None = None,
    track: str | None = None,
    source: str | None = None,
    target: str | None = None,
    projection: str = "pca",
    isolation: str | None = None,
    step: Advance = silent,
) -> Path:
    """Write one self-contained page that shows a result.

    Maps, hubs and neighbours need the aligned vectors: ``aligned.parquet`` beside the result, or
    the aligner, to be run again. Without them the page has all else, and says how to get the rest.

    Parameters
    ----------
    result : str or Path
        A ``result.json``, or the directory that holds it.
    out : str or Path, optional
        The page; for ``results/x/result.json`` it is ``results/x.html`` by default. An earlier
        report there is replaced, anything else is left alone.
    release : str or Path, optional
        See `load_release`; by default the embedded release, where the result is about it.
    aligner : str, optional
        A registered name or the path of a file: run it once more, instead of reading vectors.
    track, source, target : str, optional
        What is shown of the vectors; by default the last track, in its first direction.
    projection : str
        ``pca``, or ``umap`` (`[umap]` extra).
    isolation : str, optional
        What `aligner` is run in; see `evaluate`.
    step : callable
        Told of each of `STEPS` steps as it begins.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If the result cannot be read, is about another release, or does not have what is asked for;
        if the aligner is not the one that was scored.
    """
    from cse_bench.extras import require
    from cse_bench.results.read import read_result, result_file
    from cse_bench.results.report.maps import PROJECTIONS
    from cse_bench.results.report.page import render_page, view_of
    from cse_bench.tasks.registry import PRIMARY, TASKS

    for module in ("jinja2", "plotly"):
        require(module, "report", "a report")
    if projection not in PROJECTIONS:
        raise InputError(
            f"there is no map {projection!r}", did_you_mean(projection, list(PROJECTIONS))
        )
    if projection == "umap":
        require("umap", "umap", "a map by UMAP")
    path = result_file(result)
    page = _page_path(path, out)
    step("reading the result")
    record = read_result(path)
    data = _release_of(record, release)
    step("reading the vectors" if aligner is None else "aligning")
    asked = (track, source, target)
    found = _space_of(path, record, data, aligner, asked, isolation)
    step("drawing")
    view = found if isinstance(found, str) else view_of(found, projection)
    about = {task.name: task.about for task in TASKS}
    guards = frozenset(task.name for task in TASKS if task.guard)
    text = render_page(record, PRIMARY, about, view, guards)
    step("writing")
    write_text_atomically(page, text)
    return page


def _page_path(result: Path, out: str | Path | None) -> Path:
    """Where the page goes; refused before any work if something else is there."""
    from cse_bench.results.report.page import GENERATED

    if out is not None:
        page = Path(out)
    else:
        place = result.parent if result.parent.name else result.absolute().parent
        alone = result.name == "result.json" and place.name
        page = place.with_name(f"{place.name}.html") if alone else result.with_suffix(".html")
    if page.is_dir():
        raise InputError(f"{page} is a directory", f"--out {page / 'report.html'}")
    if not page.parent.is_dir():
        raise InputError(f"there is no directory {page.parent}", "make it, or name another --out")
    if page.exists():
        with page.open("rb") as stream:
            head = stream.read(4096)
        if not GENERATED.search(head):
            raise InputError(
                f"{page} exists, and is no report of ours: it is left alone", "name another --out"
            )
    return page


def _release_of(record: Result, reference: str | Path | None) -> Release | None:
    """The release that a result is about; None if that is not at hand and none was named."""
    from cse_bench.release.manifest import read_manifest

    wanted = record.release
    if reference is None:
        known = read_manifest(embedded_directory()).fingerprint
        return load_release(EMBEDDED) if known == wanted.fingerprint else None
    data = load_release(reference)
    if data.manifest.fingerprint != wanted.fingerprint:
        raise InputError(
            f"the result is about {wanted.name} {wanted.version}, fingerprint "
            f"{wanted.fingerprint}, but {reference} is {data.name} {data.manifest.version}, "
            f"fingerprint {data.manifest.fingerprint}",
            "name the release that was scored with --release",
        )
    return data


def _space_of(
    path: Path,
    record: Result,
    release: Release | None,
    aligner: str | None,
    asked: tuple[str | None, str | None, str | None],
    isolation: str | None,
) -> Space | str:
    """The aligned space to show, or why there is none and what to do.

    Raises
    ------
    InputError
        If there is none, but something of it was asked for.
    """
    from cse_bench.harness.sandbox.backends import choose
    from cse_bench.results.report.space import (
        VECTORS,
        Space,
        choose_place,
        read_places,
        read_vectors,
    )

    vectors = path.with_name(VECTORS)
    if release is None or (aligner is None and not vectors.is_file()):
        what, hint = _missing(record, release)
        if aligner is not None or any(name is not None for name in asked):
            raise InputError(what, hint)
        return f"No maps, hubs and neighbours: {what}. For them, {hint}."
    if aligner is None:
        place = choose_place(read_places(vectors), *asked)
        aligned, origin = read_vectors(vectors, release, place), f"The vectors of {VECTORS}: "
    else:
        scored = _scored_aligner(record, aligner)
        place = choose_place(_places_of(record), *asked)
        choice = choose(isolation)
        if choice.warning:
            warnings.warn(choice.warning, stacklevel=3)
        aligned = _align(scored, release, place, choice.backend)
        origin = "The aligner was run again: "
    origin += "the track's first run, whose scores may differ from the mean of several runs."
    split = record.scores[0].split if record.scores else "test"
    return Space(release, place, split, aligned, origin, _reference(record, release, place))


def _missing(record: Result, release: Release | None) -> tuple[str, str]:
    """What keeps the aligned space from being shown, and what to do."""
    if release is None:
        return (
            f"the release in this package is not {record.release.name} {record.release.version}, "
            f"fingerprint {record.release.fingerprint}",
            "name that: cse-bench report … --release DIR",
        )
    return (
        "there is no aligned.parquet beside the result",
        "name the aligner: cse-bench report … --aligner FILE; or score again: cse-bench evaluate "
        "… --save-vectors",
    )


def _scored_aligner(record: Result, reference: str) -> AlignerSource:
    """The aligner that was named, if it is the very one that was scored."""
    from cse_bench.aligners.loading import find_runnable

    found, wanted = find_runnable(reference), record.aligner.source_sha256
    if found.sha256 != wanted:
        raise InputError(
            f"{reference} is not the file that was scored: its SHA-256 is {found.sha256}, that of "
            f"the result's {record.aligner.name!r} {wanted}",
            "give the file as it was, or score this one",
        )
    scored, defaults = record.aligner.parameters, found.defaults()
    chosen = {name: value for name, value in scored.items() if value != defaults.get(name)}
    return found.with_parameters(chosen)


def _places_of(record: Result) -> list[Place]:
    """The tracks and directions that an aligner can be run on again."""
    from cse_bench.harness.tracks import TRACKS
    from cse_bench.results.report.space import Place

    places = (Place(s.track, s.source_shop, s.target_shop) for s in record.scores)
    return [place for place in dict.fromkeys(places) if place.track in TRACKS]


def _align(aligner: AlignerSource, release: Release, place: Place, isolation: str) -> Aligned:
    """Run an aligner as the harness did for a track's first run, unscored."""
    from cse_bench.harness.direction import Direction
    from cse_bench.harness.sandbox.fit import fitter
    from cse_bench.harness.tracks import TRACKS, draw_evidence, train_evidence

    everything = train_evidence(release, place.source, place.target)
    direction = Direction(release, "test", place.source, place.target, {}, everything)
    evidence = draw_evidence(everything, TRACKS[place.track], 0)
    with fitter(isolation) as fit:
        return fit(aligner, 0, direction, evidence, 0).aligned


def _reference(record: Result, release: Release, place: Place) -> Aligned | None:
    """What ``procrustes`` makes of all train pairs; None without pairs, or if that is shown."""
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.harness.sandbox.backends import NONE
    from cse_bench.results.report.space import Place

    procrustes = find_aligner("procrustes")
    whole = Place("pairs-all", place.source, place.target)
    shown = place == whole and record.aligner.source_sha256 == procrustes.sha256
    if shown or not len(release.pairs("train", place.source, place.target)):
        return None
    return _align(procrustes, release, whole, NONE)
