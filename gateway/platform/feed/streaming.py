"""Server-sent events: the feed as a connection that stays open.

Every event carries its cursor as `id:`, so that a client which comes back with `Last-Event-ID`
goes on right behind what it got. A heartbeat shows that the connection lives; when the cursor has
moved over events that were not for this client, it carries the new one along. While Kafka is away
only heartbeats come. A stream ends when the process drains and after `STREAM_SECONDS`, so that
rights are looked at anew: clients come back by themselves.

The client sets the pace: while it does not take what was written to it, nothing more is read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress

import structlog

from events.errors import Transient
from gateway.platform.feed.errors import BadCursor, Busy, Gone
from gateway.platform.feed.scanning import Item, Scan, Sight
from gateway.platform.feed.standing import Standing

RETRY_MS = 2_000
HEARTBEAT_SECONDS = 5.0
"""With the time that a broker is waited for it stays below ten seconds."""

STREAM_SECONDS = 600.0
WAIT_SECONDS, READ_SECONDS, PAUSE_SECONDS = 1.0, 2.0, 1.0

BATCH = 100
CHUNK_BYTES = 64 * 1024

log = structlog.get_logger("platform.feed")


class Slots:
    """How many streams this process keeps open: each has a thread and a client of Kafka."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._free = threading.BoundedSemaphore(most)

    def take(self) -> None:
        """Raises Busy."""
        if not self._free.acquire(blocking=False):
            raise Busy(f"{self.most} streams are open")

    def give(self) -> None:
        self._free.release()


def frame(item: Item) -> bytes:
    """One event on the wire. Its JSON holds no line breaks: they are escaped in it."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        item.cursor.encode(),
        item.type.encode(),
        item.body,
    )


def heartbeat(cursor: str | None) -> bytes:
    """A comment; with a cursor also an `id:` without data, which moves it and fires nothing."""
    return b":\n\n" if cursor is None else b":\nid: %s\n\n" % cursor.encode()


def chunks(items: Iterable[Item]) -> Iterator[bytes]:
    """Frames put together, so that small events cost no system call each."""
    waiting, size = [], 0
    for item in items:
        waiting.append(frame(item))
        size += len(waiting[-1])
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


class EventStream:
    """An iterable of bytes for a WSGI server, which closes it whatever happens.

    `standing` is at the cursor already: what is wrong with the request has been said before the
    first byte.
    """

    def __init__(
        self,
        standing: Standing,
        sight: Sight,
        slots: Slots,
        draining: threading.Event,
        seconds: float = STREAM_SECONDS,
    ) -> None:
        self._standing = standing
        self._scan: Scan | None = standing.scan(sight)
        self._sight = sight
        self._slots: Slots | None = slots
        self._draining = draining
        self._ends_at = time.monotonic() + seconds
        self._cursor = self._told = self._scan.cursor
        self._chunks = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Frees reader and slot; also when no byte was ever asked for."""
        if self._slots is not None:
            self._chunks.close()
            self._standing.leave()
            self._slots.give()
            self._slots = None

    def _run(self) -> Generator[bytes, None, None]:
        yield b"retry: %d\n\n" % RETRY_MS
        spoken_at = time.monotonic()
        with suppress(BadCursor, Gone):
            # The log is another one by now: whoever comes back is told.
            while not self._draining.is_set() and time.monotonic() < self._ends_at:
                for chunk in chunks(self._items()):
                    yield chunk
                    spoken_at = time.monotonic()
                if time.monotonic() - spoken_at >= HEARTBEAT_SECONDS:
                    yield self._heartbeat()
                    spoken_at = time.monotonic()

    def _items(self) -> list[Item]:
        """What comes next; nothing when Kafka is away, and then another reader is taken."""
        try:
            if self._scan is None:
                self._standing.return_to(self._cursor)
                self._scan = self._standing.scan(self._sight)
            if self._scan.caught_up:
                self._scan.wait(WAIT_SECONDS)
            items = self._scan.read(BATCH, READ_SECONDS)
        except Transient as error:
            log.warning("stream waits for the log", reason=str(error))
            self._standing.leave()
            self._scan = None
            self._draining.wait(PAUSE_SECONDS)
            return []
        self._cursor = self._scan.cursor
        if items:
            self._told = items[-1].cursor
        return items

    def _heartbeat(self) -> bytes:
        moved = self._cursor != self._told
        self._told = self._cursor
        return heartbeat(self._cursor if moved else None)
