"""A projection's storage in memory: transactions by copying, crashes by raising in between."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from events.envelope import Event
from events.errors import Corrupt, Fenced
from events.log.port import Partition
from events.projection.timeline import entry_of
from events.projection.unit import Move, ParkedStream, Unit
from events.projection.view import Document, View

R = TypeVar("R")


class _State:
    def __init__(self) -> None:
        self.checkpoints: dict[Partition, int] = {}
        self.topic_ids: dict[str, str] = {}
        self.entries: dict[str, Document] = {}
        self.documents: dict[str, dict[str, Document]] = {}
        self.waiting: dict[str, list[Event]] = {}
        self.reasons: dict[str, str] = {}


class MemoryProjection:
    """See `ProjectionStorage`. Shared by the projectors of a simulation, zombies among them."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = tuple(views)
        self.state = _State()

    def positions(self, ids: Mapping[Partition, str]) -> Mapping[Partition, int]:
        for partition, topic_id in ids.items():
            if self.state.topic_ids.setdefault(partition.topic, topic_id) != topic_id:
                raise Corrupt(f"{partition.topic} is not the topic that was read before")
        return {at: self.state.checkpoints.setdefault(at, 0) for at in ids}

    def run(self, work: Callable[[Unit], R]) -> R:
        draft = copy.deepcopy(self.state)
        result = work(MemoryUnit(draft))
        self.state = draft
        return result

    def parked_streams(self) -> Sequence[ParkedStream]:
        return [
            ParkedStream(stream, events[0].version, self.state.reasons[stream], len(events))
            for stream, events in self.state.waiting.items()
        ]


class MemoryUnit:
    """Works on a draft that replaces the state when the work ends well."""

    def __init__(self, draft: _State) -> None:
        self._draft = draft

    def advance(self, moves: Sequence[Move]) -> None:
        for move in moves:
            if self._draft.checkpoints.get(move.partition, 0) != move.before:
                raise Fenced(f"{move.partition} was moved by somebody else")
            self._draft.checkpoints[move.partition] = move.after

    def present(self, entries: Sequence[str]) -> Collection[str]:
        return {entry for entry in entries if entry in self._draft.entries}

    def event_ids(self, entries: Sequence[str]) -> Mapping[str, str]:
        found = self._draft.entries
        return {entry: found[entry]["event_id"] for entry in entries if entry in found}

    def parked(self, entries: Sequence[str]) -> Collection[str]:
        waiting = {e.entry for events in self._draft.waiting.values() for e in events}
        return waiting.intersection(entries)

    def documents(self, view: View, keys: Collection[str]) -> Mapping[str, Document]:
        held = self._draft.documents.get(view.name, {})
        return {key: copy.deepcopy(held[key]) for key in keys if key in held}

    def insert_entries(self, events: Sequence[Event]) -> None:
        for event in events:
            self._insert(event, entry_of(event))

    def write(self, view: View, documents: Sequence[Document]) -> None:
        held = self._draft.documents.setdefault(view.name, {})
        held.update((document["_id"], document) for document in documents)

    def park(self, events: Sequence[Event], reasons: Mapping[str, str]) -> None:
        for event in events:
            self._draft.waiting.setdefault(event.stream, []).append(event)
            self._draft.reasons.setdefault(event.stream, reasons.get(event.stream, ""))

    def parked_events(self, stream: str) -> Sequence[Event]:
        return sorted(self._draft.waiting.get(stream, ()), key=lambda event: event.version)

    def unpark(self, stream: str, events: Iterable[Event]) -> None:
        gone = {event.entry for event in events}
        left = [e for e in self._draft.waiting.get(stream, ()) if e.entry not in gone]
        if left:
            self._draft.waiting[stream] = left
        else:
            self._draft.waiting.pop(stream, None)
            self._draft.reasons.pop(stream, None)

    def skip(self, event: Event, reason: str) -> None:
        self._insert(event, {**entry_of(event), "skipped": reason})

    def _insert(self, event: Event, entry: Document) -> None:
        if event.entry in self._draft.entries:
            raise Corrupt(f"{event.entry} is in the timeline already")
        self._draft.entries[event.entry] = entry
