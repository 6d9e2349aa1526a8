"""The gateway's process: gunicorn, one worker with threads, started from code.

Clients are made after fork (in `load`). SIGTERM: readiness off, running requests finish, exit.
"""

# gunicorn comes without types:
# mypy: disable-error-code="import-untyped,misc"

from __future__ import annotations

import os
import socket
import struct
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

from gateway.config import GatewayConfig
from gateway.edge import Edge
from gateway.problems import MEDIA_TYPE, problem, status_line

log = structlog.get_logger("gateway")

MOST_CONNECTIONS = 1000

_STATUSES: dict[type[Exception], int] = {
    LimitRequestLine: 414,
    LimitRequestHeaders: 431,
    ExpectationFailed: 417,
    UnsupportedTransferCoding: 501,
}


class EdgeWorker(ThreadWorker):
    """gunicorn's threaded worker, answering unreadable requests as problems too."""

    wsgi: Edge

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.wsgi.drain()
        super().handle_exit(sig, frame)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Called for requests that never became one, on a connection that closes after it."""
        status = refused_with(exc)
        if status == 500:
            log.error("unexpected", exc_info=exc)
        else:
            log.info("request", status=status, code="malformed-request", error=type(exc).__name__)
        detail = str(exc) if status < 500 else ""
        send_problem(client, status, detail)


def refused_with(exc: Exception) -> int:
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


class QuietLogger(Logger):
    """gunicorn's own messages go to the root logger, which writes JSON lines (logs.py)."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Gateway(BaseApplication):
    """gunicorn with settings from GatewayConfig; nothing else configures it."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        for key, value in settings(self._config).items():
            self.cfg.set(key, value)

    def load(self) -> Edge:
        return Edge(self._config)


def settings(config: GatewayConfig) -> dict[str, Any]:
    """gunicorn's settings; every one that differs from its default has its reason here."""
    return {
        "bind": f"{config.host}:{config.port}",
        "worker_class": EdgeWorker,
        "workers": 1,  # more processes: more pods. Limits and metrics stay per process
        "threads": config.threads,
        "worker_connections": MOST_CONNECTIONS,
        "keepalive": config.keepalive,
        "graceful_timeout": config.grace,
        "control_socket_disable": True,  # an extra way in that nobody needs
        "worker_tmp_dir": memory_directory(),
        "forwarded_allow_ips": "",  # X-Forwarded-* from outside is never believed
        "limit_request_field_size": 8190,
        "limit_request_fields": 64,
        "logger_class": QuietLogger,
        "loglevel": "warning" if config.log_level == "info" else config.log_level,
        "post_worker_init": _bound_silence(config.client_timeout),
    }


def memory_directory() -> str | None:
    """A directory in memory for the heartbeat file: on a disk it can stall the worker."""
    directory = Path("/dev/shm")
    return str(directory) if directory.is_dir() and os.access(directory, os.W_OK) else None


def _bound_silence(seconds: float) -> Any:
    """A client that stops sending or reading gives its thread back after `seconds`.

    Set on the listening sockets: accepted ones inherit it, and Python's blocking mode, which
    gunicorn switches on for each request, leaves it alone.
    """
    whole = int(seconds)
    timeval = struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))

    def post_worker_init(worker: ThreadWorker) -> None:
        for listener in worker.sockets:
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)

    return post_worker_init
