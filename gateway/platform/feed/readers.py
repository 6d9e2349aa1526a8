"""The clients of the feed: a few are kept between requests, and there are never too many.

A subscriber that asks for page after page finds the reader that it left: no seek, and what was
fetched beyond the page is still there. Who finds none pays a few round trips, nothing else.
Thread-safe; clients are made in the process that uses them, when they are first needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gateway.platform.feed.bounds import Bounds
from gateway.platform.feed.cursor import LATEST, decode_cursor, resolve
from gateway.platform.feed.errors import Busy
from gateway.platform.feed.layout import Layout
from gateway.platform.feed.reader import Lanes, Reader

MOST = 16
"""Clients in use at once: each may hold some megabytes."""

KEPT = 4
KEPT_SECONDS = 60.0
"""A subscriber that polls comes again within seconds."""


class Readers:
    """`take` gives a reader at a place of the log; then `give_back` or `drop` it."""

    def __init__(self, bootstrap: str, most: int = MOST, kept: int = KEPT) -> None:
        self._bootstrap = bootstrap
        self._bounds = Bounds(bootstrap)
        self._free = threading.BoundedSemaphore(most)
        self._kept: list[Reader] = []
        self._keep = kept
        self._lock = threading.Lock()

    def take(self, layout: Layout, lanes: Lanes, after: str) -> tuple[Reader, tuple[int, ...]]:
        """A reader that stands behind the cursor, and its position in the whole log.

        Raises BadCursor, Gone, Busy, and Transient when Kafka is away.
        """
        wanted = decode_cursor(layout, after) if after not in ("", LATEST) else None
        if not self._free.acquire(blocking=False):
            raise Busy("all readers are in use")
        reader = None
        try:
            if wanted is not None and (reader := self._standing(layout, lanes, wanted)):
                reader.look()
                return reader, wanted
            firsts, ends = self._bounds.firsts(layout.places), self._bounds.ends(layout.places)
            positions = resolve(layout, after, firsts, ends)
            reader = self._any(layout) or Reader(self._bootstrap, layout, self._bounds)
            reader.begin(lanes, positions)
            reader.look()
        except BaseException:
            self.drop(reader)
            raise
        return reader, positions

    def since(self, layout: Layout, milliseconds: int) -> tuple[int, ...]:
        """Where everything begins that was published at that time or later. Raises Transient."""
        return tuple(self._bounds.since(layout.places, milliseconds))

    def give_back(self, reader: Reader) -> None:
        """Kept for whoever goes on where it stands."""
        reader.idle_since = time.monotonic()
        with self._lock:
            self._kept.append(reader)
        self._free.release()
        self._close_old()

    def drop(self, reader: Reader | None) -> None:
        """Its state is not known, or nobody will go on there."""
        self._free.release()
        if reader is not None:
            reader.close()

    def close(self) -> None:
        """Closes those that are kept, and what they share."""
        with self._lock:
            kept, self._kept = self._kept, []
        for reader in kept:
            reader.close()
        self._bounds.close()

    def _standing(self, layout: Layout, lanes: Lanes, positions: tuple[int, ...]) -> Reader | None:
        return self._pick(lambda one: one.layout == layout and one.stands_at(lanes, positions))

    def _any(self, layout: Layout) -> Reader | None:
        """The one that was left longest ago, when there are enough for those who come again."""
        with self._lock:
            if len(self._kept) < self._keep:
                return None
        return self._pick(lambda one: one.layout == layout)

    def _pick(self, fits: Callable[[Reader], bool]) -> Reader | None:
        with self._lock:
            found = next((one for one in self._kept if fits(one)), None)
            if found is not None:
                self._kept.remove(found)
        return found

    def _close_old(self) -> None:
        with self._lock:
            latest = time.monotonic() - KEPT_SECONDS
            fresh = [one for one in self._kept if one.idle_since >= latest][-self._keep :]
            old = [one for one in self._kept if one not in fresh]
            self._kept = fresh
        for reader in old:
            reader.close()
