"""The projection's storage: a batch happens wholly or not at all, and only to its owner."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from events.errors import Corrupt, Fenced
from events.projection.unit import Move, ProjectionStorage, Unit
from tests.conformance.making import event
from tests.conformance.storing import (
    IDS,
    NORTH,
    ORDERS,
    SOUTH,
    documents,
    present,
    started,
    three,
)


class Interrupted(Exception):
    """The work ends in its middle."""


# --- checkpoints


def test_a_new_partition_begins_at_zero(storage: ProjectionStorage) -> None:
    assert storage.positions(IDS) == {NORTH: 0, SOUTH: 0}
    assert storage.positions({}) == {}


def test_a_moved_checkpoint_stays_where_it_is(storage: ProjectionStorage) -> None:
    started(storage).run(lambda unit: unit.advance([Move(NORTH, 0, 7)]))
    assert storage.positions(IDS) == {NORTH: 7, SOUTH: 0}


@pytest.mark.parametrize("before", [0, 6, 8])
def test_a_checkpoint_that_somebody_else_moved_is_fenced(
    storage: ProjectionStorage, before: int
) -> None:
    started(storage).run(lambda unit: unit.advance([Move(NORTH, 0, 7)]))
    with pytest.raises(Fenced):
        storage.run(lambda unit: unit.advance([Move(SOUTH, 0, 1), Move(NORTH, before, 9)]))
    assert storage.positions(IDS) == {NORTH: 7, SOUTH: 0}


def test_a_recreated_topic_is_corrupt(storage: ProjectionStorage) -> None:
    started(storage)
    with pytest.raises(Corrupt, match="not the topic"):
        storage.positions({NORTH: "topic-2"})


def test_of_racing_members_one_moves_a_checkpoint(storage: ProjectionStorage) -> None:
    started(storage)
    line = Barrier(4)

    def race(number: int) -> bool:
        def work(unit: Unit) -> None:
            unit.advance([Move(NORTH, 0, 1)])
            unit.insert_entries([event(f"order-{number}")])

        line.wait()
        try:
            storage.run(work)
        except Fenced:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(race, range(4)))
    assert sum(outcomes) == 1
    assert len(present(storage, *(event(f"order-{n}") for n in range(4)))) == 1


# --- one unit of work


def everything(unit: Unit) -> None:
    unit.advance([Move(NORTH, 0, 5)])
    unit.insert_entries([event(version=1)])
    unit.write(ORDERS, [{"_id": "order-1", "total": 1}])
    unit.park([event("order-2", 1)], {"order-2": "broken"})
    unit.skip(event("order-3", 1), "not needed")


def up_to(number: int) -> Callable[[Unit], None]:
    """The work until its n-th act, which is the last one."""

    def work(unit: Unit) -> None:
        everything(Counting(unit, number))

    return work


class Counting:
    """Passes acts on to a unit and interrupts after the n-th."""

    def __init__(self, unit: Unit, left: int) -> None:
        self._unit = unit
        self._left = left

    def __getattr__(self, name: str) -> Any:
        def act(*args: Any) -> None:
            getattr(self._unit, name)(*args)
            self._left -= 1
            if self._left == 0:
                raise Interrupted

        return act


@pytest.mark.parametrize("acts", [1, 2, 3, 4, 5])
def test_interrupted_work_leaves_nothing(storage: ProjectionStorage, acts: int) -> None:
    started(storage)
    with pytest.raises(Interrupted):
        storage.run(up_to(acts))
    assert storage.positions(IDS)[NORTH] == 0
    assert present(storage, event(), event("order-3", 1)) == set()
    assert documents(storage, "order-1") == {}
    assert storage.parked_streams() == []
    storage.run(everything)
    assert storage.positions(IDS)[NORTH] == 5


def test_what_the_work_returns_is_returned(storage: ProjectionStorage) -> None:
    assert storage.run(lambda unit: 42) == 42


def test_a_unit_sees_its_own_writes(storage: ProjectionStorage) -> None:
    def work(unit: Unit) -> None:
        everything(unit)
        assert set(unit.present([event().entry])) == {event().entry}
        assert unit.documents(ORDERS, ["order-1"])["order-1"]["total"] == 1
        assert set(unit.parked([event("order-2", 1).entry])) == {event("order-2", 1).entry}

    started(storage).run(work)


# --- timeline and views


def test_entries_are_found_with_the_ids_of_their_events(storage: ProjectionStorage) -> None:
    one, two, three_ = three()
    storage.run(lambda unit: unit.insert_entries([one, two]))
    assert present(storage, one, two, three_) == {one.entry, two.entry}
    ids = storage.run(lambda unit: dict(unit.event_ids([one.entry, three_.entry])))
    assert ids == {one.entry: one.id}


def test_the_same_entry_is_not_inserted_twice(storage: ProjectionStorage) -> None:
    storage.run(lambda unit: unit.insert_entries([event()]))
    with pytest.raises(Exception, match=r"order-1@0000000001"):
        storage.run(lambda unit: unit.insert_entries([event()]))


def test_nothing_may_be_asked_for_and_written(storage: ProjectionStorage) -> None:
    def work(unit: Unit) -> None:
        unit.insert_entries([])
        unit.write(ORDERS, [])
        unit.park([], {})
        assert not unit.present([])
        assert not unit.event_ids([])
        assert not unit.documents(ORDERS, [])

    storage.run(work)


def test_documents_come_back_as_they_were_written(storage: ProjectionStorage) -> None:
    document = {
        "_id": "order-1",
        "total": Decimal("1234567890.10"),
        "rate": Decimal("0.1"),
        "lines": [{"price": Decimal("-0.01"), "tags": ["a", None]}],
        "at": event().occurred_at,
        "done": False,
    }
    storage.run(lambda unit: unit.write(ORDERS, [document]))
    found = documents(storage, "order-1", "order-2")
    assert found == {"order-1": document}
    assert str(found["order-1"]["total"]) == "1234567890.10"


def test_writing_replaces_the_whole_document(storage: ProjectionStorage) -> None:
    storage.run(lambda unit: unit.write(ORDERS, [{"_id": "order-1", "old": 1}]))
    storage.run(lambda unit: unit.write(ORDERS, [{"_id": "order-1", "new": 2}]))
    assert documents(storage, "order-1") == {"order-1": {"_id": "order-1", "new": 2}}


def test_changing_what_was_read_changes_nothing(storage: ProjectionStorage) -> None:
    storage.run(lambda unit: unit.write(ORDERS, [{"_id": "order-1", "lines": [{"n": 1}]}]))
    documents(storage, "order-1")["order-1"]["lines"][0]["n"] = 2
    assert documents(storage, "order-1")["order-1"]["lines"] == [{"n": 1}]


def test_members_that_write_the_same_document_both_count(storage: ProjectionStorage) -> None:
    """They own different partitions; the document is hot."""
    started(storage)
    line = Barrier(4)

    def count(number: int) -> None:
        def work(unit: Unit) -> None:
            held = unit.documents(ORDERS, ["hot"]).get("hot", {"_id": "hot", "count": 0})
            unit.write(ORDERS, [{**held, "count": held["count"] + 1}])

        line.wait()
        for _ in range(5):
            storage.run(work)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(4)))
    assert documents(storage, "hot")["hot"]["count"] == 20
