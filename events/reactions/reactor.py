"""Runs a service's reactions, each exactly once for each live event.

In one transaction: this role's checkpoint moves and the service's own commits are appended, with
ids that a duplicate record would repeat. A reaction waits until the live timeline holds its event,
so its views are at least as new. What can't be answered now (a parked stream, a broken handler) is
set aside (waiting.py), in the same transaction, and tried again; the rest goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from events.commands import Commands
from events.contracts.upcasting import latest
from events.crashing import crash_point
from events.envelope import Event, Unopened, decode
from events.errors import Fenced, Poison, Transient
from events.log.port import Consumer, Partition, Record
from events.mongodb import MAJORITY, Db, is_transient
from events.projection.reader import Views
from events.reactions.answering import Answering, ReactorCounts, Said
from events.reactions.places import Places
from events.reactions.reaction import Reaction
from events.reactions.waiting import Shelf, Waiting
from events.store.mongo import MongoEventStore
from events.types import ConsistencyToken, utc_now

WAIT_SECONDS = 2.0
"""How long a reaction waits for the timeline before it goes back and polls again."""

SWEEP_SECONDS = 2.0


class _NotYet(Exception):
    """The timeline does not hold the event yet."""


class Reactor:
    """Owns a consumer; call `step` again and again from one thread."""

    def __init__(
        self,
        db: Db,
        commands: Commands,
        views: Views,
        consumer: Consumer,
        reactions: Sequence[Reaction],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        if not isinstance(commands.store, MongoEventStore):
            raise TypeError("reactions append in a transaction of the MongoDB store")
        self.counts = ReactorCounts()
        self.answering = Answering(commands, views, reactions, self.counts)
        self.known_lag: int | None = None
        self._db = db
        self._store = commands.store
        self._views = views
        self._consumer = consumer
        self._now = now
        self._places = Places(db)
        self._shelf = Shelf(db)
        self._swept_at = 0.0

    def prepare(self) -> None:
        """Makes the collections: a transaction must not."""
        self._places.prepare()
        self._shelf.prepare()

    def step(self, timeout_seconds: float) -> int:
        """One poll; returns how many records were dealt with. Raises `Transient`, `Corrupt`."""
        self._sweep_when_due()
        polled = self._consumer.poll(timeout_seconds)
        if polled.reassigned:
            self._rejoin()
            return 0
        self.known_lag = self._consumer.ahead()
        try:
            taken = sum(self._take(at, records) for at, records in polled.records.items())
            self._places.save_when_due()
        except Fenced:
            self._rejoin()
            return 0
        except PyMongoError as error:
            self._rejoin()
            if is_transient(error):
                raise Transient(str(error)[:200]) from error
            raise
        except Transient:
            self._rejoin()
            raise
        return taken

    def close(self) -> None:
        self._consumer.close()

    def _take(self, partition: Partition, records: Sequence[Record]) -> int:
        """Deals with one partition's records, one after the other."""
        if records[0].offset != self._places.next(partition):
            self._rejoin()
            return 0
        for record in records:
            event = self._relevant(record)
            if event is None:
                self._places.passed(partition, record.offset + 1)
                continue
            try:
                with self._views.one_version():
                    self._answer(partition, record.offset + 1, event)
            except _NotYet:
                self._consumer.seek({partition: record.offset})
                return 0
        return len(records)

    def _relevant(self, record: Record) -> Event | None:
        """The event, when some reaction answers it and it is no backfill."""
        if not self.answering.wants(latest(record.type)):
            return None
        try:
            event = decode(record.value)
        except Unopened as poison:
            event = poison.event
        except Poison:
            return None
        return None if event.backfilled else event

    def _answer(self, partition: Partition, following: int, event: Event) -> None:
        if self._in_timeline(event):
            said = self.answering.to(event, self._now())
        elif self._views.blocked(event.stream):
            said = Said(aside="its stream is parked")
        else:
            raise _NotYet

        def unit(session: ClientSession) -> None:
            self._places.move(partition, following, session)
            self._store_said(said, session)
            if said.aside:
                self._shelf.put(event, said.aside, self._now(), session)
            crash_point("reaction.inside_transaction")

        self._run(unit)
        crash_point("reaction.after_transaction")
        self._places.answered(partition, following)
        self.counts.fired += len(said.commits)
        self.counts.set_aside += 1 if said.aside else 0

    def _in_timeline(self, event: Event) -> bool:
        token = ConsistencyToken(event.stream, event.version)
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._views.holds(token):
            if time.monotonic() > deadline or self._views.blocked(event.stream):
                return False
            time.sleep(0.01)
        return True

    def _store_said(self, said: Said, session: ClientSession) -> None:
        if said.commits:
            self._store.insert(said.commits, session)
        if said.receipts:
            self._store.keep(said.receipts, session)

    def _run(self, unit: Callable[[ClientSession], None]) -> None:
        try:
            with self._db.client.start_session() as session:
                session.with_transaction(
                    unit, read_concern=ReadConcern("snapshot"), write_concern=MAJORITY
                )
        except DuplicateKeyError as error:
            raise Transient("a command was faster: decide again") from error

    def _sweep_when_due(self) -> None:
        if time.monotonic() - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = time.monotonic()
        for waiting in self._shelf.due(self._now()):
            with self._views.one_version():
                self._try_again(waiting)

    def _try_again(self, waiting: Waiting) -> None:
        event = waiting.event
        if not self._views.holds(ConsistencyToken(event.stream, event.version)):
            self._shelf.postpone(waiting, waiting.reason, self._now())
            return
        said = self.answering.to(event, self._now())
        if said.aside:
            self._shelf.postpone(waiting, said.aside, self._now())
            return

        def unit(session: ClientSession) -> None:
            if self._shelf.take(waiting, session):
                self._store_said(said, session)

        self._run(unit)
        self.counts.fired += len(said.commits)

    def _rejoin(self) -> None:
        """Reads this role's checkpoints of the present assignment and continues from them."""
        self._consumer.seek(self._places.load(self._consumer.assignment()))
