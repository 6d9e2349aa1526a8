"""From the topics to the timelines: each event once, each stream from its first, all alike.

Also the positions: no checkpoint lies beyond the end of its topic.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.oracle.evidence import Evidence, Projection
from tests.oracle.findings import Finding
from tests.oracle.logs import Spot
from tests.oracle.seen import Seen, differences


def check_timelines(evidence: Evidence) -> Iterator[Finding]:
    everything = {**evidence.stored, **evidence.published}
    for service, projection in evidence.projections.items():
        for version, entries in projection.timelines.items():
            where = f"{service} timeline v{version}"
            yield from _complete(where, entries, everything)
            yield from _contiguous(where, entries)
            yield from _true(where, entries, evidence.stored)
        yield from _positions(service, projection, evidence.ends)
    yield from _alike({name: one.live for name, one in evidence.projections.items()})


def _complete(
    where: str, entries: Sequence[Seen], everything: Mapping[str, Seen]
) -> Iterator[Finding]:
    for place in everything.keys() - {entry.place for entry in entries}:
        yield Finding("lost", where, place)


def _contiguous(where: str, entries: Sequence[Seen]) -> Iterator[Finding]:
    """An event whose predecessor is missing was applied too early, or its predecessor never."""
    places = {entry.place for entry in entries}
    for entry in entries:
        if entry.version > 1 and f"{entry.stream}@{entry.version - 1:010d}" not in places:
            yield Finding("misordered", where, f"{entry.place} without the one before it")


def _true(where: str, entries: Sequence[Seen], stored: Mapping[str, Seen]) -> Iterator[Finding]:
    times = Counter(entry.id for entry in entries)
    for event_id, count in times.items():
        if count > 1:
            yield Finding("doubled", where, f"event {event_id} is there {count} times")
    for entry in entries:
        if entry.place not in stored:
            yield Finding("phantom", where, f"{entry.place} is in no store")
        elif unlike := differences(entry, stored[entry.place]):
            yield Finding("phantom", where, f"{entry.place} has other {', '.join(unlike)}")


def _positions(service: str, projection: Projection, ends: Mapping[Spot, int]) -> Iterator[Finding]:
    known = {str(spot): end for spot, end in ends.items()}
    claimed = [
        *(
            (f"{service} {id}", id.split("/", 1)[1], at)
            for id, at in projection.checkpoints.items()
        ),
        *((f"{service} reactions {id}", id, at) for id, at in projection.reacting.items()),
    ]
    for where, spot, at in claimed:
        if not 0 <= at <= known.get(spot, 0):
            yield Finding("checkpoint", where, f"{at}, but the log ends at {known.get(spot, 0)}")
    for topic, ids in projection.topic_ids.items():
        if len(ids) > 1:
            yield Finding("checkpoint", f"{service} {topic}", "checkpoints of two topics")


def _alike(timelines: Mapping[str, Sequence[Seen]]) -> Iterator[Finding]:
    digests = {service: _digests(entries) for service, entries in timelines.items()}
    customers = {customer for told in digests.values() for customer in told}
    for customer in sorted(customers):
        if len({told.get(customer, "") for told in digests.values()}) > 1:
            yield Finding("diverging", "timelines", f"of customer {customer}")


def _digests(entries: Sequence[Seen]) -> dict[str, str]:
    """A fingerprint of each customer's timeline, in the documented order."""
    totals: dict[str, hashlib._Hash] = {}
    order = sorted(entries, key=lambda entry: (entry.occurred, entry.place))
    for entry in order:
        if entry.customer is not None:
            total = totals.setdefault(entry.customer, hashlib.sha256())
            total.update(f"{entry.place} {entry.id}\n".encode())
    return {customer: total.hexdigest() for customer, total in totals.items()}
