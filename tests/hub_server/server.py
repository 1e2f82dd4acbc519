"""The stand-in's two origins: the Hub, and the storage that large files are redirected to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub_server import xet
from tests.hub_server.faults import Fault
from tests.hub_server.store import Entry, Store, User


@dataclass
class Request:
    """What a route is given: paths are split before ``%2F`` is decoded."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    user: User | None

    def json(self) -> dict:
        return json.loads(self.body or b"{}")


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def answer(value: object, status: int = 200, **headers: str) -> Response:
    """JSON, with further headers; underscores in their names are hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return Response(status, body, {"Content-Type": "application/json"} | named)


class Refusal(Exception):
    """An error as the Hub words it."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        self.response = answer({"error": message}, status)
        self.response.headers |= headers


class HubServer:
    """A stand-in for the Hub on loopback.

    Parameters
    ----------
    directory : Path
        Where its Xet storage lies.
    users : dict of str to User
        Token → who that is.
    page : int
        Files a page of a listing, as the Hub has 1000.

    Attributes
    ----------
    url, cdn : str
        The Hub's origin, and that of its large file storage.
    faults : list of Fault
        What shall go wrong.
    requests : list of str
        ``METHOD /path`` of all that was asked.
    """

    def __init__(self, directory: Path, users: dict[str, User], *, page: int = 5) -> None:
        self.directory, self.page = directory, page
        self.store = Store()
        self.store.users = users
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) for _ in range(2)]
        self.url, self.cdn = (f"http://127.0.0.1:{s.server_port}" for s in self._servers)
        for server in self._servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @contextmanager
    def failing(self, *faults: Fault) -> Iterator[None]:
        """Let things go wrong for a while."""
        self.faults.extend(faults)
        try:
            yield
        finally:
            self.faults = [fault for fault in self.faults if fault not in faults]

    def bytes_of(self, entry: Entry) -> bytes:
        """The content of a file, wherever it is kept."""
        if entry.sha256 is None:
            return self.store.blobs[entry.oid]
        if entry.sha256 not in self.store.large and entry.xet is not None:
            refresh = f"{self.url}/api/models/a/b/xet-read-token/main"
            self.store.large[entry.sha256] = xet.read(
                self.directory, entry.xet, entry.size, refresh
            )
        return self.store.large[entry.sha256]

    def handle(self, request: Request) -> Response:
        from tests.hub_server.routes import ROUTES

        for method, pattern, route in ROUTES:
            match = pattern.fullmatch(request.path)
            if match and request.method == method:
                parts = {name: unquote(text or "") for name, text in match.groupdict().items()}
                try:
                    return route(self, request, **parts)
                except Refusal as refusal:
                    return refusal.response
        return Refusal(404, f"Sorry, we can't find the page: {request.path}").response


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def _request(self) -> Request:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            token = headers.get("authorization", "").removeprefix("Bearer ")
            body = self.rfile.read(int(headers.get("content-length", 0)))
            if headers.get("transfer-encoding") == "chunked":
                body = b"".join(iter(self._chunk, b""))
            user = hub.store.users.get(token)
            query = parse_qs(parts.query, keep_blank_values=True)
            return Request(self.command, parts.path, query, headers, body, user)

        def _chunk(self) -> bytes:
            size = int(self.rfile.readline(), 16)
            data = self.rfile.read(size)
            self.rfile.readline()
            return data

        def _serve(self) -> None:
            request = self._request()
            hub.requests.append(f"{request.method} {request.path}")
            fault = next((f for f in hub.faults if f.matches(request.method, request.path)), None)
            if fault is not None:
                fault.seen += 1
                time.sleep(fault.delay)
                if fault.call is not None:
                    fault.call()
                if fault.drop == "before":
                    return self._hang_up()
            if fault is not None and fault.status is not None:
                response = answer({"error": fault.says})
                response.status = fault.status
            else:
                response = hub.handle(request)
            if fault is not None and fault.drop == "after":
                return self._hang_up()
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in response.headers:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if request.method != "HEAD":
                self.wfile.write(response.body)
            return None

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    return Handler
