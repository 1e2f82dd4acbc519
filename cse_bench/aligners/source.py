"""An aligner's file: what it says of itself, its parameters, its class."""

from __future__ import annotations

import ast
import hashlib
import math
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from cse_bench.aligners.base import Aligner
from cse_bench.aligners.running import make, run_text
from cse_bench.errors import InputError, did_you_mean

DESCRIBES = ("authors", "description", "licence", "citation")
"""Attributes of a class that are for people alone."""

LOOKS_AT_ITSELF = frozenset(
    {"__code__", "__dict__", "__doc__", "__file__", "_getframe", "dir", "getattr", "globals"}
    | {"inspect", "linecache", "locals", "traceback", "vars"}
)
"""Names by which a file could come to know its own text."""


@dataclass(frozen=True)
class AlignerInfo:
    """What an aligner says of itself, read from its source without running it.

    Attributes
    ----------
    name, version, authors, description, licence, citation, uses, stochastic
        See `Aligner`; its defaults where the class says nothing.
    """

    name: str = "my-aligner"
    version: str = "1"
    authors: tuple[str, ...] = ()
    description: str = ""
    licence: str = ""
    citation: str = ""
    uses: frozenset[str] = frozenset()
    stochastic: bool = False


@dataclass(frozen=True)
class AlignerSource:
    """An aligner's file.

    Attributes
    ----------
    path : Path
        The file.
    text : str
        Its text.
    class_name : str
        The one `Aligner` in it.
    info : AlignerInfo
        What that says of itself.
    chosen : dict
        Parameters that are to be other than the defaults of ``__init__``.
    """

    path: Path
    text: str
    class_name: str
    info: AlignerInfo
    chosen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """SHA-256 of the source."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def load(self) -> type[Aligner]:
        """Import the file and return its class.

        Raises
        ------
        AlignerError
            If the file cannot be imported.
        """
        name = f"cse_bench_aligner_{self.sha256[:16]}"
        return run_text(self.text, str(self.path), self.class_name, vars(self.info), name)

    def with_parameters(self, given: Mapping[str, Any]) -> AlignerSource:
        """The same file with parameters of one's choice; those like the defaults are no choice.

        Parameters
        ----------
        given : mapping of str to value
            Parameter of ``__init__`` → a finite number, a text, a truth value or None.

        Returns
        -------
        AlignerSource

        Raises
        ------
        InputError
            If ``__init__`` has no such parameter, or a value cannot be told to a sandbox.
        """
        known = self.defaults()
        for name, value in given.items():
            if name == "random_state":
                raise InputError("the seeds are drawn by the protocol: random_state is not chosen")
            if name not in known:
                raise InputError(
                    f"{self.info.name} has no parameter {name!r}",
                    did_you_mean(name, [*known]) if known else "its __init__ takes none",
                )
            if not isinstance(value, bool | int | float | str | None) or (
                isinstance(value, float) and not math.isfinite(value)
            ):
                raise InputError(
                    f"{name} = {value!r} cannot be chosen",
                    "a finite number, a text, True, False or None can",
                )
            if not _fits(value, known[name]):
                raise InputError(
                    f"{name} = {value!r}: the default is {known[name]!r}",
                    "true or false" if isinstance(known[name], bool) else "give a number",
                )
        chosen = {n: v for n, v in given.items() if (v, type(v)) != (known[n], type(known[n]))}
        return replace(self, chosen=chosen)

    def parameters(self) -> dict[str, Any]:
        """What it is scored with, as JSON can hold it."""
        return self.defaults() | dict(self.chosen)

    def defaults(self) -> dict[str, Any]:
        """The defaults of ``__init__``, read without running it, as JSON can hold them."""
        body = next(c for c in ast.parse(self.text).body if _named(c, self.class_name)).body
        made = [m for m in body if isinstance(m, ast.FunctionDef) and m.name == "__init__"]
        if not made:
            return {}
        given = made[-1].args
        positional = [*given.posonlyargs, *given.args][1:]
        bare = len(positional) - len(given.defaults)
        found: dict[str, ast.expr | None] = {a.arg: None for a in positional[:bare]}
        found |= {a.arg: d for a, d in zip(positional[bare:], given.defaults, strict=False)}
        found |= {a.arg: d for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)}
        return {name: _default(found[name]) for name in sorted(found)}

    def does_as(self, other: AlignerSource) -> bool:
        """Whether both do the same, whatever they say of themselves."""
        mine, theirs = (
            each._code(AlignerInfo.__dataclass_fields__).replace(each.class_name, "")
            for each in (self, other)
        )
        return mine == theirs

    def code_sha256(self) -> str:
        """SHA-256 of what decides an output: not of comments, docstrings and `DESCRIBES`.

        That of the whole source, where it may look at these itself.
        """
        words = re.findall(r"\w+", self.text)
        if LOOKS_AT_ITSELF & {*words} or any(f".{name}" in self.text for name in DESCRIBES):
            return self.sha256
        return hashlib.sha256(self._code(DESCRIBES).encode()).hexdigest()

    def _code(self, without: Container[str]) -> str:
        """Its syntax tree as text, without docstrings and some attributes of its class."""
        tree = ast.parse(self.text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                if ast.get_docstring(node) is not None:
                    del node.body[0]
                if _named(node, self.class_name):
                    node.body = [part for part in node.body if not _sets(part, without)]
        return ast.dump(tree)

    def make(self, random_state: int | None = None) -> Aligner:
        """An instance with its parameters, and the given seed if it takes one.

        Raises
        ------
        AlignerError
            If a parameter has no default, or ``__init__`` fails.
        """
        return make(self.load(), str(self.path), random_state, self.chosen)


def is_aligner(node: ast.ClassDef) -> bool:
    """Whether a class says that it is an `Aligner`."""
    bases = [b.attr if isinstance(b, ast.Attribute) else getattr(b, "id", "") for b in node.bases]
    return "Aligner" in bases


def _named(node: ast.AST, name: str) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and node.name == name and is_aligner(node)


def _fits(value: Any, default: Any) -> bool:
    """Whether a value is of the kind of a default that is a truth value or a number."""
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int | float):
        wanted = int if isinstance(default, int) else int | float
        return isinstance(value, wanted) and not isinstance(value, bool)
    return True


def _default(value: ast.expr | None) -> Any:
    """A default as JSON can hold it: its value, or its text where that has to be computed."""
    if value is None:
        return None
    try:
        return _plain(ast.literal_eval(value))
    except (ValueError, TypeError, RecursionError, MemoryError):
        return ast.unparse(value)


def _plain(value: Any) -> Any:
    """A parameter as JSON can hold it."""
    return value if isinstance(value, bool | int | float | str | None) else repr(value)


def _sets(node: ast.stmt, names: Container[str]) -> bool:
    """Whether a statement does nothing but set one of some names."""
    return isinstance(node, ast.Assign) and all(
        isinstance(target, ast.Name) and target.id in names for target in node.targets
    )
