"""What changes a repository: creating it, uploading, committing, tagging."""

from __future__ import annotations

import base64
import hashlib
import json

import yaml

from tests.hub_server import reading, xet
from tests.hub_server.reading import find_commit, find_repo, signed_in
from tests.hub_server.server import HubServer, Refusal, Request, Response, answer
from tests.hub_server.store import Entry, Repo, pointer_oid

LARGE = (".parquet", ".png")
"""What `.gitattributes` sends to the large file storage."""

FRAMEWORKS = ("inspect-ai", "cse-bench")
"""Whose `eval.yaml` this stand-in takes; the real list is the Hub's own."""


def may_write(hub: HubServer, request: Request, repo_namespace: str) -> None:
    signed_in(hub, request)
    if request.user is None:
        raise Refusal(401, "Invalid username or password.")
    if not request.user.may_write(repo_namespace):
        raise Refusal(403, "you don't have the rights to write here with this token")


def create(hub: HubServer, request: Request) -> Response:
    wanted = request.json()
    signed_in(hub, request)
    namespace = wanted.get("organization") or (request.user.name if request.user else "")
    may_write(hub, request, namespace)
    kind, name = wanted.get("type", "model"), f"{namespace}/{wanted['name']}"
    url = f"{hub.url}/{'' if kind == 'model' else kind + 's/'}{name}"
    with hub.store.lock:
        if (kind, name) in hub.store.repos:
            error = "You already created this repo"
            return answer({"error": error, "url": url}, 409, X_Error_Message=error)
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        hub.store.create(kind, name, private=private, sdk=wanted.get("sdk"))
    return answer({"url": url, "name": name})


def validate_yaml(hub: HubServer, request: Request) -> Response:
    content = request.json()["content"]
    try:
        header = yaml.safe_load(content.split("---")[1]) if content.startswith("---") else {}
    except yaml.YAMLError as error:
        return answer({"errors": [{"message": str(error)}], "warnings": []}, 400)
    if request.json()["repoType"] == "space" and "sdk" not in (header or {}):
        return answer({"errors": [{"message": '"sdk" is required'}], "warnings": []}, 400)
    return answer({"errors": [], "warnings": []})


def _parent(hub: HubServer, request: Request, repo: Repo, revision: str) -> str:
    """The ref that is written to; a pull request needs no right to write."""
    if "create_pr" in request.query:
        signed_in(hub, request)
        if request.user is None or request.user.role != "write":
            raise Refusal(403, "this token may not open a pull request")
        return ""
    pull = repo.pulls.get(int(revision.rpartition("/")[2])) if revision[:7] == "refs/pr" else None
    if pull is None or request.user is None or pull.author != request.user.name:
        may_write(hub, request, repo.namespace)
    return revision if revision.startswith("refs/") else f"refs/heads/{revision}"


def preupload(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    _parent(hub, request, repo, revision)
    known = find_commit(repo, revision).files
    files = []
    for file in request.json()["files"]:
        path, entry = file["path"], known.get(file["path"])
        large = path.endswith(LARGE) or file["size"] > 10_000_000
        oid = None if entry is None else entry.sha256 or entry.oid
        mode = "lfs" if large else "regular"
        files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return answer({"files": files, "commitOid": find_commit(repo, revision).oid})


def xet_token(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    _parent(hub, request, find_repo(hub, request, kind, name), revision)
    return reading.xet_token(hub, request, kind, name, revision)


def lfs_batch(hub: HubServer, request: Request, kind: str, name: str) -> Response:
    signed_in(hub, request)
    find_repo(hub, request, kind, name)
    objects = []
    for wanted in request.json()["objects"]:
        oid, found = wanted["oid"], {"oid": wanted["oid"], "size": wanted["size"]}
        if oid not in hub.store.large:
            upload = {"href": f"{hub.cdn}/lfs/upload/{oid}", "header": {}}
            verify = {"href": f"{hub.url}/lfs/verify/{oid}", "header": {}}
            found["actions"] = {"upload": upload, "verify": verify}
        objects.append(found)
    return answer({"transfer": "basic", "objects": objects})


def lfs_put(hub: HubServer, request: Request, oid: str) -> Response:
    if "authorization" in request.headers:
        raise Refusal(400, "a token was shown to the storage, which is another origin")
    if hashlib.sha256(request.body).hexdigest() != oid:
        raise Refusal(400, "the content does not have the SHA-256 that was announced")
    hub.store.large[oid] = request.body
    return Response(200)


def lfs_verify(hub: HubServer, request: Request, oid: str) -> Response:
    signed_in(hub, request)
    found = hub.store.large.get(oid)
    if found is None or len(found) != request.json()["size"]:
        raise Refusal(404, "the object was not uploaded")
    return Response(200)


def _large_entry(hub: HubServer, value: dict) -> Entry:
    sha256 = value["oid"]
    known = xet.files_of(hub.directory)
    if sha256 not in hub.store.large and sha256 not in known:
        raise Refusal(400, f"{value['path']}: no object {sha256[:12]}… was uploaded")
    pointer = pointer_oid(sha256, value["size"])
    return Entry(pointer, value["size"], sha256, known.get(sha256))


def _check_eval_yaml(data: bytes) -> None:
    """As the Hub checks `eval.yaml` at push."""
    found = yaml.safe_load(data)
    missing = {"name", "description", "evaluation_framework", "tasks"} - set(found)
    if missing:
        raise Refusal(400, f"eval.yaml: {sorted(missing)[0]} is missing")
    if found["evaluation_framework"] not in FRAMEWORKS:
        raise Refusal(400, f"eval.yaml: unknown framework {found['evaluation_framework']}")
    if any({"id", "config", "split"} - set(task) for task in found["tasks"]):
        raise Refusal(400, "eval.yaml: a task needs id, config and split")


def commit(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    """One commit from lines of JSON; refused whole if anything of it is wrong."""
    repo = find_repo(hub, request, kind, name)
    with repo.lock:
        ref = _parent(hub, request, repo, revision)
        lines = [json.loads(line) for line in request.body.decode().splitlines() if line]
        header = lines[0]["value"]
        base = find_commit(repo, revision)
        if header.get("parentCommit") not in (None, base.oid):
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        files = dict(base.files)
        for line in lines[1:]:
            path, value = line["value"]["path"], line["value"]
            if line["key"] == "file":
                data = base64.b64decode(value["content"])
                if path == "eval.yaml":
                    _check_eval_yaml(data)
                files[path] = hub.store.put(data)
            elif line["key"] == "lfsFile":
                files[path] = _large_entry(hub, value)
            elif line["key"] == "deletedFile":
                if files.pop(path, None) is None:
                    raise Refusal(400, "A file with this name doesn't exist", "EntryNotFound")
            else:
                raise Refusal(400, f"this stand-in knows no {line['key']}")
        assert request.user is not None
        author, title, pull = request.user.name, header["summary"], None
        if not ref:
            pull = repo.open_pull(title, author, base.oid)
            ref = f"refs/pr/{pull.num}"
        oid = repo.add_commit(ref, repo.refs.get(ref, base.oid), files, title, author)
    place = f"{hub.url}/{kind + '/' if kind != 'models' else ''}{name}"
    done = {"success": True, "commitOid": oid, "commitUrl": f"{place}/commit/{oid}"}
    if pull is not None:
        done["pullRequestUrl"] = f"{place}/discussions/{pull.num}"
    return answer(done)


def tag(hub: HubServer, request: Request, kind: str, name: str, revision: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    may_write(hub, request, repo.namespace)
    with repo.lock:
        ref = f"refs/tags/{request.json()['tag']}"
        if ref in repo.refs:
            raise Refusal(409, "Tag reference exists already")
        repo.refs[ref] = find_commit(repo, revision).oid
    return answer({})
