"""What an attack is let loose on: a harness with secrets around it, as root or another user."""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.conftest import ROOT

TOKEN = "hf_planted_token_of_nobody"
ORDINARY = 54321
"""A user number that nobody has."""
HOSTILE = Path(__file__).parent / "hostile"
SECONDS = 60


def cannot_be(user: str) -> str | None:
    """Why tests cannot be run as this user; None if they can."""
    if user == "root" and os.geteuid() != 0:
        return "not run as root"
    if user == "ordinary" and os.geteuid() == 0 and not shutil.which("setpriv"):
        return "setpriv is not installed"
    return None


def _as_ordinary(command: list[str]) -> list[str]:
    """The command as an ordinary user, who can reach Python even where root's home holds it."""
    if os.geteuid() != 0:
        return command
    drop = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    places = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix, ROOT)}
    closed = {
        parent: place
        for place in places
        for parent in place.parents
        if not parent.stat().st_mode & 0o001
    }
    if not closed:
        return [*drop, *command]
    script = "set -e; stage=$(mktemp -d); mount -t tmpfs none $stage; "
    for number, place in enumerate(closed.values()):
        script += f"mkdir $stage/{number}; mount --bind '{place}' $stage/{number}; "
    for number, (parent, place) in enumerate(closed.items()):
        script += f"mount -t tmpfs -o mode=755 none '{parent}'; mkdir -p '{place}'; "
        script += f"mount --move $stage/{number} '{place}'; "
    script += 'umount $stage; rmdir $stage; exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", *drop, *command]


class Prey:
    """A running harness of one user, its secrets, and the services that listen beside it.

    Parameters
    ----------
    user : str
        ``root`` or ``ordinary``.
    release : Path
        A small release, which is copied.
    """

    def __init__(self, user: str, release: Path) -> None:
        self.user = user
        self.place = Path(tempfile.mkdtemp(prefix="prey-"))
        self.mark = f"hostile-{self.place.name}"  # of the files an attack leaves
        self.home = self.place / "home"
        self.release = self.place / "release"
        self.asked = self.place / "asked"
        shutil.copytree(release, self.release)
        for name in ("home/.ssh", "home/.cache/huggingface", "asked", "tmp"):
            (self.place / name).mkdir(parents=True)
        (self.home / ".cache/huggingface/token").write_text(TOKEN)
        (self.home / ".ssh/id_ed25519").write_text("a planted key")
        (self.home / ".bashrc").write_text("# as it was\n")
        if user == "ordinary" and os.geteuid() == 0:
            for path in (self.place, *self.place.rglob("*")):
                os.chown(path, ORDINARY, ORDINARY)
        self.listeners = self._listen()
        self.start()
        self.secrets = self.tree()
        self.usual = self.ask("honest", "landlock")

    def _listen(self) -> dict[str, socket.socket]:
        abstract = self.place.name
        self.unix, self.abstract = self.place / "socket", abstract
        found = {
            "tcp": socket.create_server(("127.0.0.1", 0)),
            "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unix": socket.socket(socket.AF_UNIX),
            "abstract": socket.socket(socket.AF_UNIX),
        }
        found["udp"].bind(("127.0.0.1", 0))
        found["unix"].bind(str(self.unix))
        os.chmod(self.unix, 0o777)
        found["abstract"].bind(f"\0{abstract}")
        for name in ("unix", "abstract"):
            found[name].listen()
        return found

    def start(self) -> None:
        """Start the harness, with a token in its environment."""
        command = [sys.executable, "-m", "tests.harness.sandbox.victim", str(self.release)]
        if self.user == "ordinary":
            command = _as_ordinary(command)
        kept = ("PATH", "CI", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HF_TOKEN": TOKEN,
            "HOME": str(self.home),
            "TMPDIR": str(self.place / "tmp"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=self.place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,  # an attack may signal its whole group
        )
        self.pid = self._line()["ready"]

    def _line(self) -> dict:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else ""
        assert line, f"the harness is dead: {self.process.poll()}"
        return json.loads(line)

    def ask(self, attack: str, backend: str, *, reckless: bool = False, **limits) -> dict:
        """Let the harness fit a hostile file."""
        text = (HOSTILE / f"{attack}.py").read_text()
        filled = {
            "RELEASE": self.release,
            "HOME": self.home,
            "PID": self.pid,
            "TCP": self.listeners["tcp"].getsockname()[1],
            "UDP": self.listeners["udp"].getsockname()[1],
            "UNIX": self.unix,
            "ABSTRACT": self.abstract,
            # Enough to be told from less, should the walls not hold; in the open, just enough.
            "MARK": self.mark,
            "FORKS": 1 if reckless else 20,
            "BLOCKS": 4 if reckless else 100,
            "LINES": 20 if reckless else 2000,
            "MAPS": 1 if reckless else 200,
            "LONG": 0.1 if reckless else 100,
        }
        for name, value in filled.items():
            text = text.replace(f"__{name}__", str(value))
        path = self.asked / f"{attack}.py"
        path.write_text(text)
        path.chmod(0o644)
        question = {"file": str(path), "backend": backend, "limits": limits}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self._line()
        path.unlink()
        return answer

    def tree(self) -> str:
        """A digest of the secrets: names, modes, contents."""
        digest = hashlib.sha256()
        for path in sorted([*self.home.rglob("*"), *self.release.rglob("*")]):
            about = path.lstat()
            digest.update(f"{path} {about.st_mode} {about.st_uid} {about.st_mtime_ns}".encode())
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def heard(self) -> list[str]:
        """Services that anybody has talked to."""
        ready, _, _ = select.select(list(self.listeners.values()), [], [], 0)
        return [name for name, service in self.listeners.items() if service in ready]

    def left_behind(self) -> list[str]:
        """Files where an attack may have put some."""
        marked = [
            Path(p).glob(f"{self.mark}-*") for p in ("/tmp", "/var/tmp", "/dev/shm", self.place)
        ]
        own = [*(self.place / "tmp").iterdir(), *self.asked.iterdir()]
        return [str(path) for places in (*marked, own) for path in places]

    def close(self) -> None:
        """End it all."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it is dead, with a question unread
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for service in self.listeners.values():
            service.close()
        shutil.rmtree(self.place)
