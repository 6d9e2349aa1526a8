"""Answered for good, and passed without a write: how far a reactor has come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.errors import Fenced
from events.reactions import places
from events.reactions import reactor as reacting
from tests.conformance.making import event
from tests.unit.engine.reacting import World, a_world, notes

pytestmark = pytest.mark.integration


@pytest.fixture
def world(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(reacting, "WAIT_SECONDS", 0.0)
    with a_world(mongodb_uri) as world:
        yield world


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


def test_a_place_that_somebody_else_has_moved_is_not_saved(world: World) -> None:
    (partition,) = world.log.records
    one, other = places.Places(world.db), places.Places(world.db)
    for each in (one, other):
        each.load([partition])
    other.passed(partition, 5)
    other.save()
    one.passed(partition, 3)
    with pytest.raises(Fenced):
        one.save()
    assert world.offsets == [5]
