"""What the platform's web process has besides its views: the feed, which reads the log itself, and
the desk for webhooks."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from events.http.health import Health
from events.runtime.service import House
from gateway.platform.feed.feed import Feed
from gateway.platform.webhooks.config import load_webhook_config
from gateway.platform.webhooks.desk import Desk

FEED = "throughline.feed"
DESK = "throughline.webhooks"


def equip(app: Flask, house: House, health: Health) -> None:
    """Called in the process that serves; asks nobody before the first request."""
    config = house.config
    app.extensions[FEED] = Feed(config.kafka_bootstrap, config.topics, draining=health.draining)
    app.extensions[DESK] = Desk(house.db, load_webhook_config().allow)


def feed() -> Feed:
    """The current app's."""
    return cast(Feed, current_app.extensions[FEED])


def desk() -> Desk:
    """The current app's."""
    return cast(Desk, current_app.extensions[DESK])
