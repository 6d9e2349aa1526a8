"""The gateway's process: gunicorn, one worker with threads, started from code.

Clients are made after fork (in `load`). SIGTERM: readiness off, running requests finish, exit.
"""

# The published types of gunicorn lag behind it:
# mypy: disable-error-code="import-untyped,misc,attr-defined"

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway.config import GatewayConfig
from gateway.edge import Edge
from gateway.worker import EdgeWorker

MOST_CONNECTIONS = 1000


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

    def load(self) -> Any:
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

    def post_worker_init(worker: EdgeWorker) -> None:
        for listener in worker.sockets:
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)

    return post_worker_init
