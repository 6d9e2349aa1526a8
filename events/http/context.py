"""Who asks, and in which chain of causes: read from the headers once per request.

Bound to the log context, so that every line of a request carries `correlation_id` and `trace_id`.
No bodies and no personal data are ever bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from os import urandom

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from events.http.problem import bad_header
from events.types import new_id

ANONYMOUS = "anonymous"
"""The actor of what needs no token."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The envelope of a request; who asks is known by his token (guard.py)."""

    correlation_id: str
    causation_id: str | None
    traceparent: str
    trace_id: str

    @property
    def actor(self) -> str:
        return g.caller.subject if g.get("caller") else ANONYMOUS


def asked() -> Asked:
    """The current request's envelope."""
    return g.asked  # type: ignore[no-any-return]


def trace_id() -> str:
    """The current trace; a fresh one when the request failed before its envelope was read."""
    known = g.get("asked")
    return known.trace_id if known else urandom(16).hex()


def parse_traceparent(text: str | None) -> tuple[str, str]:
    """(traceparent, trace id); W3C says that an unreadable header starts a new trace."""
    found = _TRACEPARENT.fullmatch(text) if text else None
    if found:
        trace, span, flags = found.groups()
    else:
        trace, span, flags = urandom(16).hex(), urandom(8).hex(), "00"
    return f"00-{trace}-{span}-{flags}", trace


def _named(header: str, variable: str) -> str | None:
    """A header that holds one plain word; a `bad-header` problem otherwise."""
    value: str | None = request.environ.get(variable)
    if value is None:
        return None
    if not _NAME.fullmatch(value):
        raise bad_header(header, "1 to 128 of letters, digits and ._:@/+=-")
    return value


def _open() -> None:
    traceparent, trace = parse_traceparent(request.environ.get("HTTP_TRACEPARENT"))
    g.asked = Asked(trace, None, traceparent, trace)
    clear_contextvars()
    correlation_id = _named("X-Correlation-Id", "HTTP_X_CORRELATION_ID") or new_id()
    bind_contextvars(correlation_id=correlation_id, trace_id=trace)
    g.asked = Asked(
        correlation_id=correlation_id,
        causation_id=_named("X-Causation-Id", "HTTP_X_CAUSATION_ID"),
        traceparent=traceparent,
        trace_id=trace,
    )


def _close(response: Response) -> Response:
    headers = response.headers
    headers["X-Correlation-Id"] = asked().correlation_id
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    return response


def register_context(app: Flask) -> None:
    app.before_request(_open)
    app.after_request(_close)
