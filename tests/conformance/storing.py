"""A projection's storage, asked in the words of the suites."""

from __future__ import annotations

from events.envelope import Event
from events.log.port import Partition
from events.projection.unit import ProjectionStorage
from events.projection.view import Document, View
from tests.conformance.making import event

ORDERS = View("orders")
NORTH, SOUTH = Partition("crm.sales.events", 0), Partition("crm.sales.events", 1)
IDS = {NORTH: "topic-1", SOUTH: "topic-1"}


def started(storage: ProjectionStorage) -> ProjectionStorage:
    storage.positions(IDS)
    return storage


def documents(storage: ProjectionStorage, *keys: str) -> dict[str, Document]:
    return dict(storage.run(lambda unit: unit.documents(ORDERS, keys)))


def present(storage: ProjectionStorage, *events: Event) -> set[str]:
    entries = [one.entry for one in events]
    return set(storage.run(lambda unit: unit.present(entries)))


def parked(storage: ProjectionStorage, *events: Event) -> set[str]:
    return set(storage.run(lambda unit: unit.parked([one.entry for one in events])))


def three() -> list[Event]:
    return [event(version=version) for version in (1, 2, 3)]
