"""The feed as a whole: pages for who asks, streams for who stays.

Delivery is at least once, as on the topics: a relay that starts again publishes some events a
second time, and then they are in the log twice, with the same `id`. The feed hands out what the
log holds, in its order and without a gap.

One per process, shared by its threads. It opens nothing before the first request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from events.errors import Transient
from gateway.platform.feed.cursor import encode_cursor
from gateway.platform.feed.errors import Beyond, Busy
from gateway.platform.feed.layout import Layout, learn
from gateway.platform.feed.readers import KEPT, MOST, Readers
from gateway.platform.feed.scanning import Item, Scan, Sight
from gateway.platform.feed.standing import Standing
from gateway.platform.feed.streaming import STREAM_SECONDS, EventStream, Slots

MAX_WAIT_SECONDS = 20
READ_SECONDS = 5.0
STREAMS = 8
"""Half of a web process's threads: pages and everything else go on beside them."""

LOOK_SECONDS = 1.0
"""How often somebody who waits makes sure that Kafka is there."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`caught_up`: there was nothing more when the page was made."""

    items: Sequence[Item]
    next_cursor: str
    caught_up: bool


class Feed:
    """`draining` is set when the process is to end: whoever waits is answered then."""

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        draining: threading.Event | None = None,
        streams: int = STREAMS,
        readers: int = MOST,
        kept: int = KEPT,
        stream_seconds: float = STREAM_SECONDS,
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = tuple(topics)
        self._draining = draining or threading.Event()
        self._slots = Slots(streams)
        self._stream_seconds = stream_seconds
        self._readers = Readers(bootstrap, readers, kept)
        self._lock = threading.Lock()
        self._known: Layout | None = None

    def page(self, after: str, sight: Sight, *, limit: int, wait: float = 0) -> FeedPage:
        """What follows the cursor (empty: the first day; `latest`: what comes from now on).

        A page without items is no end: go on from its `next_cursor`. With `wait` it comes as soon
        as there is something, or after so many seconds. Raises BadCursor, Gone, Busy, Transient.
        """
        standing = self._stand(after, sight)
        try:
            page = self._read(standing.scan(sight), limit, wait)
        except BaseException:
            standing.leave()
            raise
        standing.keep()
        return page

    def cursor_at(self, moment: datetime) -> str:
        """Before everything that was published at that moment or later. Raises Transient."""
        layout = self._layout()
        return encode_cursor(layout, self._readers.since(layout, int(moment.timestamp() * 1000)))

    def stream(self, after: str, sight: Sight, seconds: float = STREAM_SECONDS) -> EventStream:
        """The same as server-sent events, for so long at most; close it. Raises like `page`,
        before it begins."""
        self._slots.take()
        try:
            standing = self._stand(after, sight)
        except BaseException:
            self._slots.give()
            raise
        most = min(seconds, self._stream_seconds)
        return EventStream(standing, sight, self._slots, self._draining, most)

    def close(self) -> None:
        """Closes what is kept between requests."""
        self._readers.close()

    def _stand(self, after: str, sight: Sight) -> Standing:
        standing = Standing(self._readers, self._layout, sight.wanted)
        try:
            standing.return_to(after)
        except Busy:
            raise
        except (Transient, Beyond):
            # What is wrong may be that the topics are others now.
            with self._lock:
                self._known = None
            raise
        return standing

    def _read(self, scan: Scan, limit: int, wait: float) -> FeedPage:
        deadline = time.monotonic() + min(wait, MAX_WAIT_SECONDS)
        items = scan.read(limit, READ_SECONDS)
        while not items and not self._draining.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            if scan.caught_up:
                scan.wait(min(left, LOOK_SECONDS))
            items = scan.read(limit, READ_SECONDS)
        return FeedPage(items, scan.cursor, scan.caught_up)

    def _layout(self) -> Layout:
        with self._lock:
            known = self._known
        if known is None:
            known = learn(self._bootstrap, self._topics)
            with self._lock:
                self._known = known
        return known
