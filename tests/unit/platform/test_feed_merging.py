"""The merge: whatever way records come in, each goes out once, and in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.platform.feed.merging import Merge, Taken

LANES = ((0, 2, 4), (1, 3, 5))
"""Three topics of two partitions."""

PLACES = range(6)
Log = dict[int, list[Taken]]


def record(place: int, offset: int, timestamp: int) -> Taken:
    return Taken(place, offset, timestamp, "t", b"value")


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Clocks stand still and go back, and offsets have holes, also at the beginning."""
    log: Log = {}
    for place in PLACES:
        steps = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6)), max_size=6))
        offset, records = -1, []
        for step, timestamp in steps:
            offset += step
            records.append(record(place, offset, timestamp))
        log[place] = records
    return log


def ends_of(log: Log, beyond: int = 0) -> dict[int, int]:
    return {place: (log[place][-1].offset + 1 if log[place] else 0) + beyond for place in PLACES}


def expected(log: Log, lane: Sequence[int]) -> list[Taken]:
    """The order by its definition: the least head goes, until none is left."""
    left = {place: list(log[place]) for place in lane}
    out = []
    while any(left.values()):
        heads = [records[0] for records in left.values() if records]
        least = min(heads, key=lambda one: (one.timestamp, one.place, one.offset))
        out.append(left[least.place].pop(0))
    return out


class Polling:
    """Brings a log to a merge bit by bit, and remembers what came out."""

    def __init__(self, log: Log, positions: Mapping[int, int]) -> None:
        self.merge = Merge(LANES, positions)
        self.log = {
            place: [one for one in log[place] if one.offset >= positions[place]] for place in PLACES
        }
        self.brought = dict.fromkeys(PLACES, 0)
        self.out: list[Taken] = []

    def bring(self, place: int, count: int) -> None:
        first = self.brought[place]
        if records := self.log[place][first : first + count]:
            self.merge.add(place, records)
            self.brought[place] += len(records)

    def take(self, count: int) -> None:
        self.out += islice(self.merge.emit(), count)

    def rest(self, ends: Mapping[int, int]) -> None:
        """Everything that is left, and that the offsets behind it hold nothing."""
        for place in PLACES:
            self.bring(place, len(self.log[place]))
            self.merge.passed(place, ends[place])
        self.out += self.merge.emit()

    def of(self, lane: Sequence[int]) -> list[Taken]:
        return [one for one in self.out if one.place in lane]


polls = st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 3), st.integers(0, 4)))


@given(logs(), polls, st.integers(0, 2))
def test_any_polling_gives_the_same_order(
    log: Log, plan: list[tuple[int, int, int]], beyond: int
) -> None:
    polling = Polling(log, dict.fromkeys(PLACES, 0))
    ends = ends_of(log, beyond)
    polling.merge.know_ends(ends)
    for place, brought, taken in plan:
        polling.bring(place, brought)
        polling.take(taken)
    polling.rest(ends)
    for lane in LANES:
        assert polling.of(lane) == expected(log, lane)
    assert polling.merge.finished
    assert (polling.merge.count, polling.merge.size) == (0, 0)


@given(logs(), polls, st.data())
def test_from_every_position_exactly_the_rest_follows(
    log: Log, plan: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    first = Polling(log, dict.fromkeys(PLACES, 0))
    ends = ends_of(log)
    first.merge.know_ends(ends)
    for place, brought, taken in plan:
        first.bring(place, brought)
        first.take(taken)
    # The first subscriber stops here; another one goes on at its position.
    second = Polling(log, {place: first.merge.position(place) for place in PLACES})
    second.merge.know_ends(ends)
    second.rest(ends)
    for lane in LANES:
        assert first.of(lane) + second.of(lane) == expected(log, lane)


@given(logs(), st.data())
def test_a_growing_log_is_read_without_hole_or_double_and_in_order(
    log: Log, data: st.DataObject
) -> None:
    """An order over what is not there yet can't be kept; over what is known it is."""
    polling, ends = Polling(log, dict.fromkeys(PLACES, 0)), dict.fromkeys(PLACES, 0)
    polling.merge.know_ends(ends)
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.sampled_from(PLACES))
        ends[place] = data.draw(st.integers(ends[place], ends_of(log)[place]))
        polling.merge.know_ends(ends)
        polling.bring(data.draw(st.sampled_from(PLACES)), data.draw(st.integers(1, 3)))
        before = len(polling.out)
        polling.take(data.draw(st.integers(0, 4)))
        for number in range(before, len(polling.out)):
            assert_goes_first(polling.out[number], polling.out[:number], log, ends)
    polling.merge.know_ends(ends_of(log))
    polling.rest(ends_of(log))
    for place in PLACES:
        assert [one for one in polling.out if one.place == place] == log[place]


def assert_goes_first(one: Taken, out: Sequence[Taken], log: Log, ends: Mapping[int, int]) -> None:
    """No other head of its lane, before the known ends, would have had to go before it."""
    lane = next(lane for lane in LANES if one.place in lane)
    for place in lane:
        gone = sum(other.place == place for other in out)
        left = [other for other in log[place][gone:] if other.offset < ends[place]]
        if left:
            key = (left[0].timestamp, place, left[0].offset)
            assert (one.timestamp, one.place, one.offset) <= key
    assert one.offset < ends[one.place]


def merge_of(*lanes: Sequence[int]) -> Merge:
    return Merge(lanes, {place: 0 for lane in lanes for place in lane})


def test_nothing_is_certain_before_the_ends_are_known() -> None:
    merge = merge_of((0, 1))
    merge.add(0, [record(0, 0, 1)])
    merge.add(1, [record(1, 0, 1)])
    assert list(merge.emit()) == []
    assert not merge.finished


def test_a_head_waits_for_what_may_be_earlier() -> None:
    merge = merge_of((0, 1))
    merge.know_ends({0: 1, 1: 1})
    merge.add(0, [record(0, 0, 5)])
    assert list(merge.emit()) == []
    assert merge.lacking() == [1]
    merge.add(1, [record(1, 0, 4)])
    assert [one.place for one in merge.emit()] == [1, 0]


def test_one_lane_does_not_wait_for_another() -> None:
    merge = merge_of((0, 2), (1, 3))
    merge.know_ends({0: 1, 2: 0, 1: 1, 3: 1})
    merge.add(0, [record(0, 0, 5)])
    merge.add(1, [record(1, 0, 1)])
    assert [one.place for one in merge.emit()] == [0]
    assert merge.lacking() == [3]


def test_a_hole_at_the_end_keeps_nobody_waiting() -> None:
    merge = merge_of((0, 1))
    merge.know_ends({0: 1, 1: 3})
    merge.add(0, [record(0, 0, 5)])
    merge.passed(1, 3)
    assert [one.place for one in merge.emit()] == [0]
    assert merge.position(1) == 3


@pytest.mark.parametrize("count", range(7))
def test_it_may_be_left_at_any_record(count: int) -> None:
    log = {place: [record(place, n, n) for n in range(3)] for place in (0, 1)}
    merge = merge_of((0, 1))
    merge.know_ends({0: 3, 1: 3})
    for place, records in log.items():
        merge.add(place, records)
    first = list(islice(merge.emit(), count))
    assert len(first) == count
    assert first + list(merge.emit()) == expected({**log}, (0, 1))
