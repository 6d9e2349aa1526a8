"""What of a message's head passes the gateway, in both directions.

Inbound nothing may claim to come from the gateway itself, outbound nothing may speak about the
connection between gateway and service (RFC 9110 section 7.6.1). Everything else passes as it is:
an ETag is never weakened, since If-Match refuses weak ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

_OURS = HOP_BY_HOP | {
    "host",  # the service's own address; the client's goes into X-Forwarded-Host
    "content-length",  # framing is decided anew (bodies.py)
    "expect",  # answered here already
    "forwarded",
    "x-real-ip",
    "authorization",  # the sign-in's; a service gets a token of its own
    "cookie",
    "x-actor",
    "proxy",  # becomes HTTP_PROXY in a CGI environment ("httpoxy")
    "traceparent",  # checked and set in request_headers
    "x-correlation-id",
}

_OURS_BY_PREFIX = ("x-forwarded-", "x-internal-")
"""Who the caller is comes from the gateway alone."""

ACCESSED = "X-Internal-Accessed"
"""A service's word to the gateway that the answer shows personal data."""

_SERVER_OWN = HOP_BY_HOP | {"server", "date", ACCESSED.lower(), "set-cookie"}
"""gunicorn writes the first two; the others are no business of a service's clients."""

_LOCATIONS = frozenset({"location", "content-location"})

_PERSISTENCE = frozenset({"", "keep-alive", "close"})
"""The values of Connection that name no further header."""


@lru_cache(maxsize=1024)
def _inbound_name(key: str) -> str | None:
    """The header name for a WSGI key, or None when it must not pass."""
    if not key.startswith("HTTP_"):
        return None
    name = key[5:].replace("_", "-").lower()
    if name in _OURS or name.startswith(_OURS_BY_PREFIX):
        return None
    return name.title()


def request_headers(environ: Mapping[str, Any], trace: str, correlation: str) -> dict[str, str]:
    """The head for the service. `trace` and `correlation` are the checked or newly made ids."""
    headers = {
        name: value for key, value in environ.items() if (name := _inbound_name(key)) is not None
    }
    for named in _named_by_connection(environ.get("HTTP_CONNECTION", "")):
        headers.pop(named.title(), None)
    if content_type := environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = content_type
    if environ.get("HTTP_TRACEPARENT") != trace:
        headers.pop("Tracestate", None)  # it belongs to the trace that was not taken over
    headers["Traceparent"] = trace
    headers["X-Correlation-Id"] = correlation
    headers["X-Forwarded-For"] = environ["REMOTE_ADDR"]
    headers["X-Forwarded-Proto"] = environ["wsgi.url_scheme"]
    headers["X-Forwarded-Host"] = environ.get("HTTP_HOST", "")
    headers.setdefault("Accept-Encoding", "identity")  # the client's wish, not the library's
    headers.setdefault("User-Agent", "throughline-gateway")
    return headers


def _named_by_connection(value: str) -> frozenset[str]:
    value = value.strip().lower()
    if value in _PERSISTENCE:
        return frozenset()
    return frozenset(name.strip() for name in value.split(","))


def response_headers(
    lines: Iterable[tuple[str, str]], service: str, authorities: frozenset[str]
) -> list[tuple[str, str]]:
    """The head for the client, one entry for each line that came.

    `authorities` are the host:port under which a service may name itself in a Location.
    """
    lines = list(lines)
    dropped = _SERVER_OWN
    for name, value in lines:
        lowered = name.lower()
        if lowered == "connection":
            dropped |= _named_by_connection(value)
        elif lowered == "transfer-encoding":
            dropped |= {"content-length"}  # a message has one of the two (RFC 9112 section 6.3)
    return [
        (name, relocated(value, service, authorities) if lowered in _LOCATIONS else value)
        for name, value in lines
        if (lowered := name.lower()) not in dropped
    ]


def relocated(location: str, service: str, authorities: frozenset[str]) -> str:
    """`/v1/orders/x` of the sales service is `/v1/sales/orders/x` here.

    Absolute addresses of the service become paths as well; those of strangers stay.
    """
    where = urlsplit(location)
    if where.netloc and where.netloc not in authorities:
        return location
    if not where.path.startswith("/v1/"):
        return location
    path = f"/v1/{service}/{where.path[4:]}"
    return where._replace(scheme="", netloc="", path=path).geturl()
