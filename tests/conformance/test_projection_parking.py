"""Parking in the projection's storage: in order, complete, and safe against the projector."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from events.projection.unit import ParkedStream, ProjectionStorage, Unit
from tests.conformance.making import event
from tests.conformance.storing import parked, present, three


def test_parked_events_wait_in_order_with_the_first_reason(storage: ProjectionStorage) -> None:
    one, two, three_ = three()
    storage.run(lambda unit: unit.park([one, two], {"order-1": "broken"}))
    storage.run(lambda unit: unit.park([three_], {}))
    assert storage.parked_streams() == [ParkedStream("order-1", 1, "broken", 3)]
    assert list(storage.run(lambda unit: unit.parked_events("order-1"))) == [one, two, three_]
    assert parked(storage, one, three_, event(version=4)) == {one.entry, three_.entry}
    assert present(storage, one) == set()


def test_parked_streams_are_sorted_by_name(storage: ProjectionStorage) -> None:
    streams = ("order-2", "order-10", "order-1")
    storage.run(lambda unit: unit.park([event(name, 1) for name in streams], {}))
    assert [one.stream for one in storage.parked_streams()] == ["order-1", "order-10", "order-2"]


def test_unparking_all_ends_the_parking(storage: ProjectionStorage) -> None:
    events = three()
    storage.run(lambda unit: unit.park(events, {"order-1": "broken"}))
    storage.run(lambda unit: unit.unpark("order-1", events))
    assert storage.parked_streams() == []
    assert parked(storage, *events) == set()
    assert not storage.run(lambda unit: unit.parked_events("order-1"))


def test_unparking_some_leaves_the_others(storage: ProjectionStorage) -> None:
    one, two, three_ = three()
    storage.run(lambda unit: unit.park([one, two, three_], {"order-1": "broken"}))
    storage.run(lambda unit: unit.unpark("order-1", [one, two]))
    assert storage.parked_streams() == [ParkedStream("order-1", 3, "broken", 1)]
    assert list(storage.run(lambda unit: unit.parked_events("order-1"))) == [three_]


def test_those_left_may_wait_for_another_reason(storage: ProjectionStorage) -> None:
    one, two, three_ = three()
    storage.run(lambda unit: unit.park([one, two, three_], {"order-1": "broken"}))
    storage.run(lambda unit: unit.unpark("order-1", [one], "broken too"))
    assert storage.parked_streams() == [ParkedStream("order-1", 2, "broken too", 2)]


def test_a_skipped_event_is_in_the_timeline(storage: ProjectionStorage) -> None:
    storage.run(lambda unit: unit.skip(event(), "not needed"))
    assert present(storage, event()) == {event().entry}


def test_parking_more_and_unparking_do_not_miss_each_other(storage: ProjectionStorage) -> None:
    """Whichever comes first: an event is in the timeline or waits, and never neither nor both."""
    one, two = event(version=1), event(version=2)
    storage.run(lambda unit: unit.park([one], {"order-1": "broken"}))
    line = Barrier(2)

    def arrive() -> None:
        def work(unit: Unit) -> None:
            if unit.present([one.entry]):
                unit.insert_entries([two])
            elif unit.parked([one.entry]):
                unit.park([two], {})

        line.wait()
        storage.run(work)

    def retry() -> None:
        def work(unit: Unit) -> None:
            waiting = unit.parked_events("order-1")
            unit.insert_entries(waiting)
            unit.unpark("order-1", waiting)

        line.wait()
        storage.run(work)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(arrive), threads.submit(retry)]:
            done.result()
    assert present(storage, one, two) == {one.entry, two.entry}
    assert storage.parked_streams() == []
