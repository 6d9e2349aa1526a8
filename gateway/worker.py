"""gunicorn's threaded worker, with three differences that the edge needs.

Unreadable requests are answered as problems too, a busy connection stays on its thread, and
SIGTERM turns readiness off before anything else happens.
"""

# The published types of gunicorn lag behind it:
# mypy: disable-error-code="import-untyped,misc,attr-defined"

from __future__ import annotations

import select
import socket
from typing import Any, cast

import structlog
from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import ThreadWorker

from gateway.edge import Edge
from gateway.problems import MEDIA_TYPE, problem, status_line

log = structlog.get_logger("gateway")

LINGER_MILLISECONDS = 5
"""How long a thread stays with a connection that nobody else waits behind. Measured with 16
clients: 0.6 ms of processor time a request instead of 1.05; longer gains nothing."""

_STATUSES: dict[type[BaseException], int] = {
    LimitRequestLine: 414,
    LimitRequestHeaders: 431,
    ExpectationFailed: 417,
    UnsupportedTransferCoding: 501,
}


class EdgeWorker(ThreadWorker):
    """Serves an `Edge`; given to gunicorn by class, see server.py."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        if self.booted:
            cast(Edge, self.wsgi).drain()
        super().handle_exit(sig, frame)

    def handle(self, conn: Any) -> Any:
        """Serves a busy connection's requests one after the other on the same thread.

        Handing it back to the main thread between two requests costs as much as the requests.
        """
        kept = super().handle(conn)
        while kept is True and self._next_is_near(conn):
            kept = super().handle(conn)
        return kept

    def _next_is_near(self, conn: Any) -> bool:
        if conn.parser.unreader.buf.getvalue() or self.tpool._work_queue.qsize():
            return False  # read ahead already, or others wait for a thread: gunicorn's way
        poller = select.poll()
        poller.register(conn.sock, select.POLLIN)
        return bool(poller.poll(LINGER_MILLISECONDS))

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Called for what never became a request, on a connection that closes after it."""
        status = refused_with(exc)
        if status == 500:
            log.error("unexpected", exc_info=exc)
        else:
            log.info("request", status=status, code="malformed-request", error=type(exc).__name__)
        send_problem(client, status, str(exc) if status != 500 else "")


def refused_with(exc: BaseException) -> int:
    """The status for a request that could not be read; 500 when the fault is ours."""
    ours = isinstance(exc, InvalidResponseHeader | InvalidResponseHeaderName)
    if ours or not isinstance(exc, ParseException):
        return 500
    return _STATUSES.get(type(exc), 400)


def send_problem(client: socket.socket, status: int, detail: str) -> None:
    """Writes a whole answer to a bare socket; a client that is gone already is not told."""
    code = "internal" if status == 500 else "malformed-request"
    content = problem(status, code, detail)
    head = (
        f"HTTP/1.1 {status_line(status)}\r\nConnection: close\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    try:
        client.sendall(head.encode() + content)
    except OSError as gone:
        log.debug("client gone", error=str(gone))
