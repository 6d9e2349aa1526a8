"""A service's web process: gunicorn around the Flask app, clients made after fork."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from events import crashing
from events.access.tokens import Guard, Keyring
from events.commands import Commands
from events.config import Config, load_config
from events.errors import Corrupt
from events.http.api import create_app
from events.http.health import Health
from events.http.runtime import Runtime
from events.projection.reader import Views
from events.runtime.logs import configure_logs
from events.runtime.service import House, ServiceDefinition
from events.runtime.serving import Server, settings

GRACE_SECONDS = 15
SILENCE_SECONDS = 15
API_VERSION = "1.0.0"


def build_app(definition: ServiceDefinition, config: Config) -> Flask:
    """The app with its clients; call it in the process that serves."""
    house = House(definition, config, "web")
    views = Views(house.db)
    health = Health(
        ready={"mongodb": lambda: house.client.admin.command("ping", maxTimeMS=1000)["ok"]},
        startup={"store": house.store.verify, "projection": lambda: views.versions.live},
    )
    guard = Guard(definition.name, Keyring.from_file(Path(config.access_keys)))
    runtime = Runtime(
        definition.name, Commands(house.store), views, health, guard, definition.open_views
    )
    app = create_app(runtime, definition.blueprints, version=API_VERSION)
    if definition.equip:
        definition.equip(app, house, health)
    # What the server calls on SIGTERM, before anything else happens.
    vars(app)["drain"] = health.draining.set
    return app


def run_web(definition: ServiceDefinition) -> None:
    """The entry point's whole body: serves until SIGTERM."""
    config = load_config()
    configure_logs(config.log_level, definition.name, "web")
    if config.production and config.crash_points:
        raise Corrupt("crash points are armed in production")

    def load() -> Any:
        """Runs in the process that serves."""
        crashing.arm(config.crash_points)
        House(definition, config, "setup").prepare()
        return build_app(definition, config)

    chosen = settings(
        config.host,
        config.port,
        config.threads,
        grace_seconds=GRACE_SECONDS,
        silence_seconds=SILENCE_SECONDS,
    )
    Server(chosen, load).run()
