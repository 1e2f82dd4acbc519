"""What the stand-in keeps: users, and repositories with commits, refs and pull requests."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class User:
    """Who a token belongs to."""

    name: str
    orgs: tuple[str, ...] = ()
    role: str = "write"
    expired: bool = False

    def may_write(self, namespace: str) -> bool:
        return self.role == "write" and namespace in (self.name, *self.orgs)


@dataclass(frozen=True)
class Entry:
    """A file in a commit: of git if `sha256` is None, else in the large file storage."""

    oid: str
    size: int
    sha256: str | None = None
    xet: str | None = None

    def as_json(self, path: str) -> dict:
        found = {"type": "file", "path": path, "oid": self.oid, "size": self.size}
        if self.sha256 is not None:
            found["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": 134}
        if self.xet is not None:
            found["xetHash"] = self.xet
        return found


@dataclass(frozen=True)
class Commit:
    oid: str
    parent: str | None
    files: dict[str, Entry]
    title: str
    author: str
    date: str


@dataclass
class PullRequest:
    num: int
    title: str
    author: str
    base: str
    status: str = "open"
    merged_as: str | None = None
    created: str = ""


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def pointer_oid(sha256: str, size: int) -> str:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return git_oid(text.encode())


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


@dataclass
class Repo:
    """One repository: its commits, and where its refs point."""

    type: str
    id: str
    private: bool = False
    gated: bool = False
    sdk: str | None = None
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    def resolve(self, revision: str) -> Commit | None:
        """A branch, a tag, a full ref or a commit."""
        for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            if ref in self.refs:
                return self.commits[self.refs[ref]]
        return self.commits.get(revision)

    def add_commit(self, ref: str, parent: str | None, files: dict, title: str, author: str) -> str:
        lines = "".join(f"{path} {entry.oid}\n" for path, entry in sorted(files.items()))
        text = f"{parent}\n{title}\n{author}\n{len(self.commits)}\n{lines}"
        oid = hashlib.sha1(text.encode()).hexdigest()
        self.commits[oid] = Commit(oid, parent, dict(files), title, author, now())
        self.refs[ref] = oid
        return oid

    def open_pull(self, title: str, author: str, parent: str, status: str = "open") -> PullRequest:
        num = len(self.pulls) + 1
        self.pulls[num] = PullRequest(num, title, author, parent, status, created=now())
        self.refs[f"refs/pr/{num}"] = parent
        return self.pulls[num]

    def merge(self, num: int, author: str) -> None:
        """Put a pull request's changes on top of main."""
        pull = self.pulls[num]
        ours = self.commits[self.refs["refs/heads/main"]]
        base, theirs = self.commits[pull.base], self.commits[self.refs[f"refs/pr/{num}"]]
        gone = set(base.files) - set(theirs.files)
        changed = {p: e for p, e in theirs.files.items() if base.files.get(p) != e}
        files = {p: e for p, e in ours.files.items() if p not in gone} | changed
        pull.merged_as = self.add_commit("refs/heads/main", ours.oid, files, pull.title, author)
        pull.status = "merged"


class Store:
    """All repositories and all bytes."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.repos: dict[tuple[str, str], Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.large: dict[str, bytes] = {}
        self.lock = threading.RLock()

    def create(
        self, kind: str, name: str, *, private: bool = False, sdk: str | None = None
    ) -> Repo:
        """A repository with the first commit that the Hub makes."""
        repo = Repo(kind, name, private=private, sdk=sdk)
        attributes = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
        entry = self.put(attributes)
        files = {".gitattributes": entry}
        if kind == "space":
            files["README.md"] = self.put(f"---\nsdk: {sdk}\n---\nCheck out the docs\n".encode())
            if sdk == "static":
                files["index.html"] = self.put(b"<p>Welcome to your static Space!</p>\n")
                files["style.css"] = self.put(b"body {}\n")
        repo.add_commit("refs/heads/main", None, files, "initial commit", "system")
        self.repos[kind, name] = repo
        return repo

    def put(self, data: bytes) -> Entry:
        oid = git_oid(data)
        self.blobs[oid] = data
        return Entry(oid, len(data))
