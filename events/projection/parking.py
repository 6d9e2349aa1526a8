"""What a person can do about a parked stream: look, try again, or let an event go by.

Both acts run in the same transaction as the projector's and lock the stream, so they are safe
while the projector runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from events.envelope import Event
from events.errors import NotFound
from events.projection.applying import apply_events
from events.projection.unit import ParkedStream, ProjectionStorage, Unit
from events.projection.view import PoisonAt, View


def parked_streams(storage: ProjectionStorage) -> Sequence[ParkedStream]:
    """All of them, by name."""
    return storage.parked_streams()


def parked_events(storage: ProjectionStorage, stream: str) -> Sequence[Event]:
    """The waiting events of one stream, in order."""
    return storage.run(lambda unit: unit.parked_events(stream))


def retry(storage: ProjectionStorage, stream: str) -> int:
    """Applies the waiting events in order, up to one that still fails; returns how many.

    Raises `PoisonAt` when the first one still fails. Then nothing has changed.
    """
    return _go_on(storage, stream, None)


def skip(storage: ProjectionStorage, stream: str, reason: str) -> int:
    """Enters the first waiting event into the timeline only, then goes on as `retry` does.

    The timeline keeps `skipped` with the reason, so that the gap in the views can be found.
    When a later event can't be applied either, the stream stays parked from there on.
    """
    return _go_on(storage, stream, reason)


def _go_on(storage: ProjectionStorage, stream: str, skipped: str | None) -> int:
    poison: PoisonAt | None = None
    while True:
        try:
            return storage.run(partial(_work, storage.views, stream, skipped, poison))
        except PoisonAt as found:
            if found is poison:
                raise
            poison = found


def _work(
    views: Sequence[View], stream: str, skipped: str | None, poison: PoisonAt | None, unit: Unit
) -> int:
    """Applies what waits before the poison that an earlier attempt has found."""
    waiting = list(_waiting(unit, stream))
    first = [] if skipped is None else [waiting.pop(0)]
    good = [one for one in waiting if poison is None or one.version < poison.event.version]
    if poison and not first and not good:
        raise poison
    for event in first:
        unit.skip(event, skipped or "")
    apply_events(unit, views, good)
    unit.unpark(stream, [*first, *good], poison.reason if poison else "")
    return len(good)


def _waiting(unit: Unit, stream: str) -> Sequence[Event]:
    events = unit.parked_events(stream)
    if not events:
        raise NotFound("parked stream", stream)
    return events
