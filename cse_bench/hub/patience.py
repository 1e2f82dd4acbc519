"""An HTTP client as huggingface_hub's own, that neither waits for ever nor tries for ever."""

from __future__ import annotations

import time
from typing import Any

import httpx2
from huggingface_hub.utils._http import hf_request_event_hook

from cse_bench.errors import HubError

CONNECT_SECONDS = 3.0
PAUSES = (0.3, 0.8, 1.6)
"""Seconds before each further try of what may be tried again; the Hub may ask for more."""

LONGEST_PAUSE = 20.0
AGAIN = frozenset({429, 500, 502, 503, 504})
ONCE = ("/commit/", "/discussions", "/tag/")
"""Requests that change something: whoever sent one looks what became of it before another."""


class Unreachable(HubError):
    """Nobody answers at the Hub's address."""


class Patient(httpx2.Client):
    """Tries again what is safe to send twice, some seconds long; then says what is wrong.

    huggingface_hub has no time limit, and five tries in 23 s even where nobody listens. An error
    of ours is none that it would try again after.
    """

    address = ""
    limit = 0.0

    @classmethod
    def of(cls, address: str, limit: float) -> Patient:
        """A client for the Hub at `address`, whose answers may take `limit` seconds."""
        client = cls(
            event_hooks={"request": [hf_request_event_hook]},
            follow_redirects=True,
            timeout=httpx2.Timeout(limit, connect=CONNECT_SECONDS),
        )
        client.address, client.limit = address, limit
        return client

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request, more than once if it failed and that is safe."""
        for pause in (*PAUSES, None):
            response, problem = self._once(request, options)
            asked = 0.0
            if response is not None:
                if response.status_code not in AGAIN or not _repeatable(request):
                    return response
                asked = _asked_for(response)
                response.close()
            if pause is None or asked > LONGEST_PAUSE:
                break
            time.sleep(max(pause, asked))
        raise HubError(f"{self.address} {problem}, again and again", "try again later")

    def _once(
        self, request: httpx2.Request, options: dict[str, Any]
    ) -> tuple[httpx2.Response | None, str]:
        """The answer, or what was wrong; raise what must not be tried again."""
        try:
            response = super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise Unreachable(
                f"nobody answers at {self.address}",
                "check the network, and HF_ENDPOINT if it is set",
            ) from None
        except httpx2.TimeoutException:
            raise HubError(
                f"{self.address} did not answer within {self.limit:g} s", "try again later"
            ) from None
        except (httpx2.NetworkError, httpx2.RemoteProtocolError):
            if not _repeatable(request):
                raise
            return None, "hangs up"
        return response, f"answers {response.status_code}"


def _repeatable(request: httpx2.Request) -> bool:
    """Whether a request can be sent twice without doing anything twice."""
    if any(part in request.url.path for part in ONCE) and request.method not in ("GET", "HEAD"):
        return False
    return isinstance(request.stream, httpx2.ByteStream)  # a file is read once


def _asked_for(response: httpx2.Response) -> float:
    """Seconds that the Hub asks to wait."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0
