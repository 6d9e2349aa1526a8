"""One request and its answer over HTTP, tried again while that may help.

Everything that goes through here may be repeated: reads, and commands with their Idempotency-Key.
The key is the same in all tries, so a command whose answer was lost is not done twice. Redirects
are never followed: they would carry the token elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from throughline.auth import Auth, ClientCredentials
from throughline.errors import ThroughlineError, Unreachable, passes, problem_of
from throughline.patience import Patience

CONNECT_SECONDS = 5.0
READ_SECONDS = 40.0
"""More than the platform takes for anything: a read may wait 10 s, a page of the feed 20 s."""

JSON = "application/json"
SHOWN_CHARS = 300
USER_AGENT = "throughline-python/0.1"

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    params: Params = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    headers: Mapping[str, str]
    data: Any


class Wire:
    """Thread-safe: a pool of connections to one address, and who we are there."""

    def __init__(self, url: str, auth: Auth | None, pool: PoolManager, patience: Patience) -> None:
        self.url = url.rstrip("/")
        self.patience = patience
        self._auth = auth
        self._pool = pool

    def ask(self, request: Request) -> Answer:
        """The answer, which is a success. Raises Problem, Unreachable, SignInFailed."""
        waiting = self.patience.waiting()
        while True:
            try:
                return self.once(request)
            except ThroughlineError as error:
                if not (passes(error) and waiting.pause(error.retry_after)):
                    raise

    def once(self, request: Request) -> Answer:
        """The same in one try."""
        response = self.open(request)
        return Answer(response.headers, _json(response))

    def open(self, request: Request, *, stream: bool = False) -> BaseHTTPResponse:
        """A response that is a success; with `stream` its body is still to be read.

        A token that is refused is asked for anew once: the issuer's keys may be others by now.
        """
        token = self._auth() if self._auth else ""
        response = self._send(request, token, stream)
        if response.status == 401 and isinstance(self._auth, ClientCredentials):
            response.drain_conn()
            self._auth.forget(token)
            response = self._send(request, self._auth(), stream)
        if 200 <= response.status < 300:
            return response
        raise _problem(response)

    def _send(self, request: Request, token: str, stream: bool) -> BaseHTTPResponse:
        headers = {"User-Agent": USER_AGENT, "Accept": JSON, **request.headers}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            return self._pool.request(
                request.method,
                self.url + request.path + _query(request.params),
                body=request.body,
                headers=headers,
                timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=False,
                redirect=False,
                preload_content=not stream,
            )
        except HTTPError as error:
            raise Unreachable(f"{request.method} {request.path}: {error}") from error


def _query(params: Params) -> str:
    """None is left out, a list is repeated, booleans are spelled as in JSON."""
    pairs = [
        (name, str(one).lower() if isinstance(one, bool) else one)
        for name, value in params.items()
        for one in (value if _several(value) else [value])
        if one is not None
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def _several(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _json(response: BaseHTTPResponse) -> Any:
    """Raises Unreachable for a success that is no JSON: something else answered."""
    try:
        return json.loads(response.data) if response.data else None
    except ValueError:
        shown = response.data[:SHOWN_CHARS].decode("utf-8", "replace")
        raise Unreachable(f"the answer is no JSON: {shown}") from None


def _problem(response: BaseHTTPResponse) -> ThroughlineError:
    """What the response says of itself, or its first words when it is no problem document."""
    try:
        told = response.data
    except HTTPError as error:
        return Unreachable(f"half an answer: {error}")
    try:
        body = json.loads(told)
    except ValueError:
        body = {"detail": told[:SHOWN_CHARS].decode("utf-8", "replace").strip()}
    headers = response.headers
    return problem_of(
        response.status,
        body,
        retry_after=_seconds(headers.get("Retry-After")),
        etag=headers.get("ETag"),
    )


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110: a number of seconds, or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        then = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
