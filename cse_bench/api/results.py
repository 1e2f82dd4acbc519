"""Results, once written: compared, exported, cited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.releases import EMBEDDED, embedded_directory, on_the_hub
from cse_bench.errors import InputError, did_you_mean
from cse_bench.files import check_new_file, write_text_atomically

if TYPE_CHECKING:
    from cse_bench.results.compare import Comparison


def compare(results: Sequence[str | Path], tracks: Sequence[str] = ()) -> list[Comparison]:
    """Compare results with the first of them.

    Parameters
    ----------
    results : sequence of str or Path
        Two ``result.json`` or more, or the directories that hold them, each with its
        ``ranks.parquet``.
    tracks : sequence of str
        The track of each; empty to compare on every track that a result has in common with the
        first.

    Returns
    -------
    list of Comparison
        By other result, track and primary metric: all directions together, then each.

    Raises
    ------
    InputError
        If a result is refused, one is given twice, or they are about different releases, splits or
        protocols.
    """
    from cse_bench.results.compare import compare_entries
    from cse_bench.results.entries import read_entries
    from cse_bench.results.read import result_file

    return compare_entries(read_entries([result_file(path) for path in results]), tracks)


def export(result: str | Path, to: str) -> str:
    """Write a result in another format.

    Parameters
    ----------
    result : str or Path
        A ``result.json``, with its ``ranks.parquet`` beside it.
    to : str
        ``csv``: the scores as a tidy table; ``every-eval-ever``: the evaluation schema that many
        boards share, as JSON.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the result is refused, or there is no such format.
    """
    from cse_bench.results.export import FORMATS
    from cse_bench.results.read import read_result, result_file

    if to not in FORMATS:
        raise InputError(f"there is no format {to!r}", did_you_mean(to, list(FORMATS)))
    return FORMATS[to](read_result(result_file(result)))


def export_to(result: str | Path, to: str, out: str | Path) -> Path:
    """Write a result in another format into a file that is not there yet.

    Parameters
    ----------
    result, to
        See `export`.
    out : str or Path
        For ``csv`` the file. For ``every-eval-ever`` a directory, made if need be: the shared
        datastore, and its validator, want a record at a place of its own below it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        As `export`, or if the file is there already.
    """
    from cse_bench.results.export import shared_place

    file = Path(out)
    if to == "csv":
        check_new_file(file)
    text = export(result, to)
    if to == "every-eval-ever":
        file = file / shared_place(text)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write to {out}: {error.strerror}", "name another") from None
        check_new_file(file)
    write_text_atomically(file, text)
    return file


def cite(reference: str | Path = EMBEDDED, *, aligner: str | None = None) -> str:
    """BibTeX of what a result rests on: the paper, this software, a release and its log.

    Parameters
    ----------
    reference : str or Path
        A release, as in `load_release`; or a ``result.json``, whose aligner is cited too; or an
        aligner's file, for it and the embedded release.
    aligner : str, optional
        A registered name or the path of a file: cited too.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If release, result or aligner cannot be read.
    """
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.release.manifest import Manifest, read_manifest
    from cse_bench.results import cite as bibtex
    from cse_bench.results.read import read_result, result_file
    from cse_bench.results.record import ReleaseReference

    own = read_manifest(embedded_directory())
    release: Manifest | ReleaseReference
    entries = []
    if str(reference) == EMBEDDED:
        release = own
    elif (file := result_file(reference)).name.endswith(".json"):
        result = read_result(file, check=False)
        entries = bibtex.aligner_entries(result.aligner)
        release = result.release
    elif str(reference).endswith(".py"):
        release, aligner = own, aligner or str(reference)
    elif (remote := on_the_hub(reference)) is not None:
        from cse_bench.hub.client import Hub
        from cse_bench.hub.download import fetch

        release = read_manifest(fetch(Hub(), remote))
    else:
        release = read_manifest(Path(reference).expanduser())
    if aligner is not None:
        entries += bibtex.aligner_entries(find_aligner(aligner).info)
    official = release.fingerprint == own.fingerprint
    authors = [bibtex.SOFTWARE["author"]] if official else []
    about = bibtex.release_entries(own if official else release, authors)
    return "\n\n".join([bibtex.PAPER, bibtex.software_entry(), *about, *entries]) + "\n"
