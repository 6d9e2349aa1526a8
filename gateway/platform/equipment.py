"""What the platform's web process has besides its views: the feed, which reads the log itself, and
the key of the customers' links.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from flask import Flask, current_app

from events.config import Config
from events.http.health import Health
from gateway.platform.feed.feed import Feed
from gateway.platform.links import LinkTokens, key_of

FEED = "throughline.feed"
LINKS = "throughline.links"


def equip(app: Flask, config: Config, health: Health) -> None:
    """Called in the process that serves; opens nothing before the first request."""
    app.extensions[FEED] = Feed(config.kafka_bootstrap, config.topics, draining=health.draining)
    app.extensions[LINKS] = LinkTokens(partial(key_of, config))


def feed() -> Feed:
    """The current app's."""
    return cast(Feed, current_app.extensions[FEED])


def link_tokens() -> LinkTokens:
    """The current app's."""
    return cast(LinkTokens, current_app.extensions[LINKS])
