"""Which worker serves which line: all who are there agree without talking to one another.

Every worker says every few seconds that it is there. A line is served by the worker whose name,
hashed together with the line's, is the highest: when one comes or goes, only its share moves. For
a moment two may disagree; the lease then decides.

webhook_workers  {_id: worker, seen_at}
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256

from pymongo.collection import Collection

from events.mongodb import Db, Document

SAY_SECONDS = 3.0
SILENT_SECONDS = 15.0
FORGOTTEN_SECONDS = 3600


class Roster:
    """One worker's view of all of them. Used by one thread."""

    def __init__(self, db: Db, worker: str) -> None:
        self._workers: Collection[Document] = db["webhook_workers"]
        self._worker = worker
        self._said_at = float("-inf")
        self._there: Sequence[str] = (worker,)

    def prepare(self) -> None:
        self._workers.create_index("seen_at", expireAfterSeconds=FORGOTTEN_SECONDS)

    def look(self) -> None:
        """Says that it is there, and who else is; on the server's clock."""
        if time.monotonic() - self._said_at < SAY_SECONDS:
            return
        self._workers.update_one(
            {"_id": self._worker}, {"$currentDate": {"seen_at": True}}, upsert=True
        )
        since = {"$subtract": ["$$NOW", int(SILENT_SECONDS * 1000)]}
        found = self._workers.find({"$expr": {"$gte": ["$seen_at", since]}}, ["_id"])
        self._there = sorted(one["_id"] for one in found)
        self._said_at = time.monotonic()

    def mine(self, line: str) -> bool:
        return self._worker == chosen(line, self._there or (self._worker,))

    def leave(self) -> None:
        self._workers.delete_one({"_id": self._worker})


def chosen(line: str, workers: Sequence[str]) -> str:
    """Rendezvous hashing."""
    return max(workers, key=lambda one: sha256(f"{one}/{line}".encode()).digest())
