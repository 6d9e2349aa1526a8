"""What could not be delivered yet, and what waits behind it; in the end, what never could.

Entries of one line and key go out in the order of their sequence, which is the log's. The first of
them that waits is the head: its `next_at` says when it is tried, and the others wait for it.

webhook_spool  {_id: line/event id, line, subscription, key, sequence, type, event, attempts,
                first_at, next_at, state: waiting | dead, status, error, dead_at}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.collection import Collection

from events.envelope import Event, decode, encode
from events.mongodb import Db, Document
from gateway.platform.webhooks.egress import Outcome
from gateway.platform.webhooks.line import Line, key_of

DEAD_SECONDS = 30 * 24 * 3600
"""How long a dead letter can be redriven."""

WAITING, DEAD = "waiting", "dead"
NEVER_TRIED: Mapping[str, Any] = {"attempts": 0, "first_at": None}


@dataclass(frozen=True, slots=True)
class Head:
    """The first that waits of one key, and how many wait with it."""

    key: str
    next_at: datetime
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that waits; `first_at` None before its first try."""

    id: str
    event: Event
    attempts: int
    first_at: datetime | None
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """How often an event was tried, and what came of it last."""

    attempts: int
    first_at: datetime
    outcome: Outcome

    def told(self) -> dict[str, Any]:
        return {
            "attempts": self.attempts,
            "first_at": self.first_at,
            "status": self.outcome.status,
            "error": self.outcome.error,
        }


class Spool:
    """Thread-safe. Putting in is idempotent: an event that is there stays as it is."""

    def __init__(self, db: Db) -> None:
        self._entries: Collection[Document] = db["webhook_spool"]

    @property
    def entries(self) -> Collection[Document]:
        """For lists."""
        return self._entries

    def prepare(self) -> None:
        self._entries.create_indexes(
            [
                IndexModel([("line", ASCENDING), ("state", ASCENDING), ("key", ASCENDING),
                            ("sequence", ASCENDING)]),
                IndexModel([("subscription", ASCENDING), ("state", ASCENDING), ("_id", ASCENDING)]),
                IndexModel([("dead_at", ASCENDING)], expireAfterSeconds=DEAD_SECONDS),
            ]
        )  # fmt: skip

    def heads(self, line: Line) -> Sequence[Head]:
        """One for each key with something that waits."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"line": line.id, "state": WAITING}},
            {"$sort": {"line": 1, "state": 1, "key": 1, "sequence": 1}},
            {"$group": {"_id": "$key", "next_at": {"$first": "$next_at"}, "count": {"$sum": 1},
                        "since": {"$min": "$at"}}},
        ]  # fmt: skip
        return [
            Head(one["_id"], one["next_at"], one["count"], one["since"])
            for one in self._entries.aggregate(pipeline)
        ]

    def waiting(self, line: Line, key: str, most: int) -> Sequence[Entry]:
        """The first entries of a key, in their order."""
        found = self._entries.find({"line": line.id, "state": WAITING, "key": key})
        return [
            Entry(
                one["_id"], decode(one["event"]), one["attempts"], one["first_at"], one["next_at"]
            )
            for one in found.sort("sequence", ASCENDING).limit(most)
        ]

    def put(
        self,
        line: Line,
        events: Iterable[tuple[int, Event]],
        now: datetime,
        next_at: datetime | None,
        tried: Tried | None = None,
    ) -> None:
        """Events with their sequences, `tried` when there was a first try; without `next_at` they
        are dead letters already."""
        state: dict[str, Any] = {"state": WAITING} if next_at else {"state": DEAD, "dead_at": now}
        common = {**(tried.told() if tried else NEVER_TRIED), **state, "next_at": next_at}
        writes = [
            UpdateOne(
                {"_id": f"{line.id}/{event.id}"},
                {"$setOnInsert": {**_described(line, sequence, event, now), **common}},
                upsert=True,
            )
            for sequence, event in events
        ]
        if writes:
            self._entries.bulk_write(writes, ordered=False)

    def try_again(self, entry: Entry, tried: Tried, next_at: datetime) -> None:
        self._entries.update_one({"_id": entry.id}, {"$set": {**tried.told(), "next_at": next_at}})

    def bury(self, entry: Entry, tried: Tried, now: datetime) -> None:
        """Its turn is over; those behind it go on."""
        buried = {**tried.told(), "state": DEAD, "dead_at": now}
        self._entries.update_one({"_id": entry.id}, {"$set": buried})

    def done(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._entries.delete_many({"_id": {"$in": [one.id for one in entries]}})

    def redrive(self, subscription: str, now: datetime, event_id: str | None = None) -> int:
        """Dead letters wait again, in the live line and before what came after them; returns how
        many."""
        chosen: dict[str, Any] = {"subscription": subscription, "state": DEAD}
        if event_id is not None:
            chosen["event_id"] = event_id
        again = {**NEVER_TRIED, "state": WAITING, "line": subscription, "next_at": now, "at": now}
        changed = self._entries.update_many(chosen, {"$set": again, "$unset": {"dead_at": 1}})
        return changed.modified_count

    def drop(self, subscription: str) -> None:
        self._entries.delete_many({"subscription": subscription})


def _described(line: Line, sequence: int, event: Event, now: datetime) -> dict[str, Any]:
    return {
        "line": line.id,
        "subscription": line.subscription,
        "key": key_of(event),
        "sequence": sequence,
        "event_id": event.id,
        "type": event.type,
        "event": encode(event),
        "at": now,
    }
