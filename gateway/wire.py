"""urllib3's connection, made lean for the one use the gateway has of it.

Three things cost more than the rest of a small exchange: writing head and body apart (the service
wakes twice), reading the answer's head with the parser for e-mail, and checking header lines that
gunicorn's parser has checked already. They are replaced here and take a third off the gateway's
time; framing, pooling, timeouts and errors stay urllib3's and http.client's.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from urllib3.connection import HTTPConnection

MOST_LINES = 100
LONGEST_LINE = 65536
"""The limits http.client has for the head of an answer."""

LONGEST_REST_SECONDS = 60.0
"""Shorter than the services keep an idle connection: a command must not be written into one that
is being closed, since it cannot be repeated unseen."""


class LeanHead(http.client.HTTPMessage):
    """The head of an answer, read line by line (RFC 9112 section 5)."""

    _headers: list[tuple[str, str]]

    @classmethod
    def read(cls, stream: BinaryIO) -> LeanHead:
        """Reads up to the empty line; raises http.client.HTTPException when it is malformed."""
        head = cls()
        for _ in range(MOST_LINES):
            line = stream.readline(LONGEST_LINE + 1)
            if line == b"\r\n":
                return head
            head._headers.append(_field(line))
        raise http.client.HTTPException(f"more than {MOST_LINES} header lines")

    def get(self, name: str, failobj: Any = None) -> Any:
        """The first value, without the detour through e-mail policies."""
        name = name.lower()
        return next((value for known, value in self._headers if known.lower() == name), failobj)

    def items(self) -> Any:
        return self._headers


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("latin-1").partition(":")
    if not (colon and name) or name != name.strip() or not line.endswith(b"\r\n"):
        raise http.client.HTTPException("malformed header line")
    return name, value.strip()


class LeanResponse(http.client.HTTPResponse):
    """An answer whose head is a LeanHead; its body is read by http.client."""

    def begin(self) -> None:
        stream = cast(BinaryIO, self.fp)
        version, status, reason = self._read_status()  # type: ignore[attr-defined]
        while 100 <= status < 200:  # interim answers are for the connection, not for the client
            LeanHead.read(stream)
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
        self.code = self.status = status
        self.reason = reason.strip()
        self.version = 10 if version == "HTTP/1.0" else 11
        self.headers = self.msg = LeanHead.read(stream)
        self._frame()

    def _frame(self) -> None:
        """Where the body ends (RFC 9112 section 6.3), in http.client's own attributes."""
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left: int | None = None
        length = self.headers.get("content-length", "")
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self.status in (204, 304) or self._method == "HEAD":  # type: ignore[attr-defined]
            self.length = 0
        told = self.chunked or self.length is not None
        self.will_close = not told or self._check_close()  # type: ignore[attr-defined]


class LeanConnection(HTTPConnection):
    """Writes head and body of a small request at once; is not used again after a long rest."""

    response_class = LeanResponse
    _buffer: list[bytes]
    _joins = False
    """Whether the head waits for a body to leave with it."""
    _head = b""
    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        rested = time.monotonic() - self._used_at
        return rested < LONGEST_REST_SECONDS and super().is_connected

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        self._joins = isinstance(body, bytes) and bool(body)
        self._head = b""
        self._used_at = time.monotonic()
        super().request(method, url, body, headers, **options)

    def putheader(self, header: Any, *values: Any) -> None:
        self._buffer.append(f"{header}: {values[0]}".encode("latin-1"))

    def send(self, data: Any) -> None:
        if self._joins and not self._head:
            self._head = data
            return
        super().send(self._head + data if self._joins else data)
        self._joins = False
