"""What the platform's web process has besides its views: the feed, which reads the log itself,
the desk for webhooks, and the key of the customers' links.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from flask import Flask, current_app

from events.http.health import Health
from events.runtime.service import House
from gateway.platform.feed.feed import Feed
from gateway.platform.links import LinkTokens, key_of
from gateway.platform.webhooks.config import load_webhook_config
from gateway.platform.webhooks.desk import Desk

FEED = "throughline.feed"
DESK = "throughline.webhooks"
LINKS = "throughline.links"


def equip(app: Flask, house: House, health: Health) -> None:
    """Called in the process that serves; asks nobody before the first request."""
    config = house.config
    app.extensions[FEED] = Feed(config.kafka_bootstrap, config.topics, draining=health.draining)
    app.extensions[LINKS] = LinkTokens(partial(key_of, config))
    app.extensions[DESK] = Desk(house.db, load_webhook_config().allow)


def feed() -> Feed:
    """The current app's."""
    return cast(Feed, current_app.extensions[FEED])


def link_tokens() -> LinkTokens:
    """The current app's."""
    return cast(LinkTokens, current_app.extensions[LINKS])


def desk() -> Desk:
    """The current app's."""
    return cast(Desk, current_app.extensions[DESK])
