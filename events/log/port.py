"""What the engine needs of a log. Kafka is behind it, or a list in memory.

A consumer never commits for the engine: positions are the engine's own, stored with its effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from events.envelope import Event


class Partition(NamedTuple):
    """One ordered part of a topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"

    @classmethod
    def parse(cls, text: str) -> Partition:
        """Reads what `str` wrote."""
        topic, _, number = text.rpartition("/")
        return cls(topic, int(number))


@dataclass(frozen=True, slots=True)
class Record:
    """`value` is a CloudEvent; `type` is its `ce_type` header, readable without parsing."""

    partition: Partition
    offset: int
    type: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Polled:
    """`reassigned`: the assignment is new, so seek to your own positions before you poll again."""

    records: Mapping[Partition, Sequence[Record]] = field(default_factory=dict)
    reassigned: bool = False


class Consumer(Protocol):
    """Reads the partitions that it is given. Not thread-safe."""

    def poll(self, timeout_seconds: float) -> Polled: ...

    def assignment(self) -> frozenset[Partition]: ...

    def seek(self, positions: Mapping[Partition, int]) -> None: ...

    def bounds(self) -> Mapping[Partition, tuple[int, int]]:
        """First and next offset of every assigned partition, as the log has it now."""
        ...

    def ahead(self) -> int | None:
        """Records of the assignment not polled yet; None while that is not known without asking."""
        ...

    def topic_ids(self) -> Mapping[str, str]:
        """A recreated topic has the same name and another id."""
        ...

    def hint(self, positions: Mapping[Partition, int]) -> None:
        """Tells lag tools where we are, at one of the next polls; nothing depends on it."""
        ...

    def close(self) -> None: ...


class Sending(Protocol):
    """Records on their way."""

    def wait(self) -> None:
        """Returns when every record is acknowledged by all in-sync replicas.

        Raises `Transient` when any is not. Then some of them, and some of what was sent after
        them, may have been written: close the producer and send everything again from the last
        checkpoint with a new one.
        """
        ...


class Producer(Protocol):
    """Writes batches in order."""

    def send(self, events: Sequence[Event]) -> Sending:
        """Begins to send, behind what was sent before. May raise `Transient`, as `wait` does."""
        ...

    def close(self) -> None: ...
