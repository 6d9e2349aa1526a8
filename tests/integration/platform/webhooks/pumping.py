"""A pump on a real MongoDB with a log in memory, driven step by step in the test's thread.

`python -m tests.integration.platform.webhooks.pumping <mongodb> <database> <url> <events>` drives
one over `story(events)` until it is killed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from events import crashing
from events.contracts.base import Fact
from events.envelope import Event, encode
from events.mongodb import Db, connect, database
from events.relay.mongo import MongoLease
from gateway.platform.webhooks.addresses import Allow
from gateway.platform.webhooks.courier import Address, Courier, Mailer
from gateway.platform.webhooks.egress import Sender
from gateway.platform.webhooks.keys import Keys
from gateway.platform.webhooks.line import Item, Line, Read, key_of
from gateway.platform.webhooks.pump import Pump, Stores
from gateway.platform.webhooks.schedule import Schedule
from gateway.platform.webhooks.trying import Rules
from tests.happened import happened
from tests.integration.platform.webhooks.receiving import Receiver

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOOK = "hook-1"
QUICK = Schedule(first=0.01, growth=1.5, longest=0.1, shortest=0.002, span=3600)
BOUND_SECONDS = 300.0
LOCAL = Allow.parse("127.0.0.0/8")


def story(count: int, customers: int = 97) -> list[Event]:
    """Events of customers, by turns; a customer's carry his number and theirs."""
    streams: dict[int, list[Event]] = {}
    for customer in range(customers):
        length = len(range(customer, count, customers))
        facts = [
            Fact("crm.sales.order.cancelled.v1", {
                "order_id": f"o-{customer}", "customer_id": f"c-{customer}", "reason": str(n)})
            for n in range(length)
        ]  # fmt: skip
        streams[customer] = happened(f"o-{customer}", *facts)
    return [streams[n % customers][n // customers] for n in range(count)]


@dataclass
class MemorySource:
    """A cursor is an index; an empty read waits a moment."""

    events: Sequence[Event]
    reads: list[str] = field(default_factory=list)

    def start(self, moment: datetime) -> str:
        return "0"

    def read(self, cursor: str, limit: int, wait: float) -> Read:
        self.reads.append(cursor)
        first = int(cursor)
        found = self.events[first : first + limit]
        if not found:
            threading.Event().wait(min(wait, 0.01))
        items = [Item(event, str(first + n)) for n, event in enumerate(found, start=1)]
        end = first + len(found)
        return Read(items, str(end), end >= len(self.events))


class Everything:
    """Owners who may see it all."""

    def permit(self, owner: str) -> Any:
        return self

    def body(self, event: Event) -> bytes | None:
        return encode(event)


@dataclass
class Clock:
    """A clock that runs, and can be put forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Bench:
    """One database with as many pumps as a test wants."""

    def __init__(self, db: Db, url: str, events: Sequence[Event] = ()) -> None:
        self.db = db
        self.clock = Clock()
        self.stores = Stores.of(db)
        self.stores.prepare()
        self.keys = Keys(db)
        self.secret = self.keys.make(HOOK, 1)
        self.source = MemorySource(events)
        self.sender = Sender(LOCAL, seconds=5)
        self.url = url
        self.ended: list[str] = []
        self._pumps: list[Pump] = []

    def courier(self, owners: Any = None, url: str | None = None) -> Courier:
        to = Address(HOOK, url or self.url, "dora")
        mailer = Mailer(to, self.keys, self.sender, self.clock)
        return Courier(mailer, owners or Everything())

    def pump(
        self,
        *,
        line: Line | None = None,
        owner: str = "worker-1",
        schedule: Schedule = QUICK,
        owners: Any = None,
        lease_seconds: float = 30,
        **more: Any,
    ) -> Pump:
        line = line or Line(HOOK, LONG_AGO)
        lease = MongoLease(
            self.db, owner, collection="webhook_leases", id=line.id, seconds=lease_seconds
        )
        pump = Pump(
            line,
            self.source,
            self.courier(owners),
            self.stores,
            lease,
            self.ended.append,
            rules=Rules(schedule, self.clock, idle_seconds=0.01),
            **more,
        )
        self._pumps.append(pump)
        return pump

    def close(self) -> None:
        for pump in self._pumps:
            pump.close()

    def states(self) -> dict[str, int]:
        """How many entries of the spool are in each state."""
        counted = self.db["webhook_spool"].aggregate(
            [{"$group": {"_id": "$state", "count": {"$sum": 1}}}]
        )
        return {one["_id"]: one["count"] for one in counted}


@contextmanager
def bench(db: Db, receiver: Receiver, events: Sequence[Event]) -> Iterator[Bench]:
    made = Bench(db, receiver.url, events)
    yield made
    made.close()


def in_log_order(events: Sequence[Event]) -> dict[str, list[str]]:
    """The ids of each key's events."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        found[key_of(event)].append(event.id)
    return dict(found)


def all_there(receiver: Receiver, events: Sequence[Event]) -> Callable[[], bool]:
    return lambda: len(receiver.ids()) == len(events)


def never_overtaken(receiver: Receiver, events: Sequence[Event]) -> bool:
    """Whether no message came before the one before it, of its key, had been accepted."""
    before = {
        second: first for ids in in_log_order(events).values() for first, second in pairwise(ids)
    }
    accepted: set[str] = set()
    for what, id in receiver.journal:
        if what == "accepted":
            accepted.add(id)
        elif id in before and before[id] not in accepted:
            return False
    return True


def wait_for(condition: Callable[[], bool]) -> None:
    """What another thread or process does."""
    deadline = time.monotonic() + BOUND_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        threading.Event().wait(0.005)


def drive(pump: Pump, until: Callable[[], bool]) -> None:
    """Steps until the condition holds."""
    deadline = time.monotonic() + BOUND_SECONDS
    while not until():
        assert time.monotonic() < deadline, "it never came to that"
        pump.step(0.01)


def main(mongodb: str, name: str, url: str, events: str) -> None:
    crashing.arm(os.environ["THROUGHLINE_CRASH_POINTS"])
    db = database(connect(mongodb, "webhook-pumping"), name)
    pump = Bench(db, url, story(int(events))).pump()
    while True:
        pump.step(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
