"""The feed while its broker goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.errors import Transient
from gateway.platform.feed import streaming
from gateway.platform.feed.feed import Feed
from gateway.platform.feed.scanning import Sight
from gateway.platform.feed.wanted import Wanted
from tests.integration.platform.feed.reading import Sse
from tests.integration.platform.feed.test_pages import follow
from tests.integration.platform.feed.test_streams import told
from tests.integration.platform.feed.writing import Log, await_topics, ids, mixed, until
from tests.parts import Parts

pytestmark = pytest.mark.integration

ALL = Sight(Wanted())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, parts: Parts) -> Iterator[None]:
    """Heartbeats at every turn, and the broker is there again afterwards, whatever happens."""
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.0)
    yield
    parts.kafka.start()


@pytest.mark.feature("N04")
def test_a_broker_that_dies_costs_a_stream_nothing_but_time(log: Log, parts: Parts) -> None:
    log.write(*mixed(150))
    feed, sse = log.feed(), Sse()
    stream = feed.stream("", ALL)
    try:
        sent = []
        while len(sent) < 150:
            sent += sse.feed(next(stream))
        parts.kafka.kill()
        beats = sse.comments
        while sse.comments < beats + 3:
            assert sse.feed(next(stream)) == [], "only heartbeats come"
        parts.kafka.start()
        await_topics(log.bootstrap, log.config.topics)
        log.write(*mixed(100, start=150))
        while len(sent) < 250:
            sent += sse.feed(next(stream))
    finally:
        stream.close()
    assert sorted(told(sent)) == sorted(ids(log.written))
    assert told(sent, "customer-2") == ids(log.written, "customer-2")


def test_pages_say_so_and_go_on_afterwards(log: Log, parts: Parts) -> None:
    log.write(*mixed(120))
    feed = log.feed()
    first = feed.page("", ALL, limit=30)
    parts.kafka.stop()
    for after in (first.next_cursor, ""):
        with pytest.raises(Transient):
            feed.page(after, ALL, limit=30, wait=20)
    parts.kafka.start()
    until(lambda: answers(feed, first.next_cursor), "the feed did not come back")
    rest, _, _ = follow(feed, first.next_cursor)
    assert len(first.items) + len(rest) == 120


def answers(feed: Feed, after: str) -> bool:
    """Whether the broker serves again: for some moments after its start it does not."""
    try:
        feed.page(after, ALL, limit=1)
    except Transient:
        return False
    return True
