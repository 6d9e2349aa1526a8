"""The connection to one receiver: to addresses that were decided beforehand, within a deadline,
and with a bound for what comes back. urllib3 speaks HTTP and TLS over it.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from gateway.platform.webhooks.target import Target

CONNECT_SECONDS = 5.0
"""For each address; a host that has several gets as many tries as fit."""

ANSWER_BYTES = 16 * 1024
HEAD_BYTES = 32 * 1024


class Unsent(Exception):
    """There is no answer; the text is the word for the log."""


def left(deadline: float) -> float:
    """Seconds until then; raises TimeoutError when there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class Line:
    """The bounds of one exchange: to which addresses, until when, and how much comes back."""

    def __init__(self, addresses: Sequence[str], port: int, deadline: float) -> None:
        self._addresses = addresses
        self._port = port
        self._deadline = deadline
        self._socket: socket.socket | None = None

    def connect(self) -> socket.socket:
        """The first of the addresses that lets itself be connected to; raises OSError."""
        failure = OSError("no address")
        for address in self._addresses:
            seconds = min(CONNECT_SECONDS, left(self._deadline))
            try:
                found = socket.create_connection((address, self._port), seconds)
            except OSError as error:
                failure = error
                continue
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # The handshake and the request take no longer than what is left, each as a whole.
            found.settimeout(left(self._deadline))
            self._socket = found
            return found
        raise failure

    def response(self, sock: socket.socket, **more: Any) -> http.client.HTTPResponse:
        """What http.client makes of the answer, with a bounded file under it."""
        return http.client.HTTPResponse(_Bounded(sock, self._deadline), **more)  # type: ignore[arg-type]

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


class Plain(HTTPConnection):
    """A connection over the line."""

    def __init__(self, target: Target, line: Line) -> None:
        super().__init__(target.host, target.port)
        self._line = line
        self.response_class = line.response  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        return self._line.connect()


class Secure(HTTPSConnection):
    """The same under TLS: the certificate must be the host's."""

    def __init__(self, target: Target, line: Line, trust: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port, ssl_context=trust)
        self._line = line
        self.response_class = line.response  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        return self._line.connect()


class _Bounded:
    """Stands where http.client wants a socket: its file ends with the deadline or the bound."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Wire(self._sock, self._deadline))


class _Wire(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._room = HEAD_BYTES + ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._room <= 0:
            raise Unsent("answer-too-large")
        self._sock.settimeout(left(self._deadline))
        count = self._raw.readinto(buffer) or 0
        self._room -= count
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
