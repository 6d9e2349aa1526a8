"""What the platform's web process has besides its views: the feed, which reads the log itself."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from events.config import Config
from events.http.health import Health
from gateway.platform.feed.feed import Feed

FEED = "throughline.feed"


def equip(app: Flask, config: Config, health: Health) -> None:
    """Called in the process that serves; opens nothing before the first request."""
    app.extensions[FEED] = Feed(config.kafka_bootstrap, config.topics, draining=health.draining)


def feed() -> Feed:
    """The current app's."""
    return cast(Feed, current_app.extensions[FEED])
