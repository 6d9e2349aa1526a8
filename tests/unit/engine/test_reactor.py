"""Reactions on a real MongoDB: exactly once, never early, never in the way of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from events import crashing
from events.contracts.base import Contract
from events.contracts.upcasting import Upcasters
from events.envelope import decode
from events.errors import Fenced
from events.projection import parking
from events.reactions import reactor as reacting
from events.reactions.reaction import Reaction, Reply, command_id
from tests.conformance.making import KIND, event
from tests.unit.engine.counter import COUNTER, Count
from tests.unit.engine.reacting import Died, Noted, World, a_world, counting, die, notes

pytestmark = pytest.mark.integration


@pytest.fixture
def world(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(reacting, "WAIT_SECONDS", 0.0)
    with a_world(mongodb_uri) as world:
        yield world


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
