"""Several partitions as one sequence, in the order in which their records were published.

Pure: records are brought to it, the ends of the log are told to it, and it hands out what is
certain. Within a lane (the partitions that hold the same customers) the head with the earliest
time goes first, then that of the earlier topic; a partition's own order is never touched. A head
is handed out only when every partition of its lane shows its head too, or is known to have
nothing more before its end. So whatever way the records came in, they go out in the same order.

Between lanes no order is promised; among those that can go on the earliest goes first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

Head = tuple[int, int, int]
"""Time, place, offset: what the order is made of."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One record: when it was published (milliseconds), its type as a header, and its bytes."""

    place: int
    offset: int
    timestamp: int
    type: str
    value: bytes


class Merge:
    """`lanes` are places; `positions` the next offset of each of them."""

    def __init__(self, lanes: Sequence[Sequence[int]], positions: Mapping[int, int]) -> None:
        self._lanes = [tuple(lane) for lane in lanes]
        self._held: dict[int, deque[Taken]] = {place: deque() for place in positions}
        self._next = dict(positions)
        self._ends: dict[int, int] = {}
        self.count = 0
        self.size = 0

    @property
    def places(self) -> Iterable[int]:
        return self._held.keys()

    def know_ends(self, ends: Mapping[int, int]) -> None:
        """The log as it is now; what lies beyond is kept for the next time it is told."""
        self._ends.update(ends)

    def add(self, place: int, records: Sequence[Taken]) -> None:
        """The next records of a place, which follow one another, with holes or without."""
        self._held[place].extend(records)
        self._next[place] = records[-1].offset + 1
        self.count += len(records)
        self.size += sum(len(record.value) for record in records)

    def passed(self, place: int, offset: int) -> None:
        """There is nothing before this offset that was not added: the log has holes."""
        self._next[place] = max(self._next[place], offset)

    def held(self, place: int) -> int:
        return len(self._held[place])

    def lacking(self) -> list[int]:
        """The places whose head is not known, and that the others have to wait for."""
        return [place for place in self._held if not self._held[place] and not self._done(place)]

    @property
    def finished(self) -> bool:
        """Whether all that lies before the ends has been handed out."""
        return all(self._done(place) for place in self._held)

    def position(self, place: int) -> int:
        """The next offset that has not been handed out."""
        held = self._held[place]
        return held[0].offset if held else self._next[place]

    def emit(self) -> Iterator[Taken]:
        """All that is certain now. May be left at any time: what was handed out is out."""
        lanes = [heads for lane in self._lanes if (heads := self._heads(lane))]
        heapify(lanes)
        while lanes:
            heads = lanes[0]
            place = heads[0][1]
            record = self._pop(place)
            if (head := self._head(place)) is not None:
                heapreplace(heads, head)
            elif self._done(place):
                heappop(heads)
            else:
                heads = []
            if heads:
                heapreplace(lanes, heads)
            else:
                heappop(lanes)
            yield record

    def _pop(self, place: int) -> Taken:
        record = self._held[place].popleft()
        self.count -= 1
        self.size -= len(record.value)
        return record

    def _heads(self, lane: Sequence[int]) -> list[Head]:
        """A heap of a lane's heads; none while one of them is not known."""
        heads = []
        for place in lane:
            if (head := self._head(place)) is not None:
                heads.append(head)
            elif not self._done(place):
                return []
        heapify(heads)
        return heads

    def _head(self, place: int) -> Head | None:
        held = self._held[place]
        if not held or held[0].offset >= self._ends.get(place, 0):
            return None
        return held[0].timestamp, place, held[0].offset

    def _done(self, place: int) -> bool:
        """Whether everything before the end has been handed out; never before the end is known."""
        end = self._ends.get(place)
        return end is not None and self.position(place) >= end
