"""What the parent tells the child, and by which descriptors the child answers.

It is written as a Python literal into sealed memory: only the parent writes, only the child reads,
and the other way go one integer, two matrices and a text for people. (Named tuples, because the
child defines them at every start, where dataclasses take ten times as long.)
"""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

MESSAGE_BYTES = 8192
"""Of an error's text."""


class Confinement(NamedTuple):
    """What the child shuts itself into.

    Attributes
    ----------
    readable, listable, writable : list of str
        Paths that may be reached.
    ends_with_parent : bool
        Whether it must bind its life to its parent's; else the backend has done so.
    bound, lifeline : int
        A counter by which it says that it will end with its parent, and a pipe, whose other end the
        harness alone holds, by which the harness then lets it go on.
    processor_seconds, memory, file_bytes, open_files : int
        See `limits.Limits`.
    """

    readable: list[str]
    listable: list[str]
    writable: list[str]
    ends_with_parent: bool
    bound: int
    lifeline: int
    processor_seconds: int
    memory: int
    file_bytes: int
    open_files: int


class Array(NamedTuple):
    """Where an array lies in shared memory."""

    handle: int
    dtype: str
    shape: tuple[int, ...]
    offset: int


class Answers(NamedTuple):
    """The descriptors that the child writes to.

    Attributes
    ----------
    begun, done : int
        Counters: the fit has begun; it is done, and the output is so many dimensions wide.
    output : int
        Memory of ``(n_source + n_target) * MAX_DIMENSIONS`` float32, the source's part first.
    message : int
        Memory for the text of an error.
    """

    begun: int
    done: int
    output: int
    message: int


class FitJob(NamedTuple):
    """One fit.

    Attributes
    ----------
    file, text, class_name : str
        Name and text of the aligner's file, and the class in it.
    info : dict
        What was read of it, as `AlignerInfo` takes it.
    seed : int
        The ``random_state``.
    chosen : dict
        Parameters that are other than the defaults of ``__init__``.
    shops : tuple of str
        Names of source and target.
    arrays : dict of str to Array
        The inputs.
    """

    file: str
    text: str
    class_name: str
    info: dict[str, Any]
    seed: int
    chosen: dict[str, Any]
    shops: tuple[str, str]
    arrays: dict[str, Array]


class Job(NamedTuple):
    """All that a child is told.

    Attributes
    ----------
    confinement : Confinement
        To be put on first.
    answers : Answers
        Where to write.
    fit : FitJob or None
        What to do; None only to try whether the confinement holds.
    forbidden : str
        A file that may not be readable, for that trial.
    """

    confinement: Confinement
    answers: Answers
    fit: FitJob | None = None
    forbidden: str = ""


def encode(job: Job) -> bytes:
    """A job as text."""
    told = job._asdict()
    told["confinement"] = job.confinement._asdict()
    told["answers"] = job.answers._asdict()
    if job.fit is not None:
        arrays = {name: array._asdict() for name, array in job.fit.arrays.items()}
        told["fit"] = job.fit._asdict() | {"arrays": arrays}
    return repr(told).encode()


def decode(text: bytes) -> Job:
    """A job from `encode`'s text."""
    told = ast.literal_eval(text.decode())
    fit = told["fit"]
    if fit is not None:
        arrays = {name: Array(**array) for name, array in fit.pop("arrays").items()}
        fit = FitJob(**fit, arrays=arrays)
    return Job(
        Confinement(**told["confinement"]), Answers(**told["answers"]), fit, told["forbidden"]
    )
