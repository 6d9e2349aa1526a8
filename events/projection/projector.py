"""The loop of one projection version: poll, apply in one transaction, poll again.

Positions are the checkpoints' (not the group's): after every new assignment and every failure
they are read again and the consumer seeks to them. Doubt is resolved by dropping what was polled.
With much to do, the next poll is taken while the transaction of this one is on its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from events.crashing import crash_point
from events.errors import Corrupt, Fenced, Transient
from events.log.port import Consumer, Partition
from events.projection.applying import Batch, apply_batch
from events.projection.intake import Intake, Taken
from events.projection.recent import Recent
from events.projection.sorting import Sorted
from events.projection.unit import Move, ProjectionStorage
from events.sealing import PLAIN, Seal

log = structlog.get_logger(__name__)

NO_LIMIT = 2**63 - 1
"""Above every offset that Kafka has."""

MUCH = 500
"""Records of one poll from which on the next one is taken ahead: below, a thread costs more."""


@dataclass(slots=True)
class Counts:
    """What a projector has done since it started."""

    applied: int = 0
    duplicates: int = 0
    early: int = 0
    parked: int = 0
    unreadable: int = 0
    batches: int = 0
    rejoins: int = 0
    open_gaps: set[str] = field(default_factory=set)

    def add(self, verdict: Sorted) -> None:
        self.batches += 1
        self.applied += len(verdict.apply)
        self.duplicates += len(verdict.duplicates)
        self.early += len(verdict.early)
        self.parked += len(verdict.park)
        self.open_gaps.difference_update([event.stream for event in verdict.apply])
        self.open_gaps.update(event.stream for event in verdict.early)


class Projector:
    """Owns a consumer; call `step` again and again from one thread."""

    def __init__(
        self,
        storage: ProjectionStorage,
        consumer: Consumer,
        seal: Seal = PLAIN,
        *,
        beside: Executor | None = None,
        much: int = MUCH,
    ) -> None:
        """`beside` runs the transactions of `much`; by default a thread of the projector's own."""
        self.storage = storage
        self.consumer = consumer
        self.intake = Intake(consumer, seal)
        self.counts = Counts()
        self.recent = Recent()
        self._much = much
        self._beside = beside or ThreadPoolExecutor(1, thread_name_prefix="transaction")
        self.known_lag: int | None = None
        self.limits: Mapping[Partition, int] = {}
        """Next offsets at which to stand still: for who wants to compare at an exact place."""
        self._positions: dict[Partition, int] = {}

    @property
    def positions(self) -> Mapping[Partition, int]:
        """The next offset of every assigned partition; empty before the first assignment."""
        return self._positions

    def step(self, timeout_seconds: float) -> int:
        """One poll and its transaction, which is over when it returns; how many records it took.

        Raises `Transient` after going back to the checkpoints, `Corrupt` when it must not go on.
        """
        polled = self.intake.next(timeout_seconds)
        if polled.reassigned:
            self._rejoin()
            return 0
        records = self._continuous(polled.records)
        self.known_lag = self.consumer.ahead()
        if not records:
            return 0
        try:
            verdict = self._apply(self._batch(records))
        except Fenced:
            log.info("projection.fenced", partitions=len(records))
            self._rejoin()
            return 0
        except Transient:
            self._rejoin()
            raise
        crash_point("projection.after_transaction")
        self._settle(records, verdict)
        return sum(len(batch) for batch in records.values())

    def at_end(self) -> bool:
        """Asks the log: has everything been taken that is there now?"""
        bounds = self.consumer.bounds()
        return all(self._positions.get(at) == end for at, (_, end) in bounds.items())

    def close(self) -> None:
        """Leaves the group at once when it is a dynamic member; a static one keeps its place."""
        self._beside.shutdown()
        self.consumer.close()

    def _apply(self, batch: Batch) -> Sorted:
        if len(batch.events) < self._much:
            return apply_batch(self.storage, batch)
        applying = self._beside.submit(apply_batch, self.storage, batch)
        self.intake.take_ahead()
        return applying.result()

    def _settle(self, records: Mapping[Partition, Sequence[Taken]], verdict: Sorted) -> None:
        for partition, batch in records.items():
            self._positions[partition] = batch[-1].offset + 1
        if verdict.early:
            log.warning("projection.early", events=len(verdict.early))
        self.counts.add(verdict)
        self.recent.note(verdict.apply)
        self.consumer.hint({partition: self._positions[partition] for partition in records})

    def _rejoin(self) -> None:
        """Reads the checkpoints of the present assignment and continues from them."""
        self.counts.rejoins += 1
        self.intake.forget()
        self._positions = {}
        assignment = self.consumer.assignment()
        if not assignment:
            return
        ids = self.consumer.topic_ids()
        positions = self.storage.positions({at: ids[at.topic] for at in assignment})
        self._check_range(positions)
        self.consumer.seek(positions)
        self._positions = dict(positions)

    def _check_range(self, positions: Mapping[Partition, int]) -> None:
        """History that is gone, or a log shorter than what was read from it, must stop us."""
        bounds = self.consumer.bounds()
        for partition, position in positions.items():
            first, following = bounds.get(partition, (0, position))
            if not first <= position <= following:
                raise Corrupt(
                    f"{partition}: next offset {position} is outside {first} to {following}"
                )

    def _continuous(
        self, polled: Mapping[Partition, Sequence[Taken]]
    ) -> Mapping[Partition, Sequence[Taken]]:
        """Keeps the partitions that continue where we are; goes back where one does not."""
        kept: dict[Partition, Sequence[Taken]] = {}
        for partition, records in polled.items():
            position = self._positions.get(partition)
            if position is None:
                continue
            wanted = self._within_limit(partition, records) if self.limits else records
            if wanted and wanted[0].offset == position:
                kept[partition] = wanted
                position = wanted[-1].offset + 1
            if len(wanted) < len(records) or partition not in kept:
                self.consumer.seek({partition: position})
        return kept

    def _within_limit(self, partition: Partition, records: Sequence[Taken]) -> Sequence[Taken]:
        limit = self.limits.get(partition, NO_LIMIT)
        return [record for record in records if record.offset < limit]

    def _batch(self, records: Mapping[Partition, Sequence[Taken]]) -> Batch:
        """A record that no relay wrote is left out: it names no stream that could be parked."""
        batch = Batch(
            events=[],
            moves=[Move(at, some[0].offset, some[-1].offset + 1) for at, some in records.items()],
            poisoned={},
        )
        for partition, some in records.items():
            for offset, event, reason in some:
                if event is None:
                    self.counts.unreadable += 1
                    log.error("projection.unreadable", at=f"{partition}@{offset}", why=reason)
                    continue
                batch.events.append(event)
                if reason is not None:
                    batch.poisoned[event.entry] = reason
        return batch
