"""The reference aligners: one line each, name → file in this directory."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from cse_bench.errors import MissingExtraError

ALIGNERS = {
    "identity": "identity.py",
    "random-rotation": "random_rotation.py",
    "graph-matching": "graph_matching.py",
    "self-learning": "self_learning.py",
    "wasserstein-procrustes": "wasserstein_procrustes.py",
    "gromov-wasserstein": "gromov_wasserstein.py",
    "content-knn": "content_knn.py",
    "content-seeds": "content_seeds.py",
    "fused-gromov-wasserstein": "fused_gromov_wasserstein.py",
    "procrustes": "procrustes.py",
    "ridge": "ridge.py",
    "cca": "cca.py",
    "rcsls": "rcsls.py",
    "relative": "relative.py",
    "semi-supervised": "semi_supervised.py",
    "mlp": "mlp.py",
    "procrustes-sessions": "procrustes_sessions.py",
    "translation-table": "translation_table.py",
    "joint": "joint.py",
}

CONTROLS = {
    "oracle": "oracle.py",
}
"""Run by the harness for context; no entrants."""

TEMPLATE = Path(__file__).with_name("template.py")
"""What ``cse-bench new`` writes."""

NEEDS = {"gromov-wasserstein": ("ot", "ot"), "fused-gromov-wasserstein": ("ot", "ot")}
"""Name → module that it imports, and the extra of this package that brings it."""


def check_installed(name: str) -> None:
    """Refuse, before any work, a reference aligner whose extra is not installed.

    Parameters
    ----------
    name : str
        Its name; any other needs nothing.

    Raises
    ------
    MissingExtraError
        With the command that installs it.
    """
    if name in NEEDS:
        module, extra = NEEDS[name]
        if find_spec(module) is None:
            raise MissingExtraError(f"the aligner {name!r}", extra, module)


def aligner_file(name: str) -> Path:
    """The source file of a reference aligner or a control, by a name that is registered."""
    return Path(__file__).parent / (ALIGNERS | CONTROLS)[name]
