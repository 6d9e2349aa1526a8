"""What an API reads through: the live version's collections, and whether a write is in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.collection import Collection

from events.errors import Transient
from events.mongodb import MAX_TIME_MS, Db
from events.projection import timeline
from events.projection.versions import VersionBook, Versions
from events.types import ConsistencyToken

POINTER_SECONDS = 0.5
"""How long a process may go on reading a version after a swap. The old one stays up to date."""


class Views:
    """One per process, shared by its threads. Raises `Transient` before the service has started."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._book = VersionBook(db)
        self._lock = threading.Lock()
        self._versions: Versions | None = None
        self._read_at = 0.0
        self._pinned = threading.local()

    @contextmanager
    def one_version(self) -> Iterator[None]:
        """Inside, this thread reads one version throughout.

        Else a swap could come between waiting for a write and reading it, and the new version may
        lag for a moment, while the one before it is kept up to date.
        """
        before = getattr(self._pinned, "versions", None)
        self._pinned.versions = self.versions
        try:
            yield
        finally:
            self._pinned.versions = before

    @property
    def versions(self) -> Versions:
        """The pointer, at most `POINTER_SECONDS` old."""
        pinned: Versions | None = getattr(self._pinned, "versions", None)
        if pinned is not None:
            return pinned
        with self._lock:
            if self._versions is None or time.monotonic() - self._read_at > POINTER_SECONDS:
                self._versions = self._book.read()
                self._read_at = time.monotonic()
            return self._versions

    @property
    def timeline(self) -> Collection[dict[str, Any]]:
        return self._named(timeline.NAME)

    def collection(self, view: str) -> Collection[dict[str, Any]]:
        """A view of the live version."""
        versions = self.versions
        if view not in versions.views[versions.live]:
            raise Transient(f"the view {view} is not in live version {versions.live}: rebuild")
        return self._named(view)

    def holds(self, token: ConsistencyToken) -> bool:
        """Whether the live timeline holds the event, and so everything of its stream before it."""
        found = self.timeline.find_one({"_id": token.entry_id}, {"_id": 1}, max_time_ms=MAX_TIME_MS)
        return found is not None

    def blocked(self, stream: str) -> bool:
        """Whether the stream is parked: waiting for it would be in vain."""
        found = self._named("parked_streams").find_one({"_id": stream}, max_time_ms=MAX_TIME_MS)
        return found is not None

    def _named(self, name: str) -> Collection[dict[str, Any]]:
        return self._db[f"{name}_v{self.versions.live}"]
