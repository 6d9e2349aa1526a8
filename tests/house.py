"""A whole service on a real MongoDB with a log in memory: its app, projector and reactions.

    house = House(DEFINITION, mongodb_uri)
    answer = house.post("/v1/cases", {...})      # decided, published, projected, reacted to
    house.hear(*happened(…))                     # what other services publish
    house.get(f"/v1/cases/{answer.json['id']}")

Everything runs in the test's thread, so that a read sees what was written before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from werkzeug.test import TestResponse

from events.access.caller import Caller
from events.commands import Commands
from events.config import load_config
from events.envelope import Event
from events.http import Health, Runtime, create_app
from events.log.memory import MemoryConsumer, MemoryLog
from events.projection.projector import Projector
from events.projection.reader import Views
from events.reactions.reactor import Reactor
from events.runtime import service
from events.runtime.service import ServiceDefinition
from events.runtime.web import API_VERSION
from events.store.documents import from_document
from events.types import new_id
from tests.access import EVERYBODY, SignedClient, client_of, guard


class House:
    """One service, alone: nothing of the others but what the test lets it hear."""

    def __init__(self, definition: ServiceDefinition, mongodb_uri: str) -> None:
        prefix = f"test_{new_id()[-12:]}_"
        self.config = load_config(
            {"MONGODB_URI": mongodb_uri, "THROUGHLINE_DATABASE_PREFIX": prefix}
        )
        self.inner = service.House(definition, self.config, "test")
        self.inner.prepare()
        self.db = self.inner.db
        self.views = Views(self.db)
        self.commands = Commands(self.inner.store)
        self._log = MemoryLog(self.config.topics)
        self._relayed: set[str] = set()
        self.projector = Projector(self.inner.projection(1), self._consumer())
        self.reactor = Reactor(
            self.db, self.commands, self.views, self._consumer(), definition.reactions
        )
        self.reactor.prepare()
        runtime = Runtime(
            definition.name,
            self.commands,
            self.views,
            Health(),
            guard(definition.name),
            definition.open_views,
        )
        self.app = create_app(runtime, definition.blueprints, version=API_VERSION)
        if definition.equip:
            definition.equip(self.app, self.inner, runtime.health)
        self.client = self.client_of(EVERYBODY)

    def client_of(self, caller: Caller | None) -> SignedClient:
        """Somebody else at the same door."""
        return client_of(self.app, self.inner.definition.name, caller)

    def _consumer(self) -> MemoryConsumer:
        consumer = MemoryConsumer(self._log)
        consumer.assign(list(self._log.records))
        return consumer

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """A command and all that follows from it; header names with underscores."""
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.post(path, json=body, headers=spelled)
        self.settle()
        return answer

    def change(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """A command on whatever the aggregate is now."""
        return self.post(path, body, **{"If_Match": "*", **headers})

    def get(self, path: str, **params: Any) -> TestResponse:
        return self.client.get(path, query_string=params)

    def hear(self, *events: Event) -> None:
        """Events of other services arrive."""
        self.publish(events)
        self.settle()

    def publish(self, events: Sequence[Event]) -> None:
        """The same, without anybody reading them yet."""
        for event in events:
            self._log.append(self.config.topic(event.source), event)

    def settle(self) -> None:
        """Relays, projects and reacts until nothing is left to do."""
        while self.relay() or self.project() or self.react():
            """Each of them may have given the others something to do."""

    def relay(self) -> bool:
        """Publishes what the store holds and was not published."""
        fresh = [commit for commit in self.commits() if commit["_id"] not in self._relayed]
        for document in fresh:
            self.publish(from_document(document).events)
            self._relayed.add(document["_id"])
        return bool(fresh)

    def commits(self) -> list[dict[str, Any]]:
        """The store's commits; order is certain within a stream only."""
        return list(self.db["commits"].find().sort([("recorded_at", 1), ("_id", 1)]))

    def project(self) -> bool:
        """Applies what was published."""
        # The first step only takes the assignment.
        return self.projector.step(0) + self.projector.step(0) > 0

    def react(self) -> bool:
        """Answers what was published and projected."""
        return self.reactor.step(0) + self.reactor.step(0) > 0

    def close(self) -> None:
        self.inner.client.drop_database(self.db.name)
        self.inner.close()


@contextmanager
def opened(definition: ServiceDefinition, mongodb_uri: str) -> Iterator[House]:
    """The house, with its database gone afterwards."""
    house = House(definition, mongodb_uri)
    try:
        yield house
    finally:
        house.close()
