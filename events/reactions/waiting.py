"""The shelf of events whose reaction could not answer yet.

reactions_waiting  {_id: entry, stream, value: CloudEvent, reason, attempts, next_at}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from events.envelope import Event, Unopened, decode, encode
from events.mongodb import Db, ensure_collections

NAME = "reactions_waiting"
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event on the shelf, and why it is there."""

    event: Event
    reason: str
    attempts: int


class Shelf:
    """One service's shelf. Putting and taking happen in the caller's transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._waiting = db[NAME]

    def prepare(self) -> None:
        """Makes the collection: a transaction must not."""
        ensure_collections(self._db, [NAME])
        self._waiting.create_index("next_at")

    def put(self, event: Event, reason: str, now: datetime, session: ClientSession) -> None:
        """Once, however often the event comes."""
        self._waiting.update_one(
            {"_id": event.entry},
            {
                "$set": {"reason": reason, "stream": event.stream},
                "$setOnInsert": {
                    "value": encode(event),
                    "attempts": 0,
                    "next_at": now + FIRST_PAUSE,
                },
            },
            upsert=True,
            session=session,
        )

    def due(self, now: datetime) -> Iterable[Waiting]:
        """Those to be tried again now, the longest waiting first."""
        found = self._waiting.find({"next_at": {"$lte": now}}).sort("next_at", 1)
        for one in list(found.limit(MOST_AT_ONCE)):
            yield Waiting(_event_of(one["value"]), one["reason"], one["attempts"])

    def take(self, waiting: Waiting, session: ClientSession) -> bool:
        """Whether it was still there: another worker may have answered meanwhile."""
        gone = self._waiting.delete_one({"_id": waiting.event.entry}, session=session)
        return gone.deleted_count == 1

    def postpone(self, waiting: Waiting, reason: str, now: datetime) -> None:
        """Tries again after a pause that doubles each time."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(waiting.attempts, 10))
        self._waiting.update_one(
            {"_id": waiting.event.entry},
            {"$set": {"next_at": now + pause, "reason": reason}, "$inc": {"attempts": 1}},
        )


def _event_of(value: bytes) -> Event:
    """Data that can't be opened don't keep an event from waiting on."""
    try:
        return decode(value)
    except Unopened as poison:
        return poison.event
