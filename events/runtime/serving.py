"""gunicorn as every HTTP process of the platform runs it: one process, threads, JSON to stderr.

`SteadyWorker` differs from gunicorn's threaded worker in three ways: a busy connection stays on
its thread, a request that can't even be read is answered as a problem too, and SIGTERM turns
readiness off (the app's `drain`) before anything else happens.
"""

# The published types of gunicorn lag behind it:
# mypy: disable-error-code="import-untyped,misc,attr-defined"

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
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

from events.http.problem import MEDIA_TYPE, problem_body

log = structlog.get_logger("http")

LINGER_MILLISECONDS = 5
"""How long a thread stays with a connection that nobody else waits behind. Measured with 16
clients: 0.6 ms of processor time a request instead of 1.05; longer gains nothing."""

KEEPALIVE_SECONDS = 75
"""Longer than those who call us keep an idle connection, so that none is closed as it is used."""

MOST_CONNECTIONS = 1000

_STATUSES: Mapping[type[BaseException], int] = {
    LimitRequestLine: 414,
    LimitRequestHeaders: 431,
    ExpectationFailed: 417,
    UnsupportedTransferCoding: 501,
}


class SteadyWorker(ThreadWorker):
    """Given to gunicorn by class. An app with a `drain` attribute is told of SIGTERM."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        drain = getattr(self.wsgi, "drain", None) if self.booted else None
        if drain is not None:
            drain()
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
    content = problem_body(status, code, detail)
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    try:
        client.sendall(head.encode() + content)
    except OSError as gone:
        log.debug("client gone", error=str(gone))


class QuietLogger(Logger):
    """gunicorn's own messages go to the root logger, which writes JSON lines."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Server(BaseApplication):
    """gunicorn with these settings and nothing else; `load` makes the app after fork."""

    def __init__(self, settings: Mapping[str, Any], load: Callable[[], Any]) -> None:
        self._settings = settings
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._settings.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        return self._load()


def settings(
    host: str, port: int, threads: int, *, grace_seconds: float, silence_seconds: float
) -> dict[str, Any]:
    """gunicorn's settings; every one that differs from its default has its reason here.

    A client that neither sends nor reads for `silence_seconds` gives its thread back.
    """
    return {
        "bind": f"{host}:{port}",
        "worker_class": SteadyWorker,
        "workers": 1,  # more processes: more pods. Limits and metrics stay per process
        "threads": threads,
        "worker_connections": MOST_CONNECTIONS,
        "keepalive": KEEPALIVE_SECONDS,
        "graceful_timeout": grace_seconds,
        "control_socket_disable": True,  # an extra way in that nobody needs
        "worker_tmp_dir": memory_directory(),
        "forwarded_allow_ips": "",  # X-Forwarded-* is read by nobody here, so never believed
        "limit_request_field_size": 8190,
        "limit_request_fields": 64,
        "logger_class": QuietLogger,
        "loglevel": "warning",
        "post_worker_init": _bound_silence(silence_seconds),
    }


def memory_directory() -> str | None:
    """A directory in memory for the heartbeat file: on a disk it can stall the worker."""
    directory = Path("/dev/shm")
    return str(directory) if directory.is_dir() and os.access(directory, os.W_OK) else None


def _bound_silence(seconds: float) -> Callable[[SteadyWorker], None]:
    """Set on the listening sockets: accepted ones inherit it, and Python's blocking mode, which
    gunicorn switches on for each request, leaves it alone.
    """
    whole = int(seconds)
    timeval = struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))

    def post_worker_init(worker: SteadyWorker) -> None:
        for listener in worker.sockets:
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)

    return post_worker_init
