"""Causes and effects, looked up in the timeline: each step of a walk is a handful of queries.

Effects are found as candidates by what they name, then judged by the same rules as causes: so
they are the exact inverse. Called by the API of events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pymongo import IndexModel

from events.mongodb import Readable
from events.types import VERSION_DIGITS, StreamId, entry_id
from services.analytics.domain.causes import (
    DATA,
    ENVELOPE,
    REFERENCES,
    Happening,
    Link,
    happening,
)

INDEXES = (
    IndexModel([("event_id", 1)], name="event_id"),
    IndexModel([("correlation_id", 1), ("at", 1), ("_id", 1)], name="correlation"),
    IndexModel(
        [("$**", 1)],
        name="causes",
        wildcardProjection={"causation_id": 1, **dict.fromkeys(DATA, 1)},
    ),
)
"""What analytics' timeline has more than the others': an entry by its event's id, by what it
belongs to, and by everything in which it can name another. The last holds only what is there.
"""

MAX_TIME_MS = 2_000
MOST_READ = 2_000
"""Entries of one query: more can't be shown anyway. The answer says that it was cut."""

Pair = tuple[Link, Happening]


class Causes:
    """One question's reading. `cut`: some query had more than was read."""

    def __init__(self, timeline: Readable) -> None:
        self._timeline = timeline
        self.cut = False

    def event(self, id: str) -> Happening | None:
        return next(iter(self._find({"event_id": id})), None)

    def causes(self, events: Sequence[Happening]) -> list[Pair]:
        """The direct causes of these, in the order of the rules."""
        wanted = {id for event in events for _, id in event.named}
        named = self._find({"event_id": {"$in": sorted(wanted)}}) if wanted else []
        before = [entry_id(one.stream, one.version - 1) for one in events if not one.strand]
        known = [*self._find({"_id": {"$in": before}}), *self._strands(events)]
        links = self._links(events, {one.id: one for one in named}, known)
        return [(link, cause) for link, cause, _ in links]

    def effects(self, events: Sequence[Happening]) -> list[Pair]:
        """The events of which these are direct causes, oldest first."""
        strands = self._strands(events)
        found = {one.id: one for one in [*strands, *self._candidates(events)]}
        candidates = sorted(found.values(), key=lambda one: (one.at, one.entry))
        causes = {one.id: one for one in events}
        links = self._links(candidates, causes, [*events, *strands], _streams(events))
        return [(link, effect) for link, _, effect in links if link.cause in causes]

    def _candidates(self, events: Sequence[Happening]) -> Iterator[Happening]:
        """Whatever may be an effect of these."""
        ids = [one.id for one in events]
        after = [entry_id(one.stream, one.version + 1) for one in events]
        yield from self._find({"causation_id": {"$in": ids}})
        yield from self._find({"data.decision.cause_event_ids": {"$in": ids}})
        yield from self._find({"_id": {"$in": after}})
        streams = _streams(events)
        for field, aggregate in REFERENCES.items():
            if named := sorted(one.id for one in streams if one.aggregate == aggregate):
                yield from self._find({f"data.{field}": {"$in": named}, "version": 1})

    def _links(
        self,
        events: Iterable[Happening],
        named: Mapping[str, Happening],
        known: Sequence[Happening],
        streams: Container[StreamId] | None = None,
    ) -> Iterator[tuple[Link, Happening, Happening]]:
        """(link, cause, effect) by the four rules, as far as the causes are among these.

        References are looked up, only into `streams` where those are given.
        """
        entries = {one.entry: one for one in known}
        strands = _by_strand(known)
        for event in events:
            causes = [(kind, named.get(id)) for kind, id in event.named]
            causes.append(("stream", _before(event, entries, strands)))
            for stream in event.references:
                if streams is None or stream in streams:
                    causes.append(("reference", self._referred(stream, event)))
            for kind, cause in causes:
                if cause is not None and cause.id != event.id:
                    yield Link(cause.id, event.id, kind), cause, event

    def _referred(self, stream: StreamId, event: Happening) -> Happening | None:
        """The last event of the stream that was recorded no later.

        Where clocks disagree that is none, and yet the stream was there: then its first.
        """
        within = {"_id": {"$gte": entry_id(stream, 1), "$lte": f"{stream}@{'9' * VERSION_DIGITS}"}}
        last = self._one({**within, "recorded_at": {"$lte": event.recorded_at}}, -1)
        return last or self._one(within, 1)

    def _strands(self, events: Sequence[Happening]) -> list[Happening]:
        """The events of shared streams that belong to the same strands as these."""
        ids, streams = defaultdict(set), set()
        for event in events:
            if event.strand:
                field, id = event.strand
                ids[field].add(id)
                streams.add(event.stream)
        return [
            found
            for field, wanted in ids.items()
            for found in self._find(
                {f"data.{field}": {"$in": sorted(wanted)}, "stream": {"$in": sorted(streams)}}
            )
        ]

    def _one(self, query: Mapping[str, Any], direction: int) -> Happening | None:
        found = self._timeline.find_one(
            query, _FIELDS, sort=[("_id", direction)], max_time_ms=MAX_TIME_MS
        )
        return happening(found) if found else None

    def _find(self, query: Mapping[str, Any]) -> list[Happening]:
        found = list(
            self._timeline.find(query, _FIELDS, limit=MOST_READ + 1, max_time_ms=MAX_TIME_MS)
        )
        self.cut = self.cut or len(found) > MOST_READ
        return [happening(one) for one in found[:MOST_READ]]


_FIELDS = [*ENVELOPE, *DATA]


def _streams(events: Iterable[Happening]) -> set[StreamId]:
    return {one.stream for one in events}


Strands = Mapping[tuple[StreamId, tuple[str, str]], Sequence[Happening]]


def _by_strand(events: Iterable[Happening]) -> Strands:
    strands: dict[tuple[StreamId, tuple[str, str]], list[Happening]] = defaultdict(list)
    for event in sorted(set(events), key=lambda one: one.entry):
        if event.strand:
            strands[event.stream, event.strand].append(event)
    return strands


def _before(
    event: Happening, entries: Mapping[str, Happening], strands: Strands
) -> Happening | None:
    """The event that this one follows in its own stream."""
    if event.stands_alone:
        return None
    if event.strand is None:
        return entries.get(entry_id(event.stream, event.version - 1))
    earlier = [one for one in strands[event.stream, event.strand] if one.version < event.version]
    return earlier[-1] if earlier else None
