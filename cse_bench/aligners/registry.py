"""The reference aligners: one line each, name → file in this directory."""

from __future__ import annotations

from pathlib import Path

from cse_bench.errors import InputError, did_you_mean

ALIGNERS = {
    "random-rotation": "random_rotation.py",
    "procrustes": "procrustes.py",
    "ridge": "ridge.py",
    "content-seeds": "content_seeds.py",
    "joint": "joint.py",
    "cca": "cca.py",
    "procrustes-sessions": "procrustes_sessions.py",
    "translation-table": "translation_table.py",
    "content-knn": "content_knn.py",
    "relative": "relative.py",
    "mlp": "mlp.py",
    "semi-supervised": "semi_supervised.py",
    "fused-gromov-wasserstein": "fused_gromov_wasserstein.py",
    "rcsls": "rcsls.py",
}

CONTROLS = {
    "oracle": "oracle.py",
}
"""Run by the harness for context; no entrants."""


def aligner_file(name: str) -> Path:
    """The source file of a reference aligner.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    files = ALIGNERS | CONTROLS
    if name not in files:
        raise InputError(
            f"there is no aligner called {name!r}, and no such file",
            did_you_mean(name, list(ALIGNERS)) + "; or give the path of your own .py file",
        )
    return Path(__file__).parent / files[name]
