"""Bugs that somebody could write into the engine, planted one at a time.

Each is a change of a few lines to a class or function of the engine (or of its twin in memory,
where the real guarantee is the server's). The simulation must notice every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeVar
from unittest.mock import patch

from events.envelope import Commit, Event
from events.errors import Fenced, VersionConflict
from events.log.port import Partition
from events.projection import applying, projector
from events.projection.applying import Batch, apply_batch
from events.projection.memory import MemoryProjection, MemoryUnit
from events.projection.sorting import Sorted, sort_out
from events.projection.unit import Move, ProjectionStorage, Unit
from events.relay.memory import MemoryFeed
from events.relay.relay import NOTHING_SENT, Relay, Shipment
from events.store.memory import MemoryEventStore
from events.store.port import Appended
from events.types import EMPTY, Version
from tests.simulation.faults import NotAcknowledged
from tests.simulation.world import World

R = TypeVar("R")
Plant = Callable[[], AbstractContextManager[Any]]
MUTANTS: dict[str, Plant] = {}


def mutant(target: object, attribute: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function that stands in for `target.attribute`, under its own name."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[function.__name__] = lambda: patch.object(target, attribute, function)
        return function

    return register


real_sort_out = sort_out
real_apply_batch = apply_batch
real_land = Relay._land
real_publish = Relay._publish
real_append = MemoryEventStore.append
real_positions = MemoryProjection.positions
real_begin_group = World.begin_group


# --- sorting


@mutant(applying, "sort_out")
def watermark_not_looked_at(
    events: Sequence[Event], present: Collection[str], parked: Collection[str], poisoned: Any
) -> Sorted:
    return Sorted(apply=list(events))


@mutant(applying, "sort_out")
def early_events_are_applied(
    events: Sequence[Event],
    present: Collection[str],
    parked: Collection[str],
    poisoned: Collection[str],
) -> Sorted:
    verdict = real_sort_out(events, present, parked, poisoned)
    early = [event for event in verdict.early if event.entry not in poisoned]
    wanted = {event.entry for event in (*verdict.apply, *early)}
    verdict.apply = list({e.entry: e for e in events if e.entry in wanted}.values())
    verdict.early = []
    return verdict


@mutant(applying, "sort_out")
def successors_of_parked_events_are_dropped(
    events: Sequence[Event],
    present: Collection[str],
    parked: Collection[str],
    poisoned: Collection[str],
) -> Sorted:
    verdict = real_sort_out(events, present, parked, poisoned)
    verdict.park = [event for event in verdict.park if event.predecessor not in parked]
    return verdict


# --- applying


@mutant(projector, "apply_batch")
def checkpoint_moves_before_the_work(storage: ProjectionStorage, batch: Batch) -> Sorted:
    storage.run(lambda unit: unit.advance(batch.moves))
    return real_apply_batch(storage, Batch(batch.events, ()))


@mutant(MemoryUnit, "advance")
def checkpoints_are_not_compared(self: MemoryUnit, moves: Sequence[Move]) -> None:
    for move in moves:
        self._writes["checkpoints", move.partition] = move.after


@mutant(MemoryProjection, "run")
def transactions_are_not_atomic(self: MemoryProjection, work: Callable[[Unit], R]) -> R:
    unit = MemoryUnit(self._cells)
    try:
        return work(unit)
    finally:
        unit.commit()


@mutant(MemoryProjection, "positions")
def new_partitions_are_read_from_where_others_are(
    self: MemoryProjection, ids: Mapping[Partition, str]
) -> Mapping[Partition, int]:
    found = real_positions(self, ids)
    return dict.fromkeys(found, max(found.values(), default=0))


@mutant(MemoryUnit, "parked_events")
def parked_events_come_in_any_order(self: MemoryUnit, stream: str) -> Sequence[Event]:
    return sorted(self._waiting(stream), key=lambda event: -event.version)


@mutant(MemoryUnit, "park")
def parked_events_are_forgotten(
    self: MemoryUnit, events: Sequence[Event], reasons: Mapping[str, str]
) -> None:
    return None


@mutant(World, "begin_group")
def rebuild_misses_the_first_record(self: World, name: str, members: int) -> None:
    real_begin_group(self, name, members)
    moves = [Move(at, 0, 1) for at, records in self.log.records.items() if records]
    self.groups[-1].storage.run(lambda unit: unit.advance(moves))


# --- the relay


@mutant(Relay, "_land")
def failed_records_are_retried_alone(self: Relay, shipment: Any, sending: Any, fence: int) -> int:
    while True:
        try:
            return real_land(self, shipment, sending, fence)
        except NotAcknowledged as failure:
            sending = self._send(failure.lost)


@mutant(Relay, "_land")
def shipments_are_saved_before_they_arrive(
    self: Relay, shipment: Any, _sending: Any, fence: int
) -> int:
    return real_land(self, shipment, NOTHING_SENT, fence)


@mutant(Relay, "step")
def failures_do_not_go_back(self: Relay, wait_seconds: float) -> int:
    fence = self._lease.acquire()
    try:
        return 0 if fence is None else self._publish_next(fence, wait_seconds)
    except Fenced:
        self._reset()
        return 0


@mutant(Relay, "_publish")
def token_is_saved_before_the_send(self: Relay, shipments: Iterable[Shipment], fence: int) -> int:
    return real_publish(self, _saved_first(self, shipments, fence, heads=False), fence)


@mutant(Relay, "_publish")
def heads_are_saved_before_the_send(self: Relay, shipments: Iterable[Shipment], fence: int) -> int:
    return real_publish(self, _saved_first(self, shipments, fence, heads=True), fence)


def _saved_first(
    relay: Relay, shipments: Iterable[Shipment], fence: int, *, heads: bool
) -> Iterable[Shipment]:
    for shipment in shipments:
        told = {commit.stream: commit.last for commit in shipment.commits} if heads else {}
        relay._book.save(told, None if heads else shipment.token, fence)
        yield shipment


@mutant(Relay, "_recover")
def recovery_takes_the_token_after_the_scan(self: Relay, fence: int) -> None:
    self._feed.close()
    self.republish(self._feed.scan(), fence)
    token = self._feed.open(None)
    self._book.save({}, token, fence)
    self._open = True


@mutant(Relay, "_recover")
def recovery_goes_on_from_now(self: Relay, fence: int) -> None:
    self._book.save({}, self._feed.open(None), fence)
    self._open = True


@mutant(MemoryFeed, "scan")
def scan_is_in_no_order(self: MemoryFeed) -> Iterable[Commit]:
    return sorted(self._store.commits, key=lambda commit: commit.id, reverse=True)


# --- the store


@mutant(MemoryEventStore, "append")
def lost_races_are_appended_undecided(
    self: MemoryEventStore, commit: Commit, claims: Sequence[str] = ()
) -> Appended:
    try:
        return real_append(self, commit, claims)
    except VersionConflict:
        last = self.load(commit.stream, EMPTY)[-1].last
        moved = (
            replace(event, version=Version(last + place))
            for place, event in enumerate(commit.events, start=1)
        )
        return real_append(self, replace(commit, events=tuple(moved)), claims)


@mutant(MemoryEventStore, "append")
def repeated_commands_are_appended_again(
    self: MemoryEventStore, commit: Commit, claims: Sequence[str] = ()
) -> Appended:
    return real_append(self, replace(commit, command_id=f"{commit.command_id} {commit.id}"), claims)
