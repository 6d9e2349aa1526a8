"""A service's web process: gunicorn around the Flask app, clients made after fork."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from events import crashing
from events.commands import Commands
from events.config import Config, load_config
from events.errors import Corrupt
from events.http.api import create_app
from events.http.health import Health
from events.http.runtime import EXTENSION, Runtime
from events.projection.reader import Views
from events.runtime.logs import configure_logs
from events.runtime.service import House, ServiceDefinition

KEEPALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so that it never writes into a closed one."""

GRACE_SECONDS = 15
API_VERSION = "1.0.0"


def build_app(definition: ServiceDefinition, config: Config) -> Flask:
    """The app with its clients; call it in the process that serves."""
    house = House(definition, config, "web")
    views = Views(house.db)
    health = Health(
        ready={"mongodb": lambda: house.client.admin.command("ping", maxTimeMS=1000)["ok"]},
        startup={"store": house.store.verify, "projection": lambda: views.versions.live},
    )
    runtime = Runtime(definition.name, Commands(house.store), views, health)
    return create_app(runtime, definition.blueprints, version=API_VERSION)


def run_web(definition: ServiceDefinition) -> None:
    """The entry point's whole body: serves until SIGTERM."""
    config = load_config()
    configure_logs(config.log_level, definition.name, "web")
    if config.production and config.crash_points:
        raise Corrupt("crash points are armed in production")
    _Server(definition, config).run()


class _Server(BaseApplication):
    def __init__(self, definition: ServiceDefinition, config: Config) -> None:
        self._definition = definition
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        for name, value in settings(self._config).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Runs in the worker process."""
        crashing.arm(self._config.crash_points)
        House(self._definition, self._config, "setup").prepare()
        app = build_app(self._definition, self._config)
        health: Health = app.extensions[EXTENSION].health
        previous = signal.getsignal(signal.SIGTERM)

        def drain(number: int, frame: Any) -> None:
            health.draining.set()
            if callable(previous):
                previous(number, frame)

        signal.signal(signal.SIGTERM, drain)
        return app


def settings(config: Config) -> dict[str, Any]:
    """gunicorn's settings, each for a reason."""
    fast = Path("/dev/shm")
    return {
        "bind": f"{config.host}:{config.port}",
        "worker_class": "gthread",
        "workers": 1,
        "threads": config.threads,
        "keepalive": KEEPALIVE_SECONDS,
        "graceful_timeout": GRACE_SECONDS,
        "timeout": 30,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": f"throughline-{config.port}",
        "worker_tmp_dir": str(fast) if fast.is_dir() else None,
        "control_socket_disable": True,
        "forwarded_allow_ips": "127.0.0.1",
    }
