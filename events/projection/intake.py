"""What a projector takes from the log: each poll's records with the events in them.

While one poll's transaction is on its way, the next poll can be taken and decoded already. What was
taken ahead is nothing but bytes that were read early: it is dropped whenever the projector goes
back to its checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from events.envelope import Event, Unopened, decode
from events.errors import Poison
from events.log.port import Consumer, Partition, Record
from events.sealing import Seal


class Taken(NamedTuple):
    """A record. `event` is None where no relay wrote it; `reason` says what is wrong with it."""

    offset: int
    event: Event | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Poll:
    """See `Polled`."""

    records: Mapping[Partition, Sequence[Taken]] = field(default_factory=dict)
    reassigned: bool = False


class Intake:
    """Owned by one projector, and used by its thread only."""

    def __init__(self, consumer: Consumer, seal: Seal) -> None:
        self.consumer = consumer
        self._seal = seal
        self._ahead: Poll | Exception | None = None

    def next(self, timeout_seconds: float) -> Poll:
        """What was taken ahead, or a new poll. Raises what the consumer raises."""
        ahead, self._ahead = self._ahead, None
        if isinstance(ahead, Exception):
            raise ahead
        return ahead or self._poll(timeout_seconds)

    def take_ahead(self) -> None:
        """Polls without waiting; what goes wrong is told by `next`."""
        try:
            self._ahead = self._poll(0)
        except Exception as error:
            self._ahead = error

    def forget(self) -> None:
        """Drops what was taken ahead."""
        self._ahead = None

    def _poll(self, timeout_seconds: float) -> Poll:
        polled = self.consumer.poll(timeout_seconds)
        records = {at: [self._taken(one) for one in found] for at, found in polled.records.items()}
        return Poll(records, polled.reassigned)

    def _taken(self, record: Record) -> Taken:
        try:
            return Taken(record.offset, decode(record.value, self._seal), None)
        except Unopened as poison:
            return Taken(record.offset, poison.event, poison.reason)
        except Poison as poison:
            return Taken(record.offset, None, str(poison))
