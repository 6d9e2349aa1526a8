"""A log and a projection in memory for the tests of the projector."""

from __future__ import annotations

from events.contracts.base import Contract
from events.envelope import Event
from events.log.memory import MemoryConsumer, MemoryLog
from events.log.port import Record
from events.projection.memory import MemoryProjection
from events.projection.projector import MUCH, Projector
from events.projection.view import Document, View
from tests.conformance.making import KIND, event

TOPIC = "crm.sales.events"


class Noted(Contract):
    TYPE = KIND


class World:
    """A log, a projection that counts notes, and what is poison for it."""

    def __init__(self) -> None:
        self.poison: set[int] = set()
        self.log = MemoryLog([TOPIC], partitions=1)
        self.storage = MemoryProjection([self._view()])
        self.partition = next(iter(self.log.records))

    def _view(self) -> View:
        view = View("notes")

        @view.on(Noted, key=lambda one: one.stream)
        def noted(doc: Document, one: Event) -> None:
            doc["versions"] = [*doc.get("versions", []), one.version]
            if one.version in self.poison:
                raise ValueError(f"poison {one.version}")

        return view

    def publish(self, *versions: int, stream: str = "order-1") -> None:
        for version in versions:
            self.log.append(TOPIC, event(stream, version, key="one"))

    def publish_raw(self, value: bytes) -> None:
        records = self.log.records[self.partition]
        records.append(Record(self.partition, len(records), KIND, value))

    def member(self, batch: int = 1000, much: int = MUCH) -> Projector:
        consumer = MemoryConsumer(self.log, batch)
        consumer.assign([self.partition])
        projector = Projector(self.storage, consumer, much=much)
        assert projector.step(0) == 0, "the first step takes the assignment"
        return projector

    @property
    def seen(self) -> list[int]:
        return list(self.storage.collection("notes").get("order-1", {}).get("versions", []))

    @property
    def entries(self) -> list[int]:
        return [entry["version"] for entry in self.storage.timeline().values()]

    @property
    def position(self) -> int:
        return self.storage.positions({self.partition: f"id-of-{TOPIC}"})[self.partition]
