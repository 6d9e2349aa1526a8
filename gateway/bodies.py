"""Request bodies: bounded, in bounded pieces, and never half of a small one.

A body of one piece is read in full before the service hears of the request, so a client that
breaks off, or breaks the framing, costs the service nothing. A larger one is streamed.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gunicorn.http.errors import ParseException

from gateway.problems import Refusal

PIECE = 64 * 1024
"""Bytes held of one message at a time: larger pieces gain nothing on loopback and in a cluster."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Body:
    """`content` to send; `length` is None when only the end of `content` tells it."""

    content: bytes | Iterator[bytes] | None
    length: int | None


NOTHING = Body(None, None)


def request_body(environ: Mapping[str, Any], limit: int) -> Body:
    """Reads what the request announces; Refusal 400, 408 or 413."""
    stream: Readable = environ["wsgi.input"]
    announced = environ.get("CONTENT_LENGTH")
    if announced is not None:
        return _of_length(stream, int(announced), limit)
    if "HTTP_TRANSFER_ENCODING" in environ:
        return _until_the_end(stream, limit)
    return NOTHING


def _of_length(stream: Readable, length: int, limit: int) -> Body:
    if length > limit:
        raise _too_large(limit)
    if length <= PIECE:
        return Body(_exactly(stream, length), length)
    return Body(_pieces(stream, length), length)


def _until_the_end(stream: Readable, limit: int) -> Body:
    first = _read(stream, PIECE)
    if len(first) < PIECE:
        return _within(limit, Body(first, len(first)))
    return Body(_bounded(stream, first, limit), None)


def _within(limit: int, body: Body) -> Body:
    if (body.length or 0) > limit:
        raise _too_large(limit)
    return body


def _exactly(stream: Readable, length: int) -> bytes:
    data = _read(stream, length)
    if len(data) < length:
        raise Refusal(400, "body-cut-off", "the body is shorter than its Content-Length")
    return data


def _pieces(stream: Readable, length: int) -> Iterator[bytes]:
    while length:
        piece = _exactly(stream, min(PIECE, length))
        length -= len(piece)
        yield piece


def _bounded(stream: Readable, piece: bytes, limit: int) -> Iterator[bytes]:
    passed = 0
    while piece:
        passed += len(piece)
        if passed > limit:
            raise _too_large(limit)
        yield piece
        piece = _read(stream, PIECE)


def _read(stream: Readable, size: int) -> bytes:
    """Turns the client's faults into refusals, lest they be taken for the service's."""
    try:
        return stream.read(size)
    except BlockingIOError:
        raise Refusal(408, "body-too-slow", "the body did not arrive in time") from None
    except ParseException as broken:
        raise Refusal(400, "malformed-body", str(broken)) from None
    except OSError:
        raise Refusal(400, "body-cut-off", "the client closed the connection") from None


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "body-too-large", f"a body has at most {limit} bytes", limit=limit)
