"""Real events to measure with: the first rows of the purchase history, imported and published.

A row is one order: one commit of two events. Customers come with their first order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.place import Failed, Place, Space
from events.mongodb import Db, connect, database
from events.relay.mongo import ChangeStreamFeed
from events.store.mongo import MongoEventStore

CONTEXTS = ("marketing", "sales")
MARK = "bench_mark"


@dataclass(frozen=True, slots=True)
class History:
    """`events` counts by context what the stores hold."""

    space: Space
    events: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.events.values())


def imported(place: Place, rows: int) -> History:
    """A space with `rows` purchases in its stores, nothing published yet but the import's own."""
    space = place.space("history")
    config = place.config(space)
    client = connect(config.mongodb_uri, "bench-history")
    try:
        databases = {name: database(client, config.database(name)) for name in CONTEXTS}
        for name, db in databases.items():
            _mark(db, name)
        run_import(place, space, rows)
        return History(space, {name: _count(db) for name, db in databases.items()})
    finally:
        client.close()


def published(place: Place, history: History) -> int:
    """Relays what the stores hold; returns how many records the topics hold then."""
    for context in CONTEXTS:
        place.run(history.space, "relay", context, history.events[context])
    return history.total + _platform_events(place, history.space)


def run_import(place: Place, space: Space, rows: int | None = None) -> dict[str, Any]:
    limit = () if rows is None else ("--limit", str(rows))
    told = place.call(space, "deploy.cli", "import", "purchases", "--json", *limit)
    if told["rejected"] or told["published"] is False:
        raise Failed(f"the import was not complete: {str(told)[:500]}")
    return told


def marked_token(db: Db) -> dict[str, Any]:
    """The change stream's position before the import."""
    found = db[MARK].find_one({"_id": "token"})
    if found is None:
        raise Failed(f"no position was kept in {db.name}")
    token: dict[str, Any] = found["token"]
    return token


def _mark(db: Db, context: str) -> None:
    """Keeps the position from which a relay finds everything in the change stream.

    Without it a relay would scan the store, which is its way of recovering and not of living.
    """
    MongoEventStore(db, context).prepare()
    feed = ChangeStreamFeed(db)
    db[MARK].insert_one({"_id": "token", "token": feed.open(None)})
    feed.close()


def _count(db: Db) -> int:
    lengths = db["commits"].aggregate(
        [{"$group": {"_id": None, "events": {"$sum": {"$size": "$events"}}}}]
    )
    return sum(int(one["events"]) for one in lengths)


def _platform_events(place: Place, space: Space) -> int:
    config = place.config(space)
    with connect(config.mongodb_uri, "bench-history") as client:
        return _count(database(client, config.database("platform")))
