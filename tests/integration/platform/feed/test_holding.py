"""What a reader holds while it reads: bounded, whatever the log looks like and whoever reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.platform.feed import reader as reading
from gateway.platform.feed.feed import Feed
from gateway.platform.feed.reader import Reader
from gateway.platform.feed.scanning import Sight
from gateway.platform.feed.wanted import Wanted
from tests.integration.platform.feed.test_pages import follow, told
from tests.integration.platform.feed.writing import Log, happening, ids, mixed

pytestmark = pytest.mark.integration

ALL = Sight(Wanted())
MOST, NARROW = 60, 4
PLACES = 15


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A small store, and how many records were in it after each fetch."""
    monkeypatch.setattr(reading, "HELD", MOST)
    monkeypatch.setattr(reading, "NARROW", NARROW)
    monkeypatch.setattr(reading, "SHARE", 30)
    seen: list[int] = []
    fill = Reader.fill

    def watched(self: Reader, seconds: float) -> None:
        fill(self, seconds)
        seen.append(self.merge.count)

    monkeypatch.setattr(Reader, "fill", watched)
    return seen


def test_a_long_log_is_read_with_a_small_store(log: Log, most: list[int]) -> None:
    log.write(*mixed(2_000))
    events, _, _ = follow(log.feed(), limit=100)
    assert sorted(told(events)) == sorted(ids(log.written))
    for number in range(5):
        customer = f"customer-{number}"
        assert told(events, customer) == ids(log.written, customer)
    assert MOST // 2 < max(most) <= MOST + NARROW * PLACES


def test_a_topic_that_lies_far_back_is_reached_with_a_full_store(log: Log, most: list[int]) -> None:
    """All of one topic was published before all of the others: these have to wait for their turn,
    and what they wait for must find room."""
    order = ("platform", "analytics", "service", "sales", "marketing")
    for turn, context in enumerate(order):
        log.write(*(happening(turn * 200 + n, "customer-1", context) for n in range(200)))
    events, _, _ = follow(log.feed(), limit=50)
    assert told(events) == ids(log.written)
    assert max(most) <= MOST + NARROW * PLACES


def test_bytes_are_bounded_too(log: Log, most: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HELD", 10_000)
    monkeypatch.setattr(reading, "HELD_BYTES", 100_000)
    monkeypatch.setattr(reading, "BATCH", 10)
    large = [
        happening(n, f"customer-{n % 3}", ("sales", "service")[n % 2], data={"text": "x" * 10_000})
        for n in range(200)
    ]
    log.write(*large)
    events, _, _ = follow(log.feed(), limit=7)
    assert sorted(told(events)) == sorted(ids(large))
    assert max(most) <= 10 + 10 + NARROW * PLACES


def test_a_client_that_does_not_read_makes_nothing_grow(log: Log, most: list[int]) -> None:
    log.write(*mixed(2_000))
    stream = log.feed().stream("", ALL)
    try:
        for _ in range(3):
            next(stream)
        fetches = len(most)
        # Its connection is full now: the server asks for no more, and nobody reads ahead.
        log.write(*mixed(500, start=2_000))
        assert len(most) == fetches
        assert max(most) <= MOST + NARROW * PLACES
    finally:
        stream.close()


def test_there_are_never_more_readers_than_allowed(log: Log) -> None:
    log.write(*mixed(30))
    feed = log.feed(readers=2)
    assert follow(feed, limit=3)[0]
    for _ in range(10):
        follow(feed, limit=11)
    assert len(feed._readers._kept) <= 4
    assert free_readers(feed) == 2


def free_readers(feed: Feed) -> int:
    return feed._readers._free._value  # type: ignore[attr-defined]
