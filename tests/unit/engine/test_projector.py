"""The projector's loop on twins in memory: checkpoints, poison, gaps, zombies, bad deploys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from events import crashing
from events.errors import Corrupt, Transient
from events.log.memory import MemoryConsumer
from events.log.port import Polled
from events.projection import parking
from events.projection.applying import PARK_LIMIT
from events.projection.unit import ParkedStream
from tests.conformance.making import event
from tests.unit.engine.projecting import TOPIC, World


class Died(Exception):
    """Instead of the process."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    crashing.arm("")


def test_what_is_on_the_log_is_applied(world: World) -> None:
    world.publish(1, 2, 3)
    projector = world.member()
    assert projector.step(0) == 3
    assert projector.step(0) == 0
    assert world.seen == world.entries == [1, 2, 3]
    assert (world.position, projector.known_lag, projector.at_end()) == (3, 0, True)


def test_duplicates_and_early_events_are_dropped(world: World) -> None:
    world.publish(1, 3, 1, 2, 2, 3)
    projector = world.member()
    projector.step(0)
    counts = projector.counts
    assert world.seen == [1, 2, 3]
    assert (counts.applied, counts.duplicates, counts.early) == (3, 2, 1)


def test_an_open_gap_is_told_until_it_heals(world: World) -> None:
    world.publish(1, 3)
    projector = world.member()
    projector.step(0)
    assert projector.counts.open_gaps == {"order-1"}
    world.publish(2, 3)
    projector.step(0)
    assert projector.counts.open_gaps == set()


@pytest.mark.parametrize("point", ["inside_transaction", "after_transaction"])
def test_a_crash_changes_nothing_in_the_end(world: World, point: str) -> None:
    def die() -> None:
        raise Died

    world.publish(1, 2)
    crashing.arm(f"projection.{point}", die)
    with pytest.raises(Died):
        world.member().step(0)
    assert world.seen == ([] if point == "inside_transaction" else [1, 2])
    world.publish(3)
    successor = world.member()
    while successor.step(0):
        """Until nothing is left."""
    assert world.seen == world.entries == [1, 2, 3]


def test_a_zombie_drops_its_batch_and_goes_on_from_the_checkpoint(world: World) -> None:
    zombie, owner = world.member(batch=1), world.member(batch=2)
    world.publish(1, 2, 3)
    owner.step(0)
    assert zombie.step(0) == 0
    assert zombie.counts.rejoins == 2
    assert zombie.step(0) == 1
    assert world.seen == [1, 2, 3]


def test_a_poisonous_event_parks_its_stream_and_no_other(world: World) -> None:
    world.poison = {2}
    world.publish(1, 2, 3)
    world.publish(1, stream="order-2")
    projector = world.member()
    projector.step(0)
    world.publish(4)
    projector.step(0)
    assert world.seen == [1]
    assert sorted(world.entries) == [1, 1]
    assert world.storage.parked_streams() == [
        ParkedStream("order-1", 2, "view notes: ValueError: poison 2", 3)
    ]
    assert projector.counts.parked == 3


@pytest.mark.parametrize(("streams", "halts"), [(PARK_LIMIT, False), (PARK_LIMIT + 1, True)])
def test_a_bad_deploy_halts_instead_of_parking_everything(
    world: World, streams: int, halts: bool
) -> None:
    world.poison = {1}
    for number in range(streams):
        world.publish(1, stream=f"order-{number}")
    projector = world.member()
    if halts:
        with pytest.raises(Corrupt, match="poisoned at once"):
            projector.step(0)
        assert (world.position, world.storage.parked_streams()) == (0, [])
    else:
        projector.step(0)
        assert len(world.storage.parked_streams()) == streams


def test_data_that_cannot_be_opened_park_their_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(wire_type: str, data: dict[str, int]) -> tuple[str, dict[str, int]]:
        if data["number"] == 2:
            raise KeyError("field")
        return wire_type, data

    with monkeypatch.context() as patched:
        patched.setattr("events.envelope.upcast", broken)
        world.publish(1, 2, 3)
        world.member().step(0)
        assert world.seen == [1]
        assert world.storage.parked_streams()[0].version == 2
        assert "KeyError" in world.storage.parked_streams()[0].reason
    assert parking.retry(world.storage, "order-1") == 2
    assert world.seen == [1, 2, 3]


def test_a_record_that_no_relay_wrote_is_left_out_and_counted(world: World) -> None:
    world.publish(1)
    world.publish_raw(b"rubbish")
    world.publish(2)
    projector = world.member()
    projector.step(0)
    assert (world.seen, projector.counts.unreadable, world.position) == ([1, 2], 1, 3)


@pytest.mark.parametrize("apart", [True, False], ids=["in another batch", "in the same batch"])
def test_another_event_at_a_known_place_halts(world: World, apart: bool) -> None:
    """A store was restored from a backup and has given the version away again."""
    world.publish(1)
    if apart:
        world.member().step(0)
    world.log.append(TOPIC, replace(event(key="one"), id="somebody else's"))
    with pytest.raises(Corrupt, match="is now somebody else's"):
        world.member().step(0)


def test_a_log_that_is_shorter_than_what_was_read_halts(world: World) -> None:
    world.publish(1, 2)
    world.member().step(0)
    world.log.records[world.partition].pop()
    with pytest.raises(Corrupt, match="outside"):
        world.member()


def test_records_of_another_position_are_not_taken(world: World) -> None:
    """Something was fetched before a seek and comes after it."""
    world.publish(1, 2, 3)
    projector = world.member()
    projector.consumer.seek({world.partition: 2})
    assert projector.step(0) == 0
    assert projector.step(0) == 3
    assert world.seen == [1, 2, 3]


# --- the next poll, taken while the transaction is on its way


def test_what_is_taken_ahead_is_applied_by_the_next_step(world: World) -> None:
    world.publish(1, 2, 3, 4, 5)
    projector = world.member(batch=2, much=1)
    assert projector.step(0) == 2
    assert (world.seen, world.position, projector.at_end()) == ([1, 2], 2, False)
    assert [projector.step(0) for _ in range(3)] == [2, 1, 0]
    assert (world.seen, world.position, projector.at_end()) == ([1, 2, 3, 4, 5], 5, True)


def test_what_was_taken_ahead_is_forgotten_with_the_transaction(world: World) -> None:
    """The other member has applied more than this one: both polls were in vain."""
    world.publish(1, 2, 3, 4, 5, 6)
    zombie, other = world.member(batch=2, much=1), world.member(batch=5)
    other.step(0)
    assert zombie.step(0) == 0
    assert zombie.step(0) == 1
    assert world.seen == [1, 2, 3, 4, 5, 6]
    assert zombie.counts.applied == 1


def test_a_limit_set_meanwhile_holds_for_what_was_taken_ahead(world: World) -> None:
    world.publish(1, 2, 3, 4, 5)
    projector = world.member(batch=2, much=1)
    projector.step(0)
    projector.limits = {world.partition: 3}
    projector.step(0)
    projector.step(0)
    assert (world.seen, dict(projector.positions)) == ([1, 2, 3], {world.partition: 3})
    projector.limits = {}
    while projector.step(0):
        """Until nothing is left."""
    assert world.seen == [1, 2, 3, 4, 5]


def test_an_assignment_that_changes_meanwhile_is_taken_next(world: World) -> None:
    world.publish(1, 2, 3, 4)
    projector = world.member(batch=2, much=1)
    taken_ahead = projector.intake.take_ahead

    def reassigned() -> None:
        consumer = projector.consumer
        assert isinstance(consumer, MemoryConsumer)
        consumer.assign([world.partition])
        taken_ahead()
        projector.intake.take_ahead = taken_ahead  # type: ignore[method-assign]

    projector.intake.take_ahead = reassigned  # type: ignore[method-assign]
    assert [projector.step(0) for _ in range(3)] == [2, 0, 2]
    assert (world.seen, projector.counts.rejoins) == ([1, 2, 3, 4], 2)


def test_a_poll_that_fails_ahead_fails_the_next_step(world: World) -> None:
    """The transaction beside it counts all the same."""
    world.publish(1, 2, 3)
    projector = world.member(batch=2, much=1)
    polls = [projector.consumer.poll]

    def once(timeout_seconds: float) -> Polled:
        projector.consumer.poll = broken  # type: ignore[method-assign]
        return polls[0](timeout_seconds)

    def broken(_: float) -> Polled:
        projector.consumer.poll = polls[0]  # type: ignore[method-assign]
        raise Transient("no broker")

    projector.consumer.poll = once  # type: ignore[method-assign]
    assert projector.step(0) == 2
    with pytest.raises(Transient):
        projector.step(0)
    assert projector.step(0) == 1
    assert world.seen == [1, 2, 3]
