"""The port of a projection's storage: one transaction applies one batch, wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from events.envelope import Event
from events.log.port import Partition
from events.projection.view import Document, View

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Move:
    """A partition's checkpoint goes from one next offset to another."""

    partition: Partition
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that waits for a person: from which version, why, and how many events wait."""

    stream: str
    version: int
    reason: str
    waiting: int


class Unwritable(Exception):
    """The storage can't hold a document: too large, a number beyond its range, a forbidden name."""

    def __init__(self, id: str, error: Exception) -> None:
        super().__init__(f"{id}: {type(error).__name__}: {error}"[:300])
        self.id = id


class Unit(Protocol):
    """What can be done inside the transaction. Writing raises `Unwritable`, before it writes."""

    def advance(self, moves: Sequence[Move]) -> None:
        """Compare-and-set of every checkpoint; raises `Fenced` when one is not where we left it."""
        ...

    def present(self, entries: Sequence[str]) -> Collection[str]: ...

    def event_ids(self, entries: Sequence[str]) -> Mapping[str, str]: ...

    def parked(self, entries: Sequence[str]) -> Collection[str]: ...

    def documents(self, view: View, keys: Collection[str]) -> Mapping[str, Document]: ...

    def insert_entries(self, events: Sequence[Event]) -> None: ...

    def write(self, view: View, documents: Sequence[Document]) -> None: ...

    def check(self, document: Document) -> None:
        """Raises `Unwritable` when `write` would."""
        ...

    def park(self, events: Sequence[Event], reasons: Mapping[str, str]) -> None:
        """`reasons` by stream, for streams that are parked for the first time."""
        ...

    def parked_events(self, stream: str) -> Sequence[Event]:
        """All waiting events of a stream, in order; locks the stream against more parking."""
        ...

    def unpark(self, stream: str, events: Iterable[Event], reason: str = "") -> None:
        """Takes events out; `reason` says why those that are left can't follow."""
        ...

    def skip(self, event: Event, reason: str) -> None:
        """Enters the event into the timeline, marked, without giving it to any view.

        Also one whose data the storage can't hold: then without them.
        """
        ...


class ProjectionStorage(Protocol):
    """One version of one service's projection."""

    @property
    def views(self) -> Sequence[View]: ...

    @property
    def skips(self) -> Mapping[str, str]:
        """Entries that a person let go by, and why, in whatever version: all versions are to be
        equal. As of the last `positions`.
        """
        ...

    def positions(self, ids: Mapping[Partition, str]) -> Mapping[Partition, int]:
        """Next offset of each partition; `ids` are the topics' ids as the log has them.

        Raises `Corrupt` when a checkpoint belongs to another incarnation of the topic.
        """
        ...

    def run(self, work: Callable[[Unit], R]) -> R:
        """Runs the work in a transaction, again when the server asks for it.

        Raises `Transient` when it could not be committed, and whatever the work raises.
        """
        ...

    def parked_streams(self) -> Sequence[ParkedStream]: ...
