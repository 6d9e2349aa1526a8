"""Applying events to a projection: inside one transaction, around the verdict of `sorting`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from events.crashing import crash_point
from events.envelope import Event
from events.errors import Corrupt
from events.projection import timeline
from events.projection.sorting import Sorted, ids_to_look_up, sort_out
from events.projection.unit import Move, ProjectionStorage, Unit, Unwritable
from events.projection.view import PoisonAt, Touches, View, fold, touches

PARK_LIMIT = 20
"""Streams newly poisoned in one batch. More is no bad event but a bad deploy: halt instead."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one poll, decoded, with the checkpoints that they move."""

    events: list[Event]
    moves: Sequence[Move]
    poisoned: dict[str, str] = field(default_factory=dict)
    """Entry ids of events whose data could not be opened, and why."""


def apply_batch(storage: ProjectionStorage, batch: Batch) -> Sorted:
    """Applies what may be applied, parks what can't be, moves the checkpoints: all or nothing.

    Raises `Fenced`, `Transient`, or `Corrupt` when the batch shows that data or deploy is broken.
    """
    poisoned = dict(batch.poisoned)
    while True:
        _check_limit(poisoned)
        try:
            return storage.run(lambda unit: _work(unit, storage, batch, poisoned))
        except PoisonAt as poison:
            poisoned[poison.event.entry] = poison.reason


def _check_limit(poisoned: Mapping[str, str]) -> None:
    streams = {entry.rpartition("@")[0] for entry in poisoned}
    if len(streams) > PARK_LIMIT:
        entry, reason = next(iter(poisoned.items()))
        raise Corrupt(f"{len(streams)} streams poisoned at once, such as {entry}: {reason}")


def _work(
    unit: Unit, storage: ProjectionStorage, batch: Batch, poisoned: Mapping[str, str]
) -> Sorted:
    skips = storage.skips
    poisoned = {entry: why for entry, why in poisoned.items() if entry not in skips}
    unit.advance(batch.moves)
    wanted = ids_to_look_up(batch.events)
    verdict = sort_out(batch.events, unit.present(wanted), unit.parked(wanted), poisoned)
    check_duplicates(unit, verdict)
    apply_events(unit, storage.views, [one for one in verdict.apply if one.entry not in skips])
    for event in verdict.apply if skips else ():
        if event.entry in skips:
            unit.skip(event, skips[event.entry])
    reasons: dict[str, str] = {
        e.stream: poisoned[e.entry] for e in reversed(verdict.park) if e.entry in poisoned
    }
    unit.park(verdict.park, reasons)
    crash_point("projection.inside_transaction")
    return verdict


def apply_events(unit: Unit, views: Sequence[View], events: Sequence[Event]) -> None:
    """Timeline first, then each view, each document once. Raises `PoisonAt`."""
    try:
        unit.insert_entries(events)
    except Unwritable as refused:
        (event,) = [event for event in events if event.entry == refused.id]
        raise PoisonAt(event, timeline.NAME, refused) from refused
    for view in views:
        touched = touches(view, events)
        if touched:
            _write(unit, view, touched)


def _write(unit: Unit, view: View, touched: Touches) -> None:
    try:
        unit.write(view, fold(view, unit.documents(view, touched.keys()), touched))
    except Unwritable as refused:
        acts = touched[refused.id]
        document = unit.documents(view, [refused.id]).get(refused.id) or {"_id": refused.id}
        for handler, event in acts:
            handler(document, event)
            try:
                unit.check(document)
            except Unwritable as first:
                raise PoisonAt(event, view.name, first) from refused
        raise


def check_duplicates(unit: Unit, verdict: Sorted) -> None:
    """The same place in a stream must hold the same event: else a store was restored."""
    if not verdict.duplicates:
        return
    known = dict(unit.event_ids([event.entry for event in verdict.duplicates]))
    known.update((event.entry, event.id) for event in (*verdict.apply, *verdict.park))
    for event in verdict.duplicates:
        if known.get(event.entry, event.id) != event.id:
            raise Corrupt(f"{event.entry} was {known[event.entry]} and is now {event.id}")
