"""The relay's one rule: whatever fails, go back, and save nothing before it is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from events import crashing
from events.envelope import Event, decode
from events.errors import Transient
from events.log.memory import MemoryLog, MemoryProducer
from events.relay import relay as relaying
from events.relay.memory import MemoryFeed, MemoryLease, MemoryRelayBook, Oplog, Tenure
from events.relay.port import Token
from events.relay.relay import Relay
from events.store.memory import MemoryEventStore
from tests.conformance.making import commit

TOPIC = "crm.sales.events"


class Died(Exception):
    """Instead of the process."""


def die() -> None:
    raise Died


class World:
    """One service's store and topic; `fault` acts before each send."""

    def __init__(self) -> None:
        self.store = MemoryEventStore("sales")
        self.oplog, self.book, self.tenure = Oplog(), MemoryRelayBook(), Tenure()
        self.log = MemoryLog([TOPIC], partitions=1)
        self.clock = 0.0
        self.feed_batch = 1000
        self.producers = 0
        self.fault: Callable[[Sequence[Event]], None] = lambda _: None

    def relay(self, owner: str = "one") -> Relay:
        def producer() -> MemoryProducer:
            self.producers += 1
            return MemoryProducer(self.log, TOPIC, lambda events: self.fault(events))

        feed = MemoryFeed(self.store, self.oplog, self.feed_batch)
        lease = MemoryLease(self.tenure, owner, lambda: self.clock)
        return Relay(feed, self.book, lease, producer, now=lambda: self.clock)

    def commit(self, *versions: int, stream: str = "order-1") -> None:
        for version in versions:
            self.store.append(commit(stream, version))

    @property
    def published(self) -> list[int]:
        records = next(iter(self.log.records.values()))
        return [decode(record.value).version for record in records]

    def lose_after(self, count: int) -> None:
        """The next send writes so many of its events and fails."""

        def fault(events: Sequence[Event]) -> None:
            self.fault = lambda _: None
            for event in events[:count]:
                self.log.append(TOPIC, event)
            raise Transient("not acknowledged")

        self.fault = fault


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def _saving_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(relaying, "SAVE_SECONDS", 0)
    yield
    crashing.arm("")


def test_what_was_there_before_the_first_start_is_published(world: World) -> None:
    world.commit(1, 2)
    relay = world.relay()
    relay.step(0)
    world.commit(3)
    assert relay.step(0) == 1
    assert world.published == [1, 2, 3]
    assert relay.leading


def test_a_quiet_service_has_a_token_too(world: World) -> None:
    """A new one now and then, so that the oldest is never older than the oplog."""
    relay = world.relay()
    relay.step(0)
    saved: list[object] = []
    real = world.book.save

    def save(heads: Mapping[str, int], token: Token | None, fence: int) -> None:
        saved.append(token)
        real(heads, token, fence)

    world.book.save = save  # type: ignore[method-assign]
    for _ in range(40):
        world.clock += 1
        assert relay.step(0) == 0
    assert saved
    assert len(saved) < 10
    assert world.book.token() == {"generation": 1, "next": 0}


def test_a_successor_goes_on_where_the_token_is(world: World) -> None:
    first = world.relay()
    world.commit(1)
    first.step(0)
    first.step(0)
    first.close()
    world.commit(2)
    assert world.relay("two").step(0) == 1
    assert world.published == [1, 2]


@pytest.mark.parametrize("written", [0, 1, 3])
def test_a_failed_send_goes_back_with_a_new_producer(world: World, written: int) -> None:
    relay = world.relay()
    relay.step(0)
    world.commit(1, 2, 3)
    world.lose_after(written)
    with pytest.raises(Transient):
        relay.step(0)
    assert not relay.leading
    assert world.book.heads(["order-1"]) == {}
    producers = world.producers
    relay.step(0)
    assert world.published == [*range(1, written + 1), 1, 2, 3]
    assert world.producers == producers + 1
    assert relay.counts.restarts == 1


@pytest.mark.parametrize("point", ["relay.after_send", "relay.after_checkpoint"])
def test_a_crash_sends_again_what_was_not_saved(world: World, point: str) -> None:
    world.relay().step(0)
    world.commit(1, 2)
    crashing.arm(point, die)
    with pytest.raises(Died):
        world.relay().step(0)
    world.commit(3)
    successor = world.relay()
    while successor.step(0):
        """Until nothing is left."""
    again = [1, 2] if point == "relay.after_send" else []
    assert world.published == [1, 2, *again, 3]


def test_a_lost_token_is_made_good_by_a_scan(world: World) -> None:
    relay = world.relay()
    relay.step(0)
    world.commit(1, 2)
    relay.step(0)
    world.commit(3)
    world.commit(1, stream="order-2")
    world.oplog.roll_over()
    relay.step(0)
    assert relay.counts.recoveries == 2
    world.commit(4)
    relay.step(0)
    assert world.published == [1, 2, 3, 1, 4]


def test_what_is_committed_while_it_scans_is_not_lost(world: World) -> None:
    world.commit(1)
    real, relay = world.log.append, world.relay()

    def append(topic: str, event: Event) -> None:
        real(topic, event)
        if len(world.published) == 1:
            world.commit(1, stream="a-1")

    world.log.append = append  # type: ignore[method-assign]
    relay.step(0)
    relay.step(0)
    assert len(world.published) == 2


def test_only_the_leader_publishes(world: World) -> None:
    leader, standby = world.relay("one"), world.relay("two")
    leader.step(0)
    world.commit(1)
    assert standby.step(0) == 0
    assert not standby.leading
    assert leader.step(0) == 1


def test_a_standby_waits_as_long_as_it_may(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would ask the database for the lease without pause."""
    waits: list[float] = []
    monkeypatch.setattr("events.relay.relay.time.sleep", waits.append)
    world.relay("one").step(0.25)
    world.relay("two").step(0.25)
    assert waits == [0.25]


def test_a_zombie_can_repeat_but_not_move_the_token(world: World) -> None:
    zombie = world.relay("one")
    zombie.step(0)
    world.commit(1, 2)

    def taken_over(_: Sequence[Event]) -> None:
        world.fault = lambda _: None
        world.clock += 60
        successor = world.relay("two")
        successor.step(0)
        world.commit(3)
        successor.step(0)

    world.fault = taken_over
    zombie.step(0)
    token = world.book.token()
    assert world.published == [1, 2, 3, 1, 2]
    assert not zombie.leading
    assert zombie.step(0) == 0
    assert world.book.token() == token
    assert world.book.heads(["order-1"]) == {"order-1": 3}


def test_a_fenced_relay_asks_for_the_lease_anew(world: World) -> None:
    """Else it would publish the same again and again until its lease is due."""
    relay = world.relay()
    relay.step(0)
    world.book.save({}, world.book.token(), 99)
    world.commit(1)
    relay.step(0)
    assert not relay.leading
    assert world.tenure.owner is None


def test_large_backlogs_go_out_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "BATCH_EVENTS", 2)
    sizes: list[int] = []
    world.relay().step(0)
    for first in (1, 2, 5, 6):
        world.store.append(commit("order-1", first, count=3 if first == 2 else 1))
    world.fault = lambda events: sizes.append(len(events))
    relay = world.relay()
    relay.step(0)
    assert world.published == [1, 2, 3, 4, 5, 6]
    assert sizes == [4, 2]


def test_republishing_sends_what_the_heads_lack(world: World) -> None:
    relay = world.relay()
    relay.step(0)
    world.commit(1, 2)
    relay.step(0)
    world.commit(1, stream="order-2")
    assert relay.republish(world.store.commits, fence=1) == 1
    assert relay.republish(world.store.commits, fence=1) == 0


def test_saving_lags_and_catches_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write for each small batch would keep the next one waiting."""
    monkeypatch.setattr(relaying, "SAVE_SECONDS", 10)
    relay = world.relay()
    relay.step(0)
    token = world.book.token()
    for version in (1, 2):
        world.commit(version)
        relay.step(0)
        world.clock += 1
    assert world.book.heads(["order-1"]) == {}
    assert world.book.token() == token
    world.clock += 10
    relay.step(0)
    assert world.book.heads(["order-1"]) == {"order-1": 2}
    assert world.book.token() == {"generation": 1, "next": 2}


def test_what_is_unsaved_is_saved_when_it_closes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "SAVE_SECONDS", 10)
    first = world.relay("one")
    first.step(0)
    world.commit(1)
    first.step(0)
    first.close()
    world.relay("two").step(0)
    assert world.published == [1]


def test_it_closes_also_when_nothing_can_be_saved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "SAVE_SECONDS", 10)
    relay = world.relay()
    relay.step(0)
    world.commit(1)
    relay.step(0)

    def away(*_: object) -> None:
        raise Transient("the database is away")

    monkeypatch.setattr(world.book, "save", away)
    relay.close()
    assert not relay.leading
    assert world.tenure.owner is None


def test_the_next_batch_is_sent_before_the_last_one_has_arrived(world: World) -> None:
    """And none of the two is saved when the first one fails."""
    world.feed_batch = 1
    world.relay().step(0)
    world.commit(1, 2, 3)
    relay, token = world.relay(), world.book.token()
    world.lose_after(0)
    with pytest.raises(Transient):
        relay.step(0)
    assert world.published == [2]
    assert world.book.heads(["order-1"]) == {}
    assert world.book.token() == token
    relay.step(0)
    assert world.published == [2, 1, 2, 3]


def test_a_token_lost_in_the_middle_forgets_what_was_on_its_way(world: World) -> None:
    world.feed_batch = 1
    relay = world.relay()
    relay.step(0)
    world.commit(1, 2)

    def fault(_: Sequence[Event]) -> None:
        world.fault = lambda _: None
        world.oplog.roll_over()
        raise Transient("not acknowledged")

    world.fault = fault
    relay.step(0)
    assert world.published == [1, 2]
    assert world.book.heads(["order-1"]) == {"order-1": 2}
