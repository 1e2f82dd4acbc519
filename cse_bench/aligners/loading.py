"""Find an aligner by name or path, and read its file, without running it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from cse_bench.aligners.base import EVIDENCE_KINDS
from cse_bench.aligners.registry import ALIGNERS, aligner_file, check_installed
from cse_bench.aligners.source import AlignerInfo, AlignerSource, is_aligner
from cse_bench.errors import AlignerError, InputError, did_you_mean

MAX_BYTES = 64 * 1024
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


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
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and is_aligner(node)]
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
