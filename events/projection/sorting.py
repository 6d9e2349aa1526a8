"""Which events of a batch may be applied: the rule that makes at-least-once into exactly-once.

An event is applied when its predecessor is in the timeline and it is not. Everything else is a
duplicate (a relay sent it again), early (a batch before it was lost; the relay will go back and
send both again), or belongs to a parked stream. Pure, so that it can be tried on every case.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, field

from events.envelope import Event


@dataclass(slots=True)
class Sorted:
    """The verdict on each event of a batch, in the order of the batch."""

    apply: list[Event] = field(default_factory=list)
    duplicates: list[Event] = field(default_factory=list)
    early: list[Event] = field(default_factory=list)
    park: list[Event] = field(default_factory=list)


def sort_out(
    events: Iterable[Event],
    present: Collection[str],
    parked: Collection[str],
    poisoned: Container[str],
) -> Sorted:
    """`present` and `parked` hold the entry ids, of the batch and its predecessors, that exist.

    `poisoned` are the entry ids of events that can't be applied; their successors wait with them.
    """
    verdict = Sorted()
    applied, waiting = set(present), set(parked)
    for event in events:
        entry, before = event.entry, event.predecessor
        if entry in applied or entry in waiting:
            verdict.duplicates.append(event)
        elif before is None or before in applied:
            if entry in poisoned:
                waiting.add(entry)
                verdict.park.append(event)
            else:
                applied.add(entry)
                verdict.apply.append(event)
        elif before in waiting:
            waiting.add(entry)
            verdict.park.append(event)
        else:
            verdict.early.append(event)
    return verdict


def ids_to_look_up(events: Iterable[Event]) -> list[str]:
    """Entries of the batch and the predecessors that are not in it."""
    wanted: dict[str, None] = {}
    for event in events:
        wanted[event.entry] = None
        if event.predecessor:
            wanted[event.predecessor] = None
    return list(wanted)
