"""BibTeX for the paper, this software, a release, its log, and an aligner."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cse_bench
from cse_bench.aligners.source import AlignerInfo
from cse_bench.release.manifest import Manifest
from cse_bench.results.latex import escaped
from cse_bench.results.record import AlignerRecord, ReleaseReference

PAPER = """@inproceedings{bianchi2020fantastic,
  title     = {Fantastic Embeddings and How to Align Them: Zero-Shot Inference in a Multi-Shop Scenario},
  author    = {Bianchi, Federico and Tagliabue, Jacopo and Yu, Bingqing and Bigon, Luca and Greco, Ciro},
  booktitle = {Proceedings of the SIGIR 2020 Workshop on eCommerce},
  year      = {2020},
  url       = {https://arxiv.org/abs/2007.14906}
}"""  # noqa: E501
"""As in the dataset's card."""

SOFTWARE = {
    "title": "cse-bench: an open benchmark of cross-shop product embedding alignment",
    "author": "The cse-bench authors",
    "version": cse_bench.__version__,
}
"""As in ``CITATION.cff``."""


def software_entry() -> str:
    """Cite this software."""
    return _misc(
        "cse-bench",
        title=SOFTWARE["title"],
        authors=[SOFTWARE["author"]],
        note=f"Version {SOFTWARE['version']}",
    )


def release_entries(release: Manifest | ReleaseReference, authors: Sequence[str] = ()) -> list[str]:
    """Cite a release and, from its manifest, the log it was built from.

    Parameters
    ----------
    release : Manifest or ReleaseReference
        The release.
    authors : sequence of str
        Who made it, where that is known.
    """
    note = f"Release {release.version}, fingerprint {release.fingerprint[:12]}"
    name = release.name
    if isinstance(release, ReleaseReference):
        return [_misc(f"{name}-{release.version}", title=name, authors=authors, note=note)]
    note += f", built from {release.source}"
    found = [_misc(f"{name}-{release.version}", title=name, authors=authors, note=note)]
    if release.citation not in ("", "none"):
        found.append(_misc(f"{name}-log", title=release.source, authors=(), note=release.citation))
    return found


def aligner_entries(aligner: AlignerInfo | AlignerRecord) -> list[str]:
    """Cite an aligner; where its citation is BibTeX, that stands as it is."""
    title = ": ".join(part for part in (aligner.name, aligner.description) if part)
    note = f"Aligner for cse-bench, version {aligner.version}"
    own = aligner.citation.strip()
    if own and not own.startswith("@"):
        note += f", after: {own}"
    found = [_misc(f"aligner-{aligner.name}", title=title, authors=aligner.authors, note=note)]
    return [*found, own] if own.startswith("@") else found


def _misc(key: str, *, title: str, authors: Sequence[str], note: str) -> str:
    fields = {"title": f"{{{escaped(title)}}}"}
    if authors:
        fields["author"] = " and ".join(f"{{{escaped(name)}}}" for name in authors)
    fields["note"] = escaped(note)
    width = max(map(len, fields))
    body = ",\n".join(f"  {field:<{width}} = {{{text}}}" for field, text in fields.items())
    return f"@misc{{{re.sub('[^A-Za-z0-9.:-]', '-', key)},\n{body}\n}}"
