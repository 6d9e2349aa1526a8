"""What a person can do about a parked stream: look, try again, or let an event go by.

Both acts run in the same transaction as the projector's and lock the stream, so they are safe
while the projector runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from events.envelope import Event
from events.errors import NotFound
from events.projection.applying import apply_events
from events.projection.unit import ParkedStream, ProjectionStorage, Unit


def parked_streams(storage: ProjectionStorage) -> Sequence[ParkedStream]:
    """All of them, by name."""
    return storage.parked_streams()


def parked_events(storage: ProjectionStorage, stream: str) -> Sequence[Event]:
    """The waiting events of one stream, in order."""
    return storage.run(lambda unit: unit.parked_events(stream))


def retry(storage: ProjectionStorage, stream: str) -> int:
    """Applies all waiting events in order; returns how many. Raises `PoisonAt` if it still fails.

    Then nothing has changed: the stream stays parked as it was.
    """

    def work(unit: Unit) -> int:
        events = _waiting(unit, stream)
        apply_events(unit, storage.views, events)
        unit.unpark(stream, events)
        return len(events)

    return storage.run(work)


def skip(storage: ProjectionStorage, stream: str, reason: str) -> int:
    """Enters the first waiting event into the timeline only, then applies the others.

    The timeline keeps `skipped` with the reason, so that the gap in the views can be found.
    """

    def work(unit: Unit) -> int:
        first, *others = _waiting(unit, stream)
        unit.skip(first, reason)
        apply_events(unit, storage.views, others)
        unit.unpark(stream, [first, *others])
        return len(others)

    return storage.run(work)


def _waiting(unit: Unit, stream: str) -> Sequence[Event]:
    events = unit.parked_events(stream)
    if not events:
        raise NotFound("parked stream", stream)
    return events
