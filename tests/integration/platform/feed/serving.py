"""The feed's routes on a real HTTP server in a thread, and a client that can fall silent."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlencode

from werkzeug.serving import make_server

from events.commands import Commands
from events.http import Health, Runtime, create_app
from events.store.memory import MemoryEventStore
from gateway.platform.api.feed import feed_routes
from gateway.platform.feed.feed import Feed
from tests.access import EVERYBODY, SIGNER, guard
from tests.integration.platform.feed.reading import Sent, Sse
from tests.unit.http.depot import MemoryViews

TIMEOUT_SECONDS = 60


def app_of(feed: Feed, **ways: Any) -> Any:
    """The platform's app with nothing but the feed in it."""
    views: Any = MemoryViews()
    commands = Commands(MemoryEventStore("platform"))
    runtime = Runtime("platform", commands, views, Health(), guard("platform"))
    return create_app(runtime, [feed_routes(lambda: feed, **ways)], version="1.0.0")


@contextmanager
def served(feed: Feed, **ways: Any) -> Iterator[int]:
    """The port of a server with a thread for each connection."""
    server = make_server("127.0.0.1", 0, app_of(feed, **ways), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Listener:
    """One connection to the stream. `last_event_id` is where it would come back."""

    def __init__(self, port: int, last: str = "", **params: Any) -> None:
        self.sse = Sse()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {SIGNER.token(EVERYBODY, 'platform')}"}
        if last:
            headers["Last-Event-ID"] = last
        path = f"/v1/events/stream?{urlencode(params, doseq=True)}"
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers

    def take(self, count: int) -> list[Sent]:
        """Reads until so many events were dispatched."""
        events: list[Sent] = []
        while len(events) < count:
            piece = self.answer.read1(65536)
            assert piece, f"the stream ended after {len(events)} of {count} events"
            events += self.sse.feed(piece)
        return events

    def rest(self) -> list[Sent]:
        """Reads to the end of the stream."""
        events: list[Sent] = []
        while piece := self.answer.read1(65536):
            events += self.sse.feed(piece)
        return events

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def listening(port: int, last: str = "", **params: Any) -> closing[Listener]:
    return closing(Listener(port, last, **params))
