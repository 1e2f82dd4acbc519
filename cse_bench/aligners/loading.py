"""Find the one aligner of a file: its attributes by reading, its class by importing."""

from __future__ import annotations

import ast
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from cse_bench.aligners.base import EVIDENCE_KINDS, Aligner
from cse_bench.aligners.registry import ALIGNERS, aligner_file, check_installed
from cse_bench.aligners.running import make, run_text
from cse_bench.errors import AlignerError, InputError, did_you_mean

MAX_BYTES = 64 * 1024
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


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

    def make(self, random_state: int | None = None) -> Aligner:
        """An instance with its parameters, and the given seed if it takes one.

        Raises
        ------
        AlignerError
            If a parameter has no default, or ``__init__`` fails.
        """
        return make(self.load(), str(self.path), random_state, self.chosen)


def find_aligner(reference: str) -> AlignerSource:
    """Resolve what the user named: a registered aligner, or a file.

    Parameters
    ----------
    reference : str
        A name of `registry.ALIGNERS`, or a path.

    Raises
    ------
    InputError
        If it is neither, or the file does not hold exactly one aligner.
    """
    looks_like_path = reference.endswith(".py") or "/" in reference or "\\" in reference
    if not looks_like_path and reference not in ALIGNERS and Path(f"{reference}.py").is_file():
        raise InputError(
            f"there is no aligner called {reference!r}", f"for the file, write {reference}.py"
        )
    if not reference:
        raise InputError("no aligner is named", "a name of cse-bench list, or a .py file")
    if reference not in ALIGNERS and Path(reference).is_dir():
        raise InputError(f"{reference} is a directory", "give the .py file in it")
    known = reference in ALIGNERS
    if not known and Path(reference).is_file() and not reference.endswith(".py"):
        raise InputError(
            f"{reference} is no .py file", "an aligner is one: cse-bench new my_aligner.py"
        )
    if known:
        return read_aligner(aligner_file(reference))
    if not looks_like_path:
        raise InputError(
            f"there is no aligner called {reference!r}, and no such file",
            did_you_mean(reference, list(ALIGNERS)) + "; or give the path of your own .py file",
        )
    return read_aligner(Path(reference))


def find_runnable(reference: str) -> AlignerSource:
    """As `find_aligner`, for what is to be run: a reference aligner's extra must be installed.

    Raises
    ------
    InputError
        As `find_aligner`, or with the command that installs what is missing.
    """
    check_installed(reference)
    return find_aligner(reference)


def read_aligner(path: Path) -> AlignerSource:
    """Read an aligner's file without running it.

    Raises
    ------
    InputError
        If the file is missing, too large, no Python, or does not hold exactly one aligner.
    """
    text = _read_text(path)
    try:
        tree = ast.parse(text, filename=str(path))
    except SyntaxError as error:
        raise AlignerError(f"{path}, line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise AlignerError(f"{path} cannot be parsed: {type(error).__name__}: {error}") from None
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _is_aligner(node)]
    if not classes:
        raise AlignerError(
            f"{path} holds no subclass of Aligner",
            "write 'class MyAligner(Aligner):', or begin from: cse-bench new my_aligner.py",
        )
    if len(classes) > 1:
        names = ", ".join(f"{node.name} (line {node.lineno})" for node in classes)
        raise AlignerError(
            f"{path} holds {len(classes)} subclasses of Aligner: {names}",
            "keep one per file",
        )
    return AlignerSource(path, text, classes[0].name, _info(path, classes[0]))


def _read_text(path: Path) -> str:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise AlignerError(f"{path} is no ordinary file")
        if path.stat().st_size > MAX_BYTES:
            raise AlignerError(
                f"{path} has {path.stat().st_size:,} bytes, an aligner at most {MAX_BYTES:,}",
                "an aligner brings no data of its own",
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        beside = sorted(str(path.with_name(p.name)) for p in path.parent.glob("*.py"))
        raise InputError(
            f"there is no file {path}",
            did_you_mean(str(path), beside)
            if beside
            else "cse-bench list names the aligners there are",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from None


def _is_aligner(node: ast.ClassDef) -> bool:
    bases = [b.attr if isinstance(b, ast.Attribute) else getattr(b, "id", "") for b in node.bases]
    return "Aligner" in bases


def _info(path: Path, node: ast.ClassDef) -> AlignerInfo:
    """The literal class attributes."""
    known = AlignerInfo.__dataclass_fields__
    found: dict[str, Any] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in known:
                where = f"{path}, line {statement.lineno}: {target.id}"
                found[target.id] = _literal(where, target.id, value)
    return AlignerInfo(**found)


def _literal(where: str, name: str, value: ast.expr) -> Any:
    """The value of one attribute, checked."""
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "frozenset":
        value = value.args[0] if value.args else ast.Tuple(elts=[], ctx=ast.Load())
    try:
        literal = ast.literal_eval(value)
        if name in ("uses", "authors"):
            iter(literal)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise AlignerError(f"{where} is not a literal", "write the value itself") from None
    if name == "uses":
        unknown = [kind for kind in literal if kind not in EVIDENCE_KINDS]
        if isinstance(literal, str) or unknown:
            raise AlignerError(
                f"{where} = {literal!r}", f"a frozenset of {', '.join(EVIDENCE_KINDS)}, or empty"
            )
        return frozenset(literal)
    if name == "authors":
        if isinstance(literal, str) or not all(
            isinstance(a, str) and a.isprintable() for a in literal
        ):
            raise AlignerError(f"{where} = {literal!r}", 'a tuple of names, such as ("A. Author",)')
        return tuple(literal)
    wanted = bool if name == "stochastic" else str
    if not isinstance(literal, wanted):
        raise AlignerError(f"{where} = {literal!r}", f"wanted is a {wanted.__name__}")
    if name == "name" and not NAME.fullmatch(str(literal)):
        raise AlignerError(
            f"{where} = {literal!r}", "1 to 64 of a-z, 0-9, '-', '_' and '.', no capitals or spaces"
        )
    if not all(c.isprintable() or c in "\n\t" for c in str(literal)):
        raise AlignerError(f"{where} holds control characters", "write plain text")
    return literal


def _named(node: ast.stmt, name: str) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and node.name == name and _is_aligner(node)


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
