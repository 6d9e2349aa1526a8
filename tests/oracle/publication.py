"""From the stores to the topics: everything, in order, nothing else; and the relay's own heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.oracle.evidence import Evidence, Store
from tests.oracle.findings import Finding
from tests.oracle.logs import Record, Spot
from tests.oracle.places import Places
from tests.oracle.seen import Seen, differences


def check_publication(places: Places, evidence: Evidence) -> Iterator[Finding]:
    stored = evidence.stored
    for service, store in evidence.stores.items():
        yield from _whole(service, store)
        yield from _all_published(places.topic(service), store, evidence.published)
        yield from _heads(service, store)
    yield from _only_what_is_stored(evidence.records, stored)
    yield from _in_order(evidence.records)


def _whole(service: str, store: Store) -> Iterator[Finding]:
    """A stream in the store has no holes."""
    for event in store.events.values():
        if event.version > 1 and f"{event.stream}@{event.version - 1:010d}" not in store.events:
            yield Finding("lost", f"{service} store", f"nothing before {event.place}")


def _all_published(topic: str, store: Store, published: dict[str, Seen]) -> Iterator[Finding]:
    for place in store.events.keys() - published.keys():
        yield Finding("lost", topic, place)


def _heads(service: str, store: Store) -> Iterator[Finding]:
    last: dict[str, int] = {}
    for event in store.events.values():
        last[event.stream] = max(event.version, last.get(event.stream, 0))
    for stream in last.keys() | store.heads.keys():
        if last.get(stream, 0) != store.heads.get(stream, 0):
            what = f"{stream} has {last.get(stream, 0)} events, {store.heads.get(stream, 0)} said"
            yield Finding("relay", f"{service} published heads", what)


def _only_what_is_stored(records: Sequence[Record], stored: dict[str, Seen]) -> Iterator[Finding]:
    for record in records:
        at, event = f"{record.spot}@{record.offset}", record.event
        if event is None:
            yield Finding("phantom", at, "a record that is no event")
        elif event.place not in stored:
            yield Finding("phantom", at, f"{event.place} is in no store")
        elif unlike := differences(event, stored[event.place]):
            yield Finding("phantom", at, f"{event.place} was stored with other {', '.join(unlike)}")


def _in_order(records: Sequence[Record]) -> Iterator[Finding]:
    """A reader that takes only what follows on what it has gets every stream whole.

    Repeats are allowed, and so is an event before its predecessor when both come again in order:
    that is how a relay goes back. All of a stream is in one partition.
    """
    reached: dict[str, int] = {}
    highest: dict[str, tuple[int, Record]] = {}
    home: dict[str, Spot] = {}
    for record in records:
        event = record.event
        if event is None:
            continue
        if home.setdefault(event.stream, record.spot) != record.spot:
            what = f"{event.stream} is in {home[event.stream]} as well"
            yield Finding("misordered", f"{record.spot}@{record.offset}", what)
        if event.version == reached.get(event.stream, 0) + 1:
            reached[event.stream] = event.version
        if event.version > highest.get(event.stream, (0, record))[0]:
            highest[event.stream] = event.version, record
    for stream, (version, record) in highest.items():
        if version > reached.get(stream, 0):
            what = f"{stream}@{version} does not come after all before it"
            yield Finding("misordered", f"{record.spot}@{record.offset}", what)
