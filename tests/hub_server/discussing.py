"""Pull requests: listed, looked at, closed, merged."""

from __future__ import annotations

from tests.hub_server.reading import find_repo, signed_in
from tests.hub_server.server import HubServer, Refusal, Request, Response, answer
from tests.hub_server.store import PullRequest, Repo, now
from tests.hub_server.writing import may_write

PAGE = 10


def _as_json(repo: Repo, pull: PullRequest) -> dict:
    return {
        "num": pull.num,
        "title": pull.title,
        "status": pull.status,
        "isPullRequest": True,
        "author": {"name": pull.author},
        "createdAt": pull.created,
        "repo": {"name": repo.id, "type": repo.type},
    }


def _find(
    hub: HubServer, request: Request, kind: str, name: str, num: str
) -> tuple[Repo, PullRequest]:
    repo = find_repo(hub, request, kind, name)
    pull = repo.pulls.get(int(num))
    if pull is None:
        raise Refusal(404, "Discussion not found")
    return repo, pull


def listed(hub: HubServer, request: Request, kind: str, name: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    wanted = {field: values[0] for field, values in request.query.items()}
    status = wanted.get("status", "all")
    found = [
        _as_json(repo, pull)
        for pull in sorted(repo.pulls.values(), key=lambda pull: -pull.num)
        if wanted.get("author", pull.author) == pull.author
        and (status == "all" or (status == "open") == (pull.status in ("open", "draft")))
    ]
    begin = int(wanted.get("p", 0)) * PAGE
    page = found[begin : begin + PAGE]
    return answer({"discussions": page, "count": len(found), "start": begin})


def opened(hub: HubServer, request: Request, kind: str, name: str) -> Response:
    repo = find_repo(hub, request, kind, name)
    signed_in(hub, request)
    if request.user is None or request.user.role != "write":
        raise Refusal(403, "this token may not open a pull request")
    with repo.lock:
        head, title = repo.refs["refs/heads/main"], request.json()["title"]
        pull = repo.open_pull(title, request.user.name, head, "draft")
    return answer({"num": pull.num, "url": f"/{kind}/{name}/discussions/{pull.num}"})


def details(hub: HubServer, request: Request, kind: str, name: str, num: str) -> Response:
    repo, pull = _find(hub, request, kind, name, num)
    changes = {"base": "refs/heads/main", "mergeCommitId": pull.merged_as}
    more = {"events": [], "changes": changes, "filesWithConflicts": [], "diff": ""}
    return answer(_as_json(repo, pull) | more)


def status(hub: HubServer, request: Request, kind: str, name: str, num: str) -> Response:
    repo, pull = _find(hub, request, kind, name, num)
    if request.user is None or request.user.name != pull.author:
        may_write(hub, request, repo.namespace)
    if pull.status == "merged":
        raise Refusal(400, "a merged pull request cannot be closed")
    pull.status = request.json()["status"]
    event = {"id": "e", "type": "status-change", "createdAt": now(), "author": {"name": "x"}}
    return answer({"newStatus": event | {"data": {"status": pull.status}}})


def comment(hub: HubServer, request: Request, kind: str, name: str, num: str) -> Response:
    _find(hub, request, kind, name, num)
    data = {"edited": False, "hidden": False, "latest": {"raw": request.json()["comment"]}}
    event = {"id": "e", "type": "comment", "createdAt": now(), "author": {"name": "x"}}
    return answer({"newMessage": event | {"data": data}})


def merge(hub: HubServer, request: Request, kind: str, name: str, num: str) -> Response:
    repo, pull = _find(hub, request, kind, name, num)
    may_write(hub, request, repo.namespace)
    if pull.status not in ("open", "draft"):
        raise Refusal(409, f"this pull request is {pull.status}")
    with repo.lock:
        repo.merge(pull.num, request.user.name if request.user else "")
    return answer({})
