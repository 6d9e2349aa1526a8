"""The log of all tries, for the owner of a subscription: what was answered, never what was sent.

webhook_deliveries  {_id, subscription, event_id, type, at, attempt, status, error, ms, excerpt,
                     replay}
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

from events.envelope import Event
from events.mongodb import Db, Document
from events.types import new_id
from gateway.platform.webhooks.egress import Outcome
from gateway.platform.webhooks.line import Line

KEPT_SECONDS = 30 * 24 * 3600

_LOSABLE = WriteConcern(w=1)
"""A line that is lost in a crash is sent and logged once more."""


class Deliveries:
    """Thread-safe; `flush` writes what was noted."""

    def __init__(self, db: Db) -> None:
        self._tries: Collection[Document] = db["webhook_deliveries"]
        self._losable = self._tries.with_options(write_concern=_LOSABLE)
        self._noted: list[Document] = []
        self._lock = threading.Lock()

    @property
    def tries(self) -> Collection[Document]:
        """For lists."""
        return self._tries

    def prepare(self) -> None:
        self._tries.create_indexes(
            [
                IndexModel([("subscription", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
                IndexModel([("at", ASCENDING)], expireAfterSeconds=KEPT_SECONDS),
            ]
        )

    def note(self, line: Line, event: Event, attempt: int, outcome: Outcome, now: datetime) -> None:
        told: dict[str, Any] = {
            "_id": new_id(),
            "subscription": line.subscription,
            "event_id": event.id,
            "type": event.type,
            "at": now,
            "attempt": attempt,
            "status": outcome.status,
            "ms": outcome.ms,
            "replay": line.replay is not None,
        }
        if outcome.error:
            told["error"] = outcome.error
        if outcome.excerpt and not 200 <= (outcome.status or 0) < 300:
            told["excerpt"] = outcome.excerpt
        with self._lock:
            self._noted.append(told)

    def flush(self) -> None:
        with self._lock:
            noted, self._noted = self._noted, []
        if noted:
            self._losable.insert_many(noted, ordered=False)

    def drop(self, subscription: str) -> None:
        self._tries.delete_many({"subscription": subscription})
