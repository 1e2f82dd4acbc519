"""Runs that were scored before, kept: nothing is fitted twice, and a killed evaluation goes on."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import re
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cse_bench.harness.diagnosis import Diagnosis
from cse_bench.harness.protocol import PROTOCOL_VERSION, scoring_source_sha256
from cse_bench.tasks.base import Ranks, VariantScores

LIBRARIES = ("numpy", "scipy", "scikit-learn", "pyarrow")
EXTRAS = {"ot": "POT", "torch": "torch"}
"""Module → library of an extra, which decides only where an aligner can import it."""

CODEC = "zstd"
"""Faster than the zlib of `numpy.savez_compressed`, and smaller."""

ENDING = ".npz.zst"

LIMIT_BYTES = 4 << 30
"""The oldest runs go when the cache holds more."""

CONTRACT = ("aligners", "release", "ragged.py", "types.py")
"""What decides, beside the scoring parts, what an aligner is given and what is made of it; and the
reference aligners, which others may build upon. What a file of one's own imports beside this
package, an aligner must not: it is one file (`--no-cache` for who does)."""

Scores = dict[str, list[VariantScores]]


def cache_directory() -> Path:
    """``$CSE_BENCH_CACHE``, else ``cse-bench`` in the user's cache directory."""
    own = os.environ.get("CSE_BENCH_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cse-bench"


def extras_of(text: str) -> dict[str, str]:
    """The versions of those of `EXTRAS` that an aligner may import.

    Parameters
    ----------
    text : str
        Its source. Who builds upon a reference aligner may import what that does.

    Returns
    -------
    dict of str to str
        Library → version, or "" where it is not installed.
    """
    builds = "cse_bench.aligners" in text
    named = [lib for module, lib in EXTRAS.items() if builds or re.search(rf"\b{module}\b", text)]
    return {library: _version(library) for library in named}


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


@cache
def _code() -> dict[str, Any]:
    """What is the same for all runs of a process: code, libraries, machine."""
    package = Path(__file__).resolve().parents[1]
    contract = hashlib.sha256()
    for part in (package / name for name in CONTRACT):
        for path in sorted(part.rglob("*.py")) if part.is_dir() else [part]:
            contract.update(path.read_bytes() + b"\0")
    told: dict[str, Any] = {"scoring": scoring_source_sha256(), "contract": contract.hexdigest()}
    return told | {
        "libraries": {name: version(name) for name in LIBRARIES},
        "protocol": PROTOCOL_VERSION,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()} {os.cpu_count()}",
    }


def run_key(**what: Any) -> str:
    """A name for a run, other whenever anything that may change its scores is.

    Parameters
    ----------
    **what
        Release, aligner, parameters, draw, seed and the like, as JSON takes them.
    """
    text = json.dumps({"code": _code(), "run": what}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class RunCache:
    """Scores of runs by `run_key`.

    Several processes may use one directory: a file is written under a temporary name and renamed.

    Parameters
    ----------
    directory : Path or None
        Where; None for a cache that keeps nothing.

    Attributes
    ----------
    served, made : int
        How many runs were found in it, and how many had to be made.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = None if directory is None else directory / "runs"
        self.served = self.made = 0

    def load(self, key: str) -> tuple[float, int, Scores, Diagnosis | None] | None:
        """Seconds, peak memory, scores and, of a track's first run, its diagnosis.

        None if the run is not kept, or cannot be read.
        """
        if self.directory is None:
            return None
        path = self.directory / f"{key}{ENDING}"
        try:
            with pa.input_stream(path, compression=CODEC) as packed:
                whole = io.BytesIO(packed.read())
            with np.load(whole, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = json.loads(arrays["about"].tobytes())
            scores = {
                task: [_read(v, arrays) for v in variants] for task, variants in about["tasks"]
            }
            seconds, peak_rss = float(about["seconds"]), int(about["peak_rss"])
            diagnosis = about["diagnosis"] and Diagnosis(**about["diagnosis"])
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        self.served += 1
        return seconds, peak_rss, scores, diagnosis

    def save(
        self,
        key: str,
        seconds: float,
        peak_rss: int,
        scores: Scores,
        diagnosis: Diagnosis | None = None,
    ) -> None:
        """Keep a run. A full disk, or a directory that cannot be written, only means no cache."""
        self.made += 1
        if self.directory is None:
            return
        arrays: dict[str, Any] = {}
        tasks = [(task, [_written(v, arrays) for v in found]) for task, found in scores.items()]
        told = {"tasks": tasks, "seconds": seconds, "peak_rss": peak_rss}
        about = json.dumps(told | {"diagnosis": None if diagnosis is None else vars(diagnosis)})
        arrays["about"] = np.frombuffer(about.encode(), np.uint8)
        whole = io.BytesIO()
        np.savez(whole, **arrays)
        with contextlib.suppress(OSError):
            self.directory.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".run-", dir=self.directory)
            try:
                os.close(handle)
                with pa.output_stream(name, compression=CODEC) as packed:
                    packed.write(whole.getbuffer())
                os.replace(name, self.directory / f"{key}{ENDING}")
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise

    def prune(self) -> None:
        """Forget the runs that were not used for longest, down to `LIMIT_BYTES`."""
        if self.directory is None or not self.directory.is_dir():
            return
        held = 0
        for _, size, path in sorted(_files(self.directory), reverse=True):
            held += size
            if held > LIMIT_BYTES:
                with contextlib.suppress(OSError):
                    path.unlink()


def _files(directory: Path) -> Iterator[tuple[float, int, Path]]:
    for path in directory.iterdir():
        with contextlib.suppress(OSError):
            found = path.stat()
            yield found.st_mtime, found.st_size, path


RANKS = ("query", "item", "greater", "ties", "n_candidates")


def _written(scored: VariantScores, arrays: dict[str, Any]) -> dict[str, Any]:
    """Put the arrays of a variant beside the others, and say where they are."""
    first = len(arrays)
    arrays[f"a{first}"] = scored.group.astype(np.int32)
    values = list(scored.metrics.values())
    arrays[f"a{first + 1}"] = np.stack(values) if values else np.empty((0, 0))
    if scored.ranks is not None:
        columns = [getattr(scored.ranks, name).astype(np.int32) for name in RANKS]
        arrays[f"a{first + 2}"] = np.stack(columns)
    return {
        "variant": scored.variant,
        "metrics": list(scored.metrics),
        "first": first,
        "ranked": scored.ranks is not None,
    }


def _read(about: dict[str, Any], arrays: dict[str, Any]) -> VariantScores:
    first = about["first"]
    metrics = dict(zip(about["metrics"], arrays[f"a{first + 1}"], strict=True))
    ranks = None
    if about["ranked"]:
        ranks = Ranks(*(column.astype(np.int64) for column in arrays[f"a{first + 2}"]))
    return VariantScores(about["variant"], arrays[f"a{first}"].astype(np.int64), metrics, ranks)
