"""What MongoDB can't hold parks its stream, and no other: a number too great, a name with a NUL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from events.contracts.base import Contract
from events.envelope import Event
from events.log.memory import MemoryConsumer, MemoryLog
from events.mongodb import Db
from events.projection import mongo_unit, parking
from events.projection.mongo import MongoProjection
from events.projection.projector import Projector
from events.projection.view import Document, View
from tests.conformance.making import KIND, event

pytestmark = pytest.mark.integration

TOPIC = "crm.sales.events"
Spoil = Callable[[Document], None]


class Noted(Contract):
    TYPE = KIND


class World:
    """One view whose document everybody writes to; `spoiled` says who spoils it, and how."""

    def __init__(self, db: Db) -> None:
        self.spoiled: dict[str, Spoil] = {}
        self.log = MemoryLog([TOPIC], partitions=1)
        self.storage = MongoProjection(db, 1, [self._view()])
        self.storage.prepare()
        consumer = MemoryConsumer(self.log)
        consumer.assign(list(self.log.records))
        self.projector = Projector(self.storage, consumer)
        self.projector.step(0)

    def _view(self) -> View:
        view = View("notes")

        @view.on(Noted, key=lambda _: "all")
        def noted(doc: Document, one: Event) -> None:
            doc.setdefault("seen", []).append(one.entry)
            self.spoiled.get(one.entry, lambda _: None)(doc)

        return view

    def take(self, *events: Event) -> None:
        for one in events:
            self.log.append(TOPIC, one)
        self.projector.step(0)

    @property
    def seen(self) -> list[str]:
        found = self.storage.collection("notes").find_one({"_id": "all"})
        return list(found["seen"]) if found else []

    @property
    def parked(self) -> list[str]:
        return [one.stream for one in self.storage.parked_streams()]


@pytest.fixture
def world(db: Db) -> World:
    return World(db)


def too_great(doc: Document) -> None:
    doc["number"] = 2**63


def too_long(doc: Document) -> None:
    doc["text"] = "x" * 2000


def badly_named(doc: Document) -> None:
    doc["a\0b"] = 1


@pytest.mark.parametrize("spoil", [too_great, too_long, badly_named])
def test_the_event_that_spoils_a_document_is_parked_alone(
    world: World, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others of the batch write to the same document, before and after it."""
    if spoil is too_long:
        monkeypatch.setattr(mongo_unit, "MAX_DOCUMENT_BYTES", 1000)
        monkeypatch.setattr(mongo_unit.MongoUnit, "write", _checked_write)
    first, bad, after, last = event("a"), event("bad"), event("bad", 2), event("z")
    world.spoiled = {bad.entry: spoil}
    world.take(first, bad, after, last)
    assert world.seen == [first.entry, last.entry]
    assert world.parked == ["bad"]
    world.spoiled = {}
    assert parking.retry(world.storage, "bad") == 2
    assert world.seen == [first.entry, last.entry, bad.entry, after.entry]


_write = mongo_unit.MongoUnit.write


def _checked_write(self: mongo_unit.MongoUnit, view: View, documents: list[Document]) -> None:
    """Refuses as the driver does, at a size that a test can make."""
    for one in documents:
        self.check(one)
    _write(self, view, documents)


def test_an_event_that_no_timeline_can_hold_is_parked_and_can_be_skipped(world: World) -> None:
    bad, good = event("bad", data={"number": 2**63}), event("good")
    world.take(bad, good)
    assert (world.seen, world.parked) == ([good.entry], ["bad"])
    parking.skip(world.storage, "bad", "beyond every range")
    assert world.parked == []
    entry = world.storage.collection("timeline").find_one({"_id": bad.entry})
    assert entry is not None
    assert (entry["skipped"], "data" in entry) == ("beyond every range", False)


def test_other_mistakes_of_a_handler_are_told_as_they_are(world: World) -> None:
    bad = event("bad")
    world.spoiled = {bad.entry: lambda doc: doc.update(what=object())}
    world.take(bad)
    (parked,) = world.storage.parked_streams()
    assert parked.reason.startswith("view notes: Unwritable: all: InvalidDocument")
