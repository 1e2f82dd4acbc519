"""What is asked of a repository: who, what revision, which files, and their bytes."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, quote

from tests.hub_server.server import HubServer, Refusal, Request, Response, answer
from tests.hub_server.store import Commit, Repo

KINDS = {"models": "model", "datasets": "dataset", "spaces": "space", "": "model"}


def find_repo(hub: HubServer, request: Request, kind: str, name: str) -> Repo:
    """A repository that the asker may see; the others are not there."""
    signed_in(hub, request)
    repo = hub.store.repos.get((KINDS[kind], name))
    seen = repo is not None and (
        not repo.private
        or (request.user is not None and repo.namespace in (request.user.name, *request.user.orgs))
    )
    if not seen:
        if request.user is None:
            raise Refusal(401, "Invalid username or password.", "RepoNotFound")
        raise Refusal(404, "Repository not found", "RepoNotFound")
    return repo


def signed_in(hub: HubServer, request: Request) -> None:
    """Refuse a token that is unknown or has expired; none at all is allowed."""
    if "authorization" in request.headers and (request.user is None or request.user.expired):
        raise Refusal(401, "Invalid credentials in Authorization header")


def find_commit(repo: Repo, revision: str) -> Commit:
    found = repo.resolve(revision or "main")
    if found is None:
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return found


def whoami(hub: HubServer, request: Request) -> Response:
    signed_in(hub, request)
    user = request.user
    if user is None:
        raise Refusal(401, "Invalid username or password.")
    token = {"displayName": "a token", "role": user.role}
    orgs = [{"type": "org", "name": name, "roleInOrg": "write"} for name in user.orgs]
    auth = {"type": "access_token", "accessToken": token}
    return answer({"type": "user", "name": user.name, "orgs": orgs, "auth": auth})


def info(
    hub: HubServer, request: Request, kind: str, name: str, revision: str = "main"
) -> Response:
    repo = find_repo(hub, request, kind, name)
    found = find_commit(repo, revision)
    return answer(
        {
            "_id": "0" * 24,
            "id": repo.id,
            "author": repo.namespace,
            "sha": found.oid,
            "private": repo.private,
            "gated": "manual" if repo.gated else False,
            "disabled": False,
            "sdk": repo.sdk,
            "lastModified": found.date,
            "createdAt": found.date,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "siblings": [{"rfilename": path} for path in sorted(found.files)],
        }
    )


def refs(hub: HubServer, request: Request, kind: str, name: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    groups = {"branches": "refs/heads/", "converts": "refs/convert/", "tags": "refs/tags/"}
    if "include_prs" in request.query:
        groups["pullRequests"] = "refs/pr/"
    return answer(
        {
            group: [
                {"name": ref.removeprefix(start), "ref": ref, "targetCommit": oid}
                for ref, oid in repo.refs.items()
                if ref.startswith(start)
            ]
            for group, start in groups.items()
        }
    )


def _folders(files: dict, folder: str, recursive: bool) -> list[dict]:
    """Files and folders under a folder, sorted by path."""
    start = f"{folder}/" if folder else ""
    found: dict[str, dict] = {}
    for path, entry in files.items():
        if not path.startswith(start):
            continue
        rest = path.removeprefix(start).split("/")
        parents = [start + "/".join(rest[:n]) for n in range(1, len(rest))]
        for parent in parents if recursive else parents[:1]:
            found[parent] = {"type": "directory", "path": parent, "oid": "0" * 40, "size": 0}
        if recursive or not parents:
            found[path] = entry.as_json(path)
    return [found[path] for path in sorted(found)]


def tree(
    hub: HubServer, request: Request, kind: str, name: str, revision: str, folder: str = ""
) -> Response:
    repo = find_repo(hub, request, kind, name)
    files = find_commit(repo, revision).files
    recursive = request.query.get("recursive", ["false"])[0].lower() in ("true", "1")
    listed = _folders(files, folder, recursive)
    if folder and not listed:
        raise Refusal(404, f"{folder} does not exist on {revision!r}", "EntryNotFound")
    begin = int(request.query.get("cursor", ["0"])[0])
    page = listed[begin : begin + hub.page]
    headers = {}
    if begin + hub.page < len(listed):
        rest = f"recursive={str(recursive).lower()}&cursor={begin + hub.page}"
        headers["Link"] = f'<{hub.url}{request.path}?{rest}>; rel="next"'
    return answer(page, **headers)


def paths_info(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    files = find_commit(repo, revision).files
    if "json" in request.headers.get("content-type", ""):
        paths = request.json()["paths"]
    else:
        paths = parse_qs(request.body.decode()).get("paths", [])
    found = []
    for path in paths:
        if path in files:
            found.append(files[path].as_json(path))
        elif any(known.startswith(f"{path}/") for known in files):
            found.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
    return answer(found)


def commits(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    found: Commit | None = find_commit(repo, revision)
    history = []
    while found is not None:
        authors = [{"user": found.author}]
        line = {"id": found.oid, "title": found.title, "message": "", "date": found.date}
        history.append(line | {"authors": authors})
        found = repo.commits.get(found.parent or "")
    return answer(history)


def xet_token(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    """Where a client finds the Xet store: a directory of this machine, which hf_xet knows."""
    store, expires = f"local://{hub.directory}", int(time.time()) + 3600
    return answer(
        {"casUrl": store, "exp": expires, "accessToken": "stand-in"},
        X_Xet_Cas_Url=store,
        X_Xet_Token_Expiration=str(expires),
        X_Xet_Access_Token="stand-in",
    )


def resolve(
    hub: HubServer, request: Request, kind: str, name: str, revision: str, path: str
) -> Response:
    """A file; a large one by redirection to another origin, where no token is shown."""
    repo = find_repo(hub, request, kind, name)
    found = find_commit(repo, revision)
    if repo.gated and (request.user is None or not request.user.may_write(repo.namespace)):
        message = f"Access to {kind} {name} is restricted. You must be authorised to access it."
        raise Refusal(403 if request.user else 401, message, "GatedRepo")
    entry = found.files.get(path)
    if entry is None:
        refusal = Refusal(404, "Entry not found", "EntryNotFound")
        refusal.response.headers["X-Repo-Commit"] = found.oid
        raise refusal
    headers = {"X-Repo-Commit": found.oid, "Accept-Ranges": "bytes"}
    if entry.sha256 is None:
        headers["ETag"] = f'"{entry.oid}"'
        return _ranged(hub.bytes_of(entry), request, headers)
    headers |= {
        "ETag": f'"{entry.oid}"',
        "X-Linked-Etag": f'"{entry.sha256}"',
        "X-Linked-Size": str(entry.size),
        "Location": f"{hub.cdn}/lfs/{entry.sha256}",
    }
    if entry.xet is not None:
        repo_url = f"{hub.url}/api/{kind or 'models'}/{name}"
        headers["X-Xet-Hash"] = entry.xet
        route = f"{repo_url}/xet-read-token/{quote(found.oid)}"
        headers["Link"] = f'<{route}>; rel="xet-auth"'
    hub.store.large.setdefault(entry.sha256, hub.bytes_of(entry))
    return Response(302, b"", headers)


def large_file(hub: HubServer, request: Request, oid: str) -> Response:
    if "authorization" in request.headers:
        raise Refusal(400, "a token was shown to the storage, which is another origin")
    data = hub.store.large.get(oid)
    if data is None:
        raise Refusal(404, "no such object")
    return _ranged(data, request, {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"})


def _ranged(data: bytes, request: Request, headers: dict[str, str]) -> Response:
    """The whole, or the part that was asked for."""
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    status = 200
    if wanted and wanted.group(1):
        begin = int(wanted.group(1))
        end = min(int(wanted.group(2) or len(data) - 1), len(data) - 1)
        if begin >= len(data):
            return Response(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        headers = headers | {"Content-Range": f"bytes {begin}-{end}/{len(data)}"}
        status, data = 206, data[begin : end + 1]
    return Response(status, data, headers | {"Content-Length": str(len(data))})
