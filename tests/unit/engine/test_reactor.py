"""Reactions on a real MongoDB: exactly once, never early, never in the way of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from events import crashing
from events.commands import Commands
from events.contracts.base import Contract
from events.contracts.upcasting import Upcasters
from events.envelope import Event, decode
from events.errors import Fenced
from events.log.memory import MemoryConsumer, MemoryLog
from events.mongodb import Db, connect, database
from events.projection import parking
from events.projection.mongo import MongoProjection
from events.projection.projector import Projector
from events.projection.reader import Views
from events.projection.versions import VersionBook
from events.projection.view import Document, View
from events.reactions import places
from events.reactions import reactor as reacting
from events.reactions.reaction import Reaction, Reply, command_id
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


@pytest.fixture
def world(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(reacting, "WAIT_SECONDS", 0.0)
    client = connect(mongodb_uri, "reactions")
    name = f"reactions_{new_id().replace('-', '')}"
    yield World(database(client, name))
    crashing.arm("")
    client.drop_database(name)
    client.close()


pytestmark = pytest.mark.integration


def notes(*versions: int, **data: object) -> Sequence[Event]:
    return [event(version=version, data={"number": version, **data}) for version in versions]


def test_an_event_is_answered_once(world: World) -> None:
    world.publish(*notes(1, 2))
    world.project()
    world.react()
    world.react(world.make())
    assert (world.total, world.reactor.counts.fired) == (2, 2)


def test_the_answer_names_its_cause(world: World) -> None:
    world.publish(*notes(1))
    world.project()
    world.react()
    stored = world.db["commits"].find_one()
    assert stored is not None
    assert stored["causation_id"] == event().id
    assert stored["correlation_id"] == event().correlation_id
    assert stored["actor"] == "reaction:count"
    assert stored["command_id"] == command_id(event(), "count", 0)


def test_a_duplicate_record_has_no_second_effect(world: World) -> None:
    world.publish(*notes(1, 2), *notes(1, 2))
    world.project()
    world.react()
    assert (world.total, world.reactor.counts.repeated) == (2, 2)


def test_it_waits_for_the_timeline(world: World) -> None:
    world.publish(*notes(1))
    world.react()
    assert world.total == 0
    world.project()
    world.react()
    assert world.total == 1


def test_an_early_event_waits_for_its_predecessor(world: World) -> None:
    world.publish(*notes(2))
    world.project()
    world.react()
    assert world.total == 0
    world.publish(*notes(1, 2))
    world.project()
    world.react()
    assert world.total == 2


def test_backfill_is_not_answered(world: World) -> None:
    world.publish(replace(notes(1)[0], backfilled=True), *notes(2))
    world.project()
    world.react()
    assert world.total == 1


@pytest.mark.parametrize("point", ["reaction.inside_transaction", "reaction.after_transaction"])
def test_a_crash_neither_loses_nor_repeats(world: World, point: str) -> None:
    world.publish(*notes(1, 2, 3))
    world.project()
    crashing.arm(f"{point}:2", die)
    with pytest.raises(Died):
        world.react()
    world.react(world.make())
    assert world.total == 3


def test_a_zombie_is_fenced(world: World) -> None:
    zombie, owner = world.make(), world.make()
    world.publish(*notes(1))
    world.project()
    ((partition, (record,)),) = zombie._consumer.poll(0).records.items()
    world.react(owner)
    with pytest.raises(Fenced):
        zombie._answer(partition, 1, decode(record.value))
    world.react(zombie)
    assert world.total == 1


def test_a_refusal_is_an_answer(world: World) -> None:
    world.publish(*notes(1, limit=0), *notes(2))
    world.project()
    world.react()
    assert (world.total, world.reactor.counts.refused) == (1, 1)


def test_several_answers_to_one_stream_follow_one_another(world: World) -> None:
    world.publish(*notes(1, times=3))
    world.project()
    world.react()
    assert world.total == 3
    assert world.db["commits"].count_documents({}) == 3


def test_a_broken_handler_sets_its_event_aside_and_no_other(world: World) -> None:
    world.publish(*notes(1, broken=True), *notes(2))
    world.project()
    world.react()
    assert world.total == 1
    assert world.waiting == [event().entry]


def test_what_waits_is_tried_again_and_fires_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(*notes(1, broken=True))
    world.project()
    world.react()
    world.later(3)
    world.react()
    assert (world.total, len(world.waiting)) == (0, 1)
    reaction = world.reactor.answering.reactions[0]
    repaired: dict[type[Contract], object] = {Noted: lambda *_: [Reply(COUNTER, "1", Count())]}
    world.reactor.answering.reactions = (replace(reaction, on=repaired),)  # type: ignore[arg-type]
    world.later(600)
    world.react()
    world.later(600)
    world.react()
    assert (world.total, world.waiting) == (1, [])


def test_events_of_a_parked_stream_wait_until_it_flows(world: World) -> None:
    world.poison = {event().entry}
    world.publish(*notes(1), event("order-2", 1))
    world.project()
    world.react()
    assert (world.total, world.waiting) == (1, [event().entry])
    world.poison = set()
    parking.retry(world.storage, "order-1")
    world.later(600)
    world.react()
    assert (world.total, world.waiting) == (2, [])


def test_old_versions_of_an_event_are_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Upcasters()
    steps.upcaster("crm.sales.order.noticed", from_version=1)(lambda old: old)
    steps._steps["crm.sales.order.noticed.v1"] = (KIND, lambda old: old)
    monkeypatch.setattr("events.envelope.upcast", steps.upcast)
    monkeypatch.setattr(reacting, "latest", steps.latest)
    world.publish(event(type="crm.sales.order.noticed.v1"))
    world.project()
    world.react()
    assert world.total == 1


def test_two_reactions_to_one_event_both_fire(world: World) -> None:
    reactor = world.make(Reaction("count-too", {Noted: counting}))
    world.publish(*notes(1))
    world.project()
    world.react(reactor)
    assert world.total == 2


def test_a_refused_answer_is_not_given_later(world: World) -> None:
    """The duplicate comes when the domain would agree."""
    world.publish(*notes(1, limit=1), *notes(2, limit=1))
    world.project()
    world.react()
    assert (world.total, world.reactor.counts.refused) == (1, 1)
    world.publish(*notes(2))
    world.project()
    world.react()
    assert (world.total, world.reactor.counts.repeated) == (1, 1)


def test_an_event_that_needed_no_answer_gets_none_later(world: World) -> None:
    world.publish(*notes(1, times=0), *notes(1))
    world.project()
    world.react()
    assert (world.total, world.reactor.counts.repeated) == (0, 1)


def test_what_nobody_answers_is_passed_and_saved_now_and_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SAVE_SECONDS", 3600)
    world.publish(event(type="crm.sales.order.other.v1"))
    world.react()
    assert world.offsets == [0]
    world.publish(*notes(1))
    world.project()
    world.react()
    assert world.offsets == [2]
    world.publish(event("order-2", type="crm.sales.order.other.v1"))
    monkeypatch.setattr(places, "SAVE_SECONDS", 0)
    world.react()
    assert world.offsets == [3]


def test_a_zombie_that_only_passed_is_fenced_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SAVE_SECONDS", 3600)
    zombie = world.make()
    world.publish(event("order-2", type="crm.sales.order.other.v1"))
    world.react(zombie)
    world.publish(*notes(1))
    world.project()
    world.react()
    monkeypatch.setattr(places, "SAVE_SECONDS", 0)
    world.react(zombie)
    assert (world.total, world.offsets) == (1, [2])
