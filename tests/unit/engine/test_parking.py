"""What a person can do about a parked stream: try again, or let an event go by."""

from __future__ import annotations

import pytest

from events.errors import NotFound
from events.projection import parking
from events.projection.unit import ParkedStream
from events.projection.view import PoisonAt
from tests.conformance.making import event
from tests.unit.engine.projecting import World


@pytest.fixture
def world() -> World:
    return World()


def parked(world: World, *poison: int) -> None:
    world.poison = set(poison)
    world.publish(1, 2, 3, 4, 5)
    world.member().step(0)


def test_a_retry_before_the_repair_changes_nothing(world: World) -> None:
    parked(world, 2)
    before = world.storage.parked_streams()
    with pytest.raises(PoisonAt):
        parking.retry(world.storage, "order-1")
    assert world.storage.parked_streams() == before
    assert world.seen == [1]


def test_a_retry_after_the_repair_applies_all_in_order(world: World) -> None:
    parked(world, 2)
    world.poison = set()
    assert parking.retry(world.storage, "order-1") == 4
    assert world.seen == world.entries == [1, 2, 3, 4, 5]
    assert parking.parked_streams(world.storage) == []


def test_a_retry_goes_as_far_as_it_can(world: World) -> None:
    parked(world, 2, 4)
    world.poison = {4}
    assert parking.retry(world.storage, "order-1") == 2
    assert world.seen == [1, 2, 3]
    assert world.storage.parked_streams() == [
        ParkedStream("order-1", 4, "view notes: ValueError: poison 4", 2)
    ]


def test_a_skipped_event_is_in_the_timeline_and_in_no_view(world: World) -> None:
    parked(world, 2)
    assert parking.skip(world.storage, "order-1", "test data") == 3
    assert world.seen == [1, 3, 4, 5]
    assert world.entries == [1, 2, 3, 4, 5]
    assert world.storage.timeline()[event(version=2).entry]["skipped"] == "test data"


def test_two_poisonous_events_are_skipped_one_by_one(world: World) -> None:
    parked(world, 2, 3, 5)
    assert parking.skip(world.storage, "order-1", "first") == 0
    assert parking.skip(world.storage, "order-1", "second") == 1
    assert parking.skip(world.storage, "order-1", "third") == 0
    assert world.seen == [1, 4]
    assert world.entries == [1, 2, 3, 4, 5]
    assert parking.parked_streams(world.storage) == []


def test_a_duplicate_of_a_parked_event_stays_out(world: World) -> None:
    parked(world, 2)
    world.publish(2, 3)
    world.member().step(0)
    assert world.storage.parked_streams()[0].waiting == 4


def test_what_follows_a_repair_flows_again(world: World) -> None:
    parked(world, 2)
    world.poison = set()
    parking.retry(world.storage, "order-1")
    world.publish(6)
    world.member().step(0)
    assert world.seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("act", ["retry", "skip"])
def test_a_stream_that_is_not_parked(world: World, act: str) -> None:
    arguments = ("order-9",) if act == "retry" else ("order-9", "reason")
    with pytest.raises(NotFound):
        getattr(parking, act)(world.storage, *arguments)


def test_what_was_skipped_in_one_version_is_skipped_in_the_next(world: World) -> None:
    """Whether the views could take it by now or not: versions are to be equal."""
    world.poison = {4}
    world.storage.skips = {event(version=version).entry: "test data" for version in (2, 4)}
    world.publish(1, 2, 3, 4, 5)
    projector = world.member()
    projector.step(0)
    assert (world.seen, world.entries) == ([1, 3, 5], [1, 3, 5, 2, 4])
    assert world.storage.timeline()[event(version=2).entry]["skipped"] == "test data"
    assert (projector.counts.parked, projector.counts.applied) == (0, 5)
