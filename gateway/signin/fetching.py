"""How the provider's documents are fetched: bounded in size and time, and from nowhere else.

No redirects, no compression (a small answer could be a large document), no proxy of the
environment. A provider that is slow or sends too much is one that is away.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import orjson
import urllib3

from gateway.config import is_loopback

LIMIT = 256 * 1024
"""Bytes of a document: a hundred times what providers send."""

SECONDS = 3.0
_TIMEOUT = urllib3.Timeout(connect=1.0, read=2.0)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class Unfetched(ValueError):
    """Why there is no document; the text tells no secret."""


class Fetcher:
    """Thread-safe; made after fork."""

    def __init__(self) -> None:
        # Without retries there are no redirects either: they come back as they are.
        self._pool = urllib3.PoolManager(2, timeout=_TIMEOUT, retries=False)

    def document(self, url: str) -> dict[str, Any]:
        """A JSON object; raises Unfetched."""
        status, content = self._request("GET", url, _HEADERS)
        if status != 200:
            raise Unfetched(f"{url} answered {status}")
        return _object(content, url)

    def post(self, url: str, headers: Mapping[str, str], form: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON object that answer a form; raises Unfetched."""
        status, content = self._request("POST", url, {**headers, **_HEADERS}, form)
        if status >= 500 or 300 <= status < 400:
            raise Unfetched(f"{url} answered {status}")
        return status, _object(content, url)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, bytes]:
        require_safe(url)
        deadline = time.monotonic() + SECONDS
        try:
            answer = self._pool.request(
                method, url, body=body, headers=headers, preload_content=False
            )
            try:
                return answer.status, _content(answer, deadline)
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise Unfetched(f"{url}: {type(error).__name__}") from None


def _content(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    pieces = bytearray()
    while piece := answer.read1(64 * 1024, decode_content=False):
        pieces += piece
        if len(pieces) > LIMIT:
            raise Unfetched(f"the document is larger than {LIMIT} bytes")
        if time.monotonic() > deadline:
            raise Unfetched("the document takes too long")
    return bytes(pieces)


def _object(content: bytes, url: str) -> dict[str, Any]:
    try:
        told = orjson.loads(content)
    except ValueError:
        raise Unfetched(f"{url} is no JSON") from None
    if not isinstance(told, dict):
        raise Unfetched(f"{url} is no JSON object")
    return told


def require_safe(url: Any) -> str:
    """Keys and passwords travel under TLS, or do not leave the machine; raises Unfetched."""
    try:
        where = urllib3.util.parse_url(url)
    except (urllib3.exceptions.HTTPError, TypeError, AttributeError):
        raise Unfetched("not an address") from None
    plain = where.scheme == "http" and is_loopback(where.host or "")
    if not where.host or where.auth or not (plain or where.scheme == "https"):
        raise Unfetched(f"{url} is neither https nor on this machine")
    return str(url)
