"""How far each line is: everything before its cursor was delivered, or waits in the spool.

webhook_cursors  {_id: line, subscription, cursor, sequence, read, failing_since, fence}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from events.errors import Fenced
from events.mongodb import Db, Document
from gateway.platform.webhooks.line import Line


@dataclass(frozen=True, slots=True)
class Standing:
    """`sequence` counts the events before the cursor; `read`: a replay has nothing more to read.
    `failing_since` is when the failures began that no success has ended."""

    cursor: str
    sequence: int = 0
    read: bool = False
    failing_since: datetime | None = None


class Book:
    """Thread-safe."""

    def __init__(self, db: Db) -> None:
        self._cursors: Collection[Document] = db["webhook_cursors"]

    def prepare(self) -> None:
        self._cursors.create_index("subscription")

    def standing(self, line: Line) -> Standing | None:
        """None before the first time."""
        found = self._cursors.find_one({"_id": line.id})
        if found is None or "cursor" not in found:
            return None
        return Standing(
            found["cursor"], found["sequence"], found["read"], found.get("failing_since")
        )

    def save(self, line: Line, standing: Standing, fence: int) -> None:
        """Raises Fenced when another worker has taken over."""
        try:
            self._cursors.update_one(
                {"_id": line.id, "fence": {"$lte": fence}},
                {
                    "$set": {
                        "subscription": line.subscription,
                        "cursor": standing.cursor,
                        "sequence": standing.sequence,
                        "read": standing.read,
                        "failing_since": standing.failing_since,
                        "fence": fence,
                    }
                },
                upsert=True,
            )
        except DuplicateKeyError as error:
            # The line is there, and its fence is higher: only so can the upsert collide.
            raise Fenced(f"another worker has taken over {line.id}") from error

    def forgive(self, subscription: str) -> None:
        """Failures of the past count no more: somebody has looked after them."""
        self._cursors.update_many({"subscription": subscription}, {"$set": {"failing_since": None}})

    def drop(self, subscription: str) -> None:
        self._cursors.delete_many({"subscription": subscription})

    def end(self, line: Line) -> None:
        """A replay is over."""
        self._cursors.delete_one({"_id": line.id})
