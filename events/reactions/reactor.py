"""Runs a service's reactions, each exactly once for each live event.

In one transaction: this role's checkpoint moves and the service's own commits are appended, with
ids that a duplicate record would repeat. A reaction waits until the live timeline holds its event,
so its views are at least as new. What can't be answered now (a parked stream, a broken handler) is
set aside (waiting.py), in the same transaction, and tried again; the rest goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from events.commands import Commands
from events.contracts.upcasting import latest
from events.crashing import crash_point
from events.deciding import Origin
from events.envelope import Commit, Event, Unopened, decode
from events.errors import Corrupt, Fenced, Poison, Rejected, Transient
from events.log.port import Consumer, Partition, Record
from events.mongodb import MAJORITY, Db, ensure_collections, is_transient
from events.projection.reader import Views
from events.reactions.reaction import Reaction, Reply, command_id
from events.reactions.waiting import Shelf, Waiting
from events.store.mongo import MongoEventStore
from events.types import ConsistencyToken, utc_now

log = structlog.get_logger(__name__)

WAIT_SECONDS = 2.0
"""How long a reaction waits for the timeline before it goes back and polls again."""

SWEEP_SECONDS = 2.0


@dataclass(slots=True)
class ReactorCounts:
    """What a reactor has done since it started."""

    fired: int = 0
    repeated: int = 0
    refused: int = 0
    set_aside: int = 0


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
        self._db = db
        self._store = commands.store
        self._commands = commands
        self._views = views
        self._consumer = consumer
        self._reactions = tuple(reactions)
        self._now = now
        self._shelf = Shelf(db)
        self._positions: dict[Partition, int] = {}
        self._swept_at = 0.0
        self.known_lag: int | None = None

    def close(self) -> None:
        self._consumer.close()

    def prepare(self) -> None:
        """Makes the collections: a transaction must not."""
        ensure_collections(self._db, ["reaction_checkpoints"])
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
            return sum(self._take(at, records) for at, records in polled.records.items())
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

    def _take(self, partition: Partition, records: Sequence[Record]) -> int:
        """Deals with one partition's records; stretches without reactions move in one step."""
        position = self._positions.get(partition)
        if position is None or records[0].offset != position:
            self._rejoin()
            return 0
        for record in records:
            event = self._relevant(record)
            if event is None:
                continue
            try:
                with self._views.one_version():
                    self._answer(partition, position, record.offset + 1, event)
            except _NotYet:
                self._consumer.seek({partition: position})
                return 0
            position = self._positions[partition] = record.offset + 1
        following = records[-1].offset + 1
        if following > position:
            self._transact(partition, position, following, [], None)
            self._positions[partition] = following
        return len(records)

    def _relevant(self, record: Record) -> Event | None:
        """The event, when some reaction answers it and it is no backfill."""
        kind = latest(record.type)
        if not any(reaction.answer_to(kind) for reaction in self._reactions):
            return None
        try:
            event = decode(record.value)
        except Unopened as poison:
            event = poison.event
        except Poison:
            return None
        return None if event.backfilled else event

    def _answer(self, partition: Partition, before: int, after: int, event: Event) -> None:
        if not self._in_timeline(event):
            if not self._views.blocked(event.stream):
                raise _NotYet
            self._transact(partition, before, after, [], (event, "its stream is parked"))
            return
        commits, aside = self._decided(event)
        self._transact(partition, before, after, commits, aside)

    def _in_timeline(self, event: Event) -> bool:
        token = ConsistencyToken(event.stream, event.version)
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._views.holds(token):
            if time.monotonic() > deadline or self._views.blocked(event.stream):
                return False
            time.sleep(0.01)
        return True

    def _decided(self, event: Event) -> tuple[list[Commit], tuple[Event, str] | None]:
        """The commits that answer the event, or why it is set aside."""
        try:
            return self._commits(event), None
        except (Transient, PyMongoError, Corrupt):
            raise
        except Exception as error:
            log.exception("reaction.failed", event_id=event.id, type=event.type)
            return [], (event, f"{type(error).__name__}: {error}"[:300])

    def _commits(self, event: Event) -> list[Commit]:
        at = self._now()
        commits: list[Commit] = []
        for reaction in self._reactions:
            answer = reaction.answer_to(event.type)
            if answer is None:
                continue
            for number, reply in enumerate(answer(event, self._views, at)):
                origin = self._origin(event, reaction, number, at)
                commit = self._propose(reply, origin, commits)
                if commit:
                    commits.append(commit)
        return commits

    def _propose(self, reply: Reply, origin: Origin, before: Sequence[Commit]) -> Commit | None:
        """`before` are the commits that will be appended with this one."""
        if origin.command_id and self._store.find_command(origin.command_id):
            self.counts.repeated += 1
            return None
        stream = self._commands.stream_of(reply.decider, reply.aggregate_id)
        pending = {commit.stream: commit for commit in before}.get(stream)
        try:
            return self._commands.propose(reply.decider, stream, reply.command, origin, pending)
        except Rejected as rejection:
            self.counts.refused += 1
            log.info("reaction.refused", code=rejection.code, stream=stream)
            return None

    def _origin(self, event: Event, reaction: Reaction, number: int, at: datetime) -> Origin:
        return Origin(
            actor=f"reaction:{reaction.name}",
            occurred_at=at,
            command_id=command_id(event, reaction.name, number),
            correlation_id=event.correlation_id,
            causation_id=event.id,
            traceparent=event.traceparent,
        )

    def _transact(
        self,
        partition: Partition,
        before: int,
        after: int,
        commits: Sequence[Commit],
        aside: tuple[Event, str] | None,
    ) -> None:
        """Checkpoint, own commits and what is set aside: all or nothing."""

        def unit(session: ClientSession) -> None:
            moved = self._db["reaction_checkpoints"].update_one(
                {"_id": str(partition), "next_offset": before},
                {"$set": {"next_offset": after}},
                session=session,
            )
            if moved.matched_count != 1:
                raise Fenced(f"{partition} was moved by somebody else")
            if commits:
                self._store.insert(commits, session)
            if aside:
                self._shelf.put(*aside, self._now(), session)
            crash_point("reaction.inside_transaction")

        self._run(unit)
        crash_point("reaction.after_transaction")
        self.counts.fired += len(commits)
        self.counts.set_aside += 1 if aside else 0

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
        commits, aside = self._decided(event)
        if aside:
            self._shelf.postpone(waiting, aside[1], self._now())
            return

        def unit(session: ClientSession) -> None:
            if self._shelf.take(waiting, session) and commits:
                self._store.insert(commits, session)

        self._run(unit)
        self.counts.fired += len(commits)

    def _rejoin(self) -> None:
        """Reads this role's checkpoints of the present assignment and continues from them."""
        self._positions = {}
        checkpoints = self._db["reaction_checkpoints"]
        for partition in self._consumer.assignment():
            checkpoints.update_one(
                {"_id": str(partition)}, {"$setOnInsert": {"next_offset": 0}}, upsert=True
            )
            found = checkpoints.find_one({"_id": str(partition)})
            self._positions[partition] = found["next_offset"] if found else 0
        self._consumer.seek(self._positions)
