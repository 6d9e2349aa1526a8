"""How far the reactions of a service have come: their own checkpoints, apart from any view's.

reaction_checkpoints  {_id: "<topic>/<partition>", next_offset}

What no reaction answers is passed in memory and saved now and then: to read it again has no
effect. What one answers moves its checkpoint in the answer's own transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from events.errors import Fenced
from events.log.port import Partition
from events.mongodb import Db, ensure_collections

NAME = "reaction_checkpoints"
SAVE_SECONDS = 1.0


class Places:
    """Next offsets of the present assignment, as they are and as they are stored."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._checkpoints = db[NAME]
        self._reached: dict[Partition, int] = {}
        self._stored: dict[Partition, int] = {}
        self._saved_at = 0.0

    def prepare(self) -> None:
        """Makes the collection: a transaction must not."""
        ensure_collections(self._db, [NAME])

    def load(self, assignment: Iterable[Partition]) -> Mapping[Partition, int]:
        """Reads the checkpoints of a new assignment and forgets those of the last one."""
        self._stored = {}
        for partition in assignment:
            name = {"_id": str(partition)}
            self._checkpoints.update_one(name, {"$setOnInsert": {"next_offset": 0}}, upsert=True)
            found = self._checkpoints.find_one(name)
            self._stored[partition] = found["next_offset"] if found else 0
        self._reached = dict(self._stored)
        self._saved_at = time.monotonic()
        return self._reached

    def next(self, partition: Partition) -> int | None:
        """The next offset, None for a partition that is not ours."""
        return self._reached.get(partition)

    def passed(self, partition: Partition, following: int) -> None:
        """Up to there, nothing was to be answered."""
        self._reached[partition] = following

    def answered(self, partition: Partition, following: int) -> None:
        """The transaction of `move` is committed."""
        self._reached[partition] = self._stored[partition] = following

    def move(self, partition: Partition, following: int, session: ClientSession) -> None:
        """Within the caller's transaction; raises `Fenced` when somebody else has moved it."""
        moved = self._checkpoints.update_one(
            {"_id": str(partition), "next_offset": self._stored[partition]},
            {"$set": {"next_offset": following}},
            session=session,
        )
        if moved.matched_count != 1:
            raise Fenced(f"{partition} was moved by somebody else")

    def save_when_due(self) -> None:
        """Raises `Fenced`, as `move` does."""
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Stores how far we have passed."""
        self._saved_at = time.monotonic()
        moves = {at: to for at, to in self._reached.items() if to != self._stored[at]}
        if not moves:
            return
        result = self._checkpoints.bulk_write(
            [
                UpdateOne(
                    {"_id": str(at), "next_offset": self._stored[at]},
                    {"$set": {"next_offset": to}},
                )
                for at, to in moves.items()
            ],
            ordered=False,
        )
        if result.matched_count != len(moves):
            raise Fenced("a checkpoint was moved by somebody else")
        self._stored.update(moves)
