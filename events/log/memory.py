"""A log in memory, with the faults of a real one on demand: lost batches and doubled sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

from events.envelope import Event, encode
from events.errors import Transient
from events.log.port import Partition, Polled, Record, Sending


class MemoryLog:
    """Topics of `partitions` lists each."""

    def __init__(self, topics: Sequence[str], partitions: int = 2) -> None:
        self.partitions = partitions
        self.records: dict[Partition, list[Record]] = {
            Partition(topic, number): [] for topic in topics for number in range(partitions)
        }

    def append(self, topic: str, event: Event) -> None:
        """The same key always lands in the same partition."""
        partition = Partition(topic, crc32(event.key.encode()) % self.partitions)
        log = self.records[partition]
        log.append(Record(partition, len(log), event.type, encode(event)))


class MemorySending:
    """See `Sending`: what becomes of it is known from the beginning."""

    def __init__(self, failure: Transient | None = None) -> None:
        self._failure = failure

    def wait(self) -> None:
        if self._failure:
            raise self._failure


class MemoryProducer:
    """`fault` is called before each send: it may write some of the events and raise Transient."""

    def __init__(
        self,
        log: MemoryLog,
        topic: str,
        fault: Callable[[Sequence[Event]], None] = lambda _: None,
    ) -> None:
        self._log = log
        self._topic = topic
        self._fault = fault

    def send(self, events: Sequence[Event]) -> Sending:
        try:
            self._fault(events)
        except Transient as failure:
            return MemorySending(failure)
        for event in events:
            self._log.append(self._topic, event)
        return MemorySending()

    def close(self) -> None:
        """Nothing is buffered."""


class MemoryConsumer:
    """Reads what it is assigned; `assign` plays the group coordinator."""

    def __init__(self, log: MemoryLog, batch: int = 2000) -> None:
        self.batch = batch
        self._log = log
        self._positions: dict[Partition, int] = {}
        self._reassigned = True

    def assign(self, partitions: Sequence[Partition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)
        self._reassigned = True

    def poll(self, timeout_seconds: float) -> Polled:
        if self._reassigned:
            self._reassigned = False
            return Polled(reassigned=True)
        taken: dict[Partition, Sequence[Record]] = {}
        left = self.batch
        for partition, position in self._positions.items():
            records = self._log.records[partition][position : position + left]
            if records:
                taken[partition] = records
                self._positions[partition] = position + len(records)
                left -= len(records)
        return Polled(taken)

    def assignment(self) -> frozenset[Partition]:
        return frozenset(self._positions)

    def seek(self, positions: Mapping[Partition, int]) -> None:
        self._positions.update(positions)

    def bounds(self) -> Mapping[Partition, tuple[int, int]]:
        return {at: (0, len(self._log.records[at])) for at in self._positions}

    def ahead(self) -> int | None:
        return sum(len(self._log.records[at]) - next for at, next in self._positions.items())

    def topic_ids(self) -> Mapping[str, str]:
        return {partition.topic: f"id-of-{partition.topic}" for partition in self._log.records}

    def hint(self, positions: Mapping[Partition, int]) -> None:
        """Nobody looks."""

    def close(self) -> None:
        self._positions = {}
