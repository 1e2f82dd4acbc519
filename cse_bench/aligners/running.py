"""Run the text of an aligner's file: its class, and an instance of it.

It is imported before anything else in a sandbox, so it imports next to nothing itself.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from cse_bench.errors import AlignerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cse_bench.aligners.base import Aligner

SAID = ("name", "version", "uses", "stochastic")
"""Attributes that must be what the class's own text says."""


def run_text(
    text: str, file: str, class_name: str, said: Mapping[str, object], module_name: str
) -> type[Aligner]:
    """Run a file's text and return its class.

    Parameters
    ----------
    text, file : str
        The text, and the name of the file, for errors.
    class_name : str
        The one `Aligner` in it.
    said : mapping of str to object
        What its attributes are by its text, read without running it.
    module_name : str
        What the module shall be called; it is run only once under one name.

    Raises
    ------
    AlignerError
        If it cannot be imported, or its class is not what its text says.
    """
    if module_name not in sys.modules:
        module = ModuleType(module_name)
        module.__file__ = file
        sys.modules[module_name] = module
        stdout, sys.stdout = sys.stdout, sys.stderr
        try:
            exec(compile(text, file, "exec"), module.__dict__)
        except (Exception, SystemExit) as error:
            del sys.modules[module_name]
            what = f"{type(error).__name__}: {error}"
            raise AlignerError(
                f"{file}{_line_in(file, error)} cannot be imported: {what}",
                "pip install what it imports" if isinstance(error, ImportError) else None,
            ) from error
        finally:
            sys.stdout = stdout
    cls = getattr(sys.modules[module_name], class_name, None)
    from cse_bench.aligners.base import Aligner

    if not (isinstance(cls, type) and issubclass(cls, Aligner)):
        raise AlignerError(f"{file}: {class_name} is no subclass of cse_bench.Aligner")
    for name in SAID:
        value = getattr(cls, name)
        if name == "uses" and isinstance(value, list | tuple | set):
            value = frozenset(value)  # so is its text read
        if value != said[name]:
            raise AlignerError(
                f"{file}: {class_name}.{name} is {value!r}, but the class's own text "
                f"says {said[name]!r}",
                "write it as a literal in the class itself, which is read without running it",
            )
    return cls


def make(
    cls: type[Aligner], file: str, random_state: int | None, chosen: Mapping[str, object]
) -> Aligner:
    """An instance with the chosen parameters, else the defaults, and the seed if it takes one.

    Parameters
    ----------
    cls : type
        The class.
    file : str
        Its file, for errors.
    random_state : int or None
        The seed; given only to a stochastic aligner.
    chosen : mapping of str to value
        Parameters that are other than the defaults.

    Raises
    ------
    AlignerError
        If a parameter has no default, or ``__init__`` fails.
    """
    missing: frozenset[str] = getattr(cls, "__abstractmethods__", frozenset())
    if missing:
        raise AlignerError(
            f"{file}: {cls.__name__} has no method {' or '.join(sorted(missing))}",
            "an aligner has fit and transform; is one of them misspelt?",
        )
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        given = dict(chosen)
        if cls.stochastic and random_state is not None:
            given["random_state"] = random_state
        return cls(**given)
    except TypeError as error:
        hint = "give every parameter of __init__ a default"
        if cls.stochastic:
            hint += "; a stochastic aligner has a parameter random_state"
        raise AlignerError(f"{file}: {cls.__name__}() failed: {error}", hint) from error
    except (Exception, SystemExit) as error:
        raise AlignerError(
            f"{file}: {cls.__name__}() raised {type(error).__name__}: {error}",
            "__init__ only stores parameters",
        ) from error
    finally:
        sys.stdout = stdout


def _line_in(file: str, error: BaseException) -> str:
    """Where in the file the import failed."""
    trace, line = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return line
