"""A projection's storage in memory, with the isolation of the real one.

A transaction reads the state of its beginning. When another one has meanwhile committed a write
to something that this one writes, the work is run again, as MongoDB's driver does after a write
conflict. So a simulation may interleave transactions, and what only locks protect, shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from events.envelope import Event, decode, encode
from events.errors import Corrupt, Fenced
from events.log.port import Partition
from events.projection import timeline
from events.projection.unit import Move, ParkedStream, Unit
from events.projection.view import Document, View

R = TypeVar("R")
Place = tuple[str, Hashable]
"""A collection's name and a document's `_id`."""

_CHECKPOINTS = "checkpoints"
_PARKED = "parked"
_STREAMS = "parked_streams"


class _Cells:
    """What is stored where, with every former value: a transaction reads as of its beginning."""

    def __init__(self) -> None:
        self.revision = 0
        self._history: dict[Place, list[tuple[int, Any]]] = {}

    def get(self, place: Place, revision: int) -> Any:
        """The value as of a revision; None where nothing is."""
        for since, value in reversed(self._history.get(place, ())):
            if since <= revision:
                return value
        return None

    def changed_since(self, place: Place, revision: int) -> bool:
        history = self._history.get(place)
        return history is not None and history[-1][0] > revision

    def commit(self, values: Mapping[Place, Any]) -> None:
        """None as a value removes."""
        self.revision += 1
        for place, value in values.items():
            self._history.setdefault(place, []).append((self.revision, value))

    def all_of(self, collection: str, revision: int) -> dict[Any, Any]:
        """By `_id`, in the order in which they were first written."""
        found = {
            place[1]: self.get(place, revision) for place in self._history if place[0] == collection
        }
        return {key: value for key, value in found.items() if value is not None}


class MemoryProjection:
    """See `ProjectionStorage`. Shared by the projectors of a simulation, zombies among them."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = tuple(views)
        self.skips: dict[str, str] = {}
        self._cells = _Cells()
        self._topic_ids: dict[str, str] = {}

    def positions(self, ids: Mapping[Partition, str]) -> Mapping[Partition, int]:
        for partition, topic_id in ids.items():
            if self._topic_ids.setdefault(partition.topic, topic_id) != topic_id:
                raise Corrupt(f"{partition.topic} is not the topic that was read before")
        now = self._cells.revision
        return {at: self._cells.get((_CHECKPOINTS, at), now) or 0 for at in ids}

    def run(self, work: Callable[[Unit], R]) -> R:
        while True:
            unit = MemoryUnit(self._cells)
            result = work(unit)
            if unit.commit():
                return result

    def parked_streams(self) -> Sequence[ParkedStream]:
        streams = self._cells.all_of(_STREAMS, self._cells.revision)
        return [ParkedStream(stream, *streams[stream]) for stream in sorted(streams)]

    def timeline(self) -> Mapping[str, Document]:
        """Every entry, in the order in which they were applied."""
        return self.collection(timeline.NAME)

    def collection(self, name: str) -> Mapping[str, Document]:
        """Every document of a view by its `_id`."""
        return self._cells.all_of(name, self._cells.revision)


class MemoryUnit:
    """One transaction: reads what was at its beginning and its own writes."""

    def __init__(self, cells: _Cells) -> None:
        self._cells = cells
        self._begun_at = cells.revision
        self._writes: dict[Place, Any] = {}

    def commit(self) -> bool:
        """Whether the writes are now stored; False when somebody else wrote to the same places."""
        if any(self._cells.changed_since(place, self._begun_at) for place in self._writes):
            return False
        if self._writes:
            self._cells.commit(self._writes)
        return True

    def advance(self, moves: Sequence[Move]) -> None:
        for move in moves:
            if (self._get(_CHECKPOINTS, move.partition) or 0) != move.before:
                raise Fenced(f"{move.partition} was moved by somebody else")
            self._writes[_CHECKPOINTS, move.partition] = move.after

    def present(self, entries: Sequence[str]) -> Collection[str]:
        return {entry for entry in entries if self._get(timeline.NAME, entry)}

    def event_ids(self, entries: Sequence[str]) -> Mapping[str, str]:
        found = {entry: self._get(timeline.NAME, entry) for entry in entries}
        return {entry: document["event_id"] for entry, document in found.items() if document}

    def parked(self, entries: Sequence[str]) -> Collection[str]:
        return {entry for entry in entries if self._get(_PARKED, entry)}

    def documents(self, view: View, keys: Collection[str]) -> Mapping[str, Document]:
        found = {key: self._get(view.name, key) for key in keys}
        return {key: _copy(document) for key, document in found.items() if document}

    def insert_entries(self, events: Sequence[Event]) -> None:
        for event in events:
            self._insert(event, timeline.entry_of(event))

    def write(self, view: View, documents: Sequence[Document]) -> None:
        self._writes.update(((view.name, one["_id"]), _copy(one)) for one in documents)

    def check(self, document: Document) -> None:
        """Memory takes everything."""

    def park(self, events: Sequence[Event], reasons: Mapping[str, str]) -> None:
        for event in events:
            first = (event.version, reasons.get(event.stream, ""), 0)
            version, reason, waiting = self._get(_STREAMS, event.stream) or first
            self._writes[_STREAMS, event.stream] = (version, reason, waiting + 1)
            self._writes[_PARKED, event.entry] = event

    def parked_events(self, stream: str) -> Sequence[Event]:
        held = self._get(_STREAMS, stream)
        if held:
            self._writes[_STREAMS, stream] = held
        waiting = sorted(self._waiting(stream), key=lambda event: event.version)
        return [decode(encode(event)) for event in waiting]

    def unpark(self, stream: str, events: Iterable[Event], reason: str = "") -> None:
        self._writes.update(((_PARKED, event.entry), None) for event in events)
        left = self._waiting(stream)
        _, former, _ = self._get(_STREAMS, stream) or (0, "", 0)
        first = min((event.version for event in left), default=0)
        self._writes[_STREAMS, stream] = (first, reason or former, len(left)) if left else None

    def skip(self, event: Event, reason: str) -> None:
        self._insert(event, {**timeline.entry_of(event), "skipped": reason})

    def _get(self, collection: str, key: Hashable) -> Any:
        place = (collection, key)
        if place in self._writes:
            return self._writes[place]
        return self._cells.get(place, self._begun_at)

    def _waiting(self, stream: str) -> list[Event]:
        stored = self._cells.all_of(_PARKED, self._begun_at)
        written = {key: one for (name, key), one in self._writes.items() if name == _PARKED}
        return [one for one in {**stored, **written}.values() if one and one.stream == stream]

    def _insert(self, event: Event, entry: Document) -> None:
        if self._get(timeline.NAME, event.entry):
            raise Corrupt(f"{event.entry} is in the timeline already")
        self._writes[timeline.NAME, event.entry] = entry


def _copy(value: Any) -> Any:
    """Faster than `copy.deepcopy`: documents are made of dictionaries, lists and constants."""
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_copy(one) for one in value]
    return value
