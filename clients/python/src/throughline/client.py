"""The platform as one object: commands, reads, lists, the feed."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from urllib3 import PoolManager

from throughline.answers import After, Done, Event, IfMatch, if_match_header, token_header
from throughline.auth import Auth
from throughline.errors import NOT_YET, TYPE_PREFIX, Behind
from throughline.following import Feed, Wanted
from throughline.patience import Patience
from throughline.wire import Answer, Request, Wire

CONNECTIONS = 16
MAX_WAIT_SECONDS = 10.0
"""The longest that the platform lets one read wait; for more it is asked again."""

COMPOSED = "customers"
"""The gateway's own: made of all services' answers, so one that lags is told, not refused."""

_PLAIN = re.compile(r"(?!\.{1,2}(?:/|\Z))[^/]+(?:/(?!\.{1,2}(?:/|\Z))[^/]+)*")


class Throughline:
    """Thread-safe. `url` is the gateway's; `auth` is called for the token of each request.

    `patience` bounds how long a request is tried again while the platform is away or busy. `pool`
    is urllib3's, for a proxy or certificates of your own.
    """

    def __init__(
        self,
        url: str,
        auth: Auth | None = None,
        *,
        patience: Patience | None = None,
        pool: PoolManager | None = None,
    ) -> None:
        where = urlsplit(url)
        if where.scheme not in ("http", "https") or not where.hostname or where.username:
            raise ValueError("url must be http(s)://<host>, without a user")
        pool = pool or PoolManager(maxsize=CONNECTIONS)
        self._wire = Wire(url, auth, pool, patience or Patience())

    def __repr__(self) -> str:
        return f"Throughline({self._wire.url!r})"

    def send(
        self,
        service: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        if_match: IfMatch = None,
        key: str | None = None,
        because_of: Event | None = None,
    ) -> Done:
        """A command: POST /v1/<service>/<path>.

        On what exists already it takes `if_match`: the version that you saw, or "*". The
        Idempotency-Key is made for you; give a `key` of your own where the command must stay one
        across restarts of your program. `because_of` names the event that led to it.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key or str(uuid.uuid4()),
        }
        if if_match is not None:
            headers["If-Match"] = if_match_header(if_match)
        if because_of is not None:
            headers["X-Causation-Id"] = because_of.id
            headers["X-Correlation-Id"] = because_of.raw.get("correlationid") or because_of.id
        told = json.dumps(body or {}).encode()
        answer = self._wire.ask(Request("POST", _path(service, path), {}, headers, told))
        return Done.of(answer.data or {}, answer.headers)

    def get(
        self,
        service: str,
        path: str,
        *,
        after: After = None,
        wait: float = MAX_WAIT_SECONDS,
        **params: Any,
    ) -> dict[str, Any]:
        """A read: GET /v1/<service>/<path>.

        With `after` it contains those writes; raises Behind when the view does not after `wait`
        seconds. A customer composed by the gateway says of each part whether it does.
        """
        told: dict[str, Any] = self._read(service, path, params, token_header(after), wait).data
        return told

    def items(
        self,
        service: str,
        path: str,
        *,
        after: After = None,
        wait: float = MAX_WAIT_SECONDS,
        **params: Any,
    ) -> Iterator[dict[str, Any]]:
        """Everything on a list, page by page as you go; `limit` is the size of a page."""
        token = token_header(after)
        while True:
            page = self._read(service, path, params, token, wait).data
            yield from page["items"]
            if not page["next_cursor"]:
                return
            params["cursor"] = page["next_cursor"]

    def follow(
        self,
        *,
        after: str = "",
        types: Sequence[str] = (),
        customer: str | None = None,
        sse: bool = False,
        forever: bool = True,
        patience: Patience | None = None,
    ) -> Feed:
        """Events behind the cursor `after`: none is the first day, `latest` only what comes.

        Ends never, or with `forever=False` once all that is there is read. Raises Gone when the
        platform no longer has what the cursor points at.
        """
        patience = patience or Patience(math.inf, first_pause=0.2, last_pause=30.0)
        return Feed(self._wire, Wanted(after, types, customer, sse, forever, patience))

    def _read(
        self, service: str, path: str, params: Mapping[str, Any], token: str, wait: float
    ) -> Answer:
        """Asks again while the view is behind; `strict`, so that a 404 is no mere lag."""
        where = _path(service, path)
        if not token:
            return self._wire.ask(Request("GET", where, params))
        waiting = Patience(wait).waiting()
        while True:
            seconds = max(0.0, min(waiting.left, MAX_WAIT_SECONDS))
            prefer = f"wait={seconds:.3f}" + ("" if service == COMPOSED else ", handling=strict")
            headers = {"Consistency-Token": token, "Prefer": prefer}
            try:
                return _current(self._wire.ask(Request("GET", where, params, headers)))
            except Behind as error:
                if not waiting.pause(error.retry_after):
                    raise


def _current(answer: Answer) -> Answer:
    if answer.headers.get("Consistency") != "stale":
        return answer
    detail = "the view does not hold the write of the consistency token yet"
    raise Behind(200, {"type": TYPE_PREFIX + NOT_YET, "detail": detail})


def _path(service: str, path: str) -> str:
    """Raises ValueError for segments that would lead elsewhere."""
    whole = f"{service}/{path}"
    if not _PLAIN.fullmatch(whole):
        raise ValueError(f"{whole!r} is no path")
    return f"/v1/{quote(whole, safe='/:@')}"
