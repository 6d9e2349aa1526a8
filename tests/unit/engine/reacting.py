"""A service with one reaction on a real MongoDB, and the topic that it listens to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from events import crashing
from events.commands import Commands
from events.contracts.base import Contract
from events.envelope import Event
from events.log.memory import MemoryConsumer, MemoryLog
from events.mongodb import Db, connect, database
from events.projection.mongo import MongoProjection
from events.projection.projector import Projector
from events.projection.reader import Views
from events.projection.versions import VersionBook
from events.projection.view import Document, View
from events.reactions.reaction import Reaction, Reply
from events.reactions.reactor import Reactor
from events.store.mongo import MongoEventStore
from events.types import new_id
from tests.conformance.making import KIND, RECORDED, event
from tests.unit.engine.counter import COUNTER, Count, State

TOPIC = "crm.marketing.events"


class Noted(Contract):
    TYPE = KIND


class Died(Exception):
    """Instead of the process."""


def die() -> None:
    raise Died


def counting(event: Event, views: Views, at: datetime) -> list[Reply]:
    """One count for each event; the data can ask for more, or for trouble."""
    if event.data.get("broken"):
        raise ValueError("broken")
    limit = event.data.get("limit", 10**9)
    return [Reply(COUNTER, "1", Count(limit=limit)) for _ in range(event.data.get("times", 1))]


class World:
    """A service with one reaction, and the topic that it listens to."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.now = RECORDED
        self.log = MemoryLog([TOPIC], partitions=1)
        self.store = MongoEventStore(db, "sales")
        self.store.prepare()
        VersionBook(db).open([])
        self.poison: set[str] = set()
        self.storage = MongoProjection(db, 1, [self._view()])
        self.storage.prepare()
        self.projector = Projector(self.storage, self._consumer())
        self.projector.step(0)
        self.reactor = self.make()

    def _view(self) -> View:
        view = View("notes")

        @view.on(Noted, key=lambda one: one.stream)
        def noted(doc: Document, one: Event) -> None:
            if one.entry in self.poison:
                raise ValueError("poison")

        return view

    def _consumer(self) -> MemoryConsumer:
        consumer = MemoryConsumer(self.log)
        consumer.assign(list(self.log.records))
        return consumer

    def make(self, *more: Reaction) -> Reactor:
        """A new process."""
        reactions = (Reaction("count", {Noted: counting}), *more)
        made = Reactor(
            self.db,
            Commands(self.store),
            Views(self.db),
            self._consumer(),
            reactions,
            now=lambda: self.now,
        )
        made.prepare()
        made.step(0)
        return made

    def publish(self, *events: Event) -> None:
        for one in events:
            self.log.append(TOPIC, one)

    def project(self) -> None:
        while self.projector.step(0):
            """Until nothing is left."""

    def react(self, reactor: Reactor | None = None) -> None:
        while (reactor or self.reactor).step(0):
            """Until nothing is left."""

    def later(self, seconds: float) -> None:
        """Time for what waits on the shelf."""
        self.now += timedelta(seconds=seconds)
        self.reactor._swept_at = 0.0

    @property
    def total(self) -> int:
        state: State = Commands(self.store).state(COUNTER, "1")[0]
        return state.total

    @property
    def offsets(self) -> list[int]:
        return [one["next_offset"] for one in self.db["reaction_checkpoints"].find()]

    @property
    def waiting(self) -> list[str]:
        return [one["_id"] for one in self.db["reactions_waiting"].find()]


@contextmanager
def a_world(mongodb_uri: str) -> Iterator[World]:
    """In a database of its own, which is gone afterwards."""
    client = connect(mongodb_uri, "reactions")
    name = f"reactions_{new_id().replace('-', '')}"
    yield World(database(client, name))
    crashing.arm("")
    client.drop_database(name)
    client.close()


def notes(*versions: int, **data: object) -> Sequence[Event]:
    return [event(version=version, data={"number": version, **data}) for version in versions]
