"""One service's store with what its relays share, in memory and on MongoDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from events.envelope import Commit
from events.mongodb import Db
from events.relay.memory import MemoryFeed, MemoryLease, MemoryRelayBook, Oplog, Tenure
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.relay.port import Feed, Lease, RelayBook, Token
from events.store.memory import MemoryEventStore
from events.store.mongo import MongoEventStore
from events.store.port import EventStore

PATIENCE_SECONDS = 60.0


@dataclass
class Ports:
    """One service's store with all that its relays share."""

    store: EventStore
    feed: Callable[[], Feed]
    book: Callable[[], RelayBook]
    lease: Callable[[str], Lease]
    pass_time: Callable[[float], None]
    """Lets seconds go by for every lease."""
    lose_tokens: Callable[[], None]


def in_memory() -> Ports:
    store, oplog, tenure, book = MemoryEventStore("sales"), Oplog(), Tenure(), MemoryRelayBook()
    clock = [0.0]

    def pass_time(seconds: float) -> None:
        clock[0] += seconds

    return Ports(
        store=store,
        feed=lambda: MemoryFeed(store, oplog),
        book=lambda: book,
        lease=lambda owner: MemoryLease(tenure, owner, lambda: clock[0]),
        pass_time=pass_time,
        lose_tokens=oplog.roll_over,
    )


def on_mongodb(db: Db) -> Ports:
    store = MongoEventStore(db, "sales")
    store.prepare()
    leases: list[MongoLease] = []

    def lease(owner: str) -> MongoLease:
        leases.append(MongoLease(db, owner))
        return leases[-1]

    def pass_time(seconds: float) -> None:
        """Instead of waiting, everything that has a time is moved into the past."""
        earlier = {"$dateSubtract": {"startDate": "$until", "unit": "second", "amount": seconds}}
        db["relay"].update_one(
            {"_id": "lease", "until": {"$exists": True}}, [{"$set": {"until": earlier}}]
        )
        for one in leases:
            one._renew_at -= seconds

    return Ports(
        store=store,
        feed=lambda: ChangeStreamFeed(db),
        book=lambda: MongoRelayBook(db),
        lease=lease,
        pass_time=pass_time,
        lose_tokens=lambda: _recreate(db),
    )


def _recreate(db: Db) -> None:
    """As a restore does it: the collection is another one, with the same commits."""
    held = list(db["commits"].find())
    db.drop_collection("commits")
    if held:
        db["commits"].insert_many(held)


def taken(feed: Feed, count: int) -> tuple[list[Commit], Token]:
    """At least so many commits, and the token after them."""
    found: list[Commit] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        fed = feed.take(0.1)
        found += fed.commits
        if len(found) >= count:
            return found, fed.token
        assert time.monotonic() < deadline, f"{len(found)} of {count} commits"


def nothing(feed: Feed) -> Token:
    fed = feed.take(0.05)
    assert list(fed.commits) == []
    return fed.token


def ids(commits: list[Commit]) -> list[str]:
    return [one.id for one in commits]


def drain(feed: Feed, token: Token | None) -> None:
    if token is not None:
        feed.open(token)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        feed.take(0.05)
