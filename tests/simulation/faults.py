"""The engine's ports with a chance to fail, freeze or crash before and after each act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Protocol, TypeVar

from events.envelope import Commit, Event
from events.errors import Fenced, Transient, VersionConflict
from events.log.memory import MemoryLog, MemorySending
from events.log.port import Partition, Sending
from events.projection.memory import MemoryProjection
from events.projection.unit import ParkedStream, Unit
from events.projection.view import View
from events.relay.memory import MemoryFeed, MemoryRelayBook
from events.relay.port import Fed, Token
from events.store.memory import MemoryEventStore
from events.store.port import Appended, Receipt
from events.types import EMPTY, StreamId, Version
from tests.simulation.plan import Plan

R = TypeVar("R")


class Fate(Protocol):
    """What the world lets happen at a place in the middle of a step."""

    random: Random
    plan: Plan
    calm: bool
    tally: Counter[str]
    """How often each thing has happened: a simulation that never meets a fault proves nothing."""

    def point(self, where: str, *, transient: bool = False) -> None:
        """May freeze the step, raise a crash, or `Transient` where a port may raise it."""
        ...

    def land_later(self, topic: str, events: Sequence[Event]) -> None:
        """Records of a failed send that the broker will write after all."""
        ...


class NotAcknowledged(Transient):
    """A failed send; `lost` are the events that were not written."""

    def __init__(self, lost: Sequence[Event]) -> None:
        super().__init__(f"{len(lost)} events were not acknowledged")
        self.lost = tuple(lost)


class FaultyStore:
    """The store of one context as its web processes see it."""

    def __init__(self, inner: MemoryEventStore, fate: Fate) -> None:
        self.context = inner.context
        self.epoch = inner.epoch
        self._inner = inner
        self._fate = fate

    def load(self, stream: StreamId, after: Version = EMPTY) -> Sequence[Commit]:
        found = self._inner.load(stream, after)
        self._fate.point("store.loaded", transient=True)
        return found

    def append(self, commit: Commit, claims: Sequence[str] = ()) -> Appended:
        self._fate.point("store.append", transient=True)
        try:
            appended = self._inner.append(commit, claims)
        except VersionConflict:
            self._fate.tally["lost races"] += 1
            raise
        self._fate.tally["replayed commands"] += appended.replayed
        self._fate.point("store.appended", transient=True)
        return appended

    def append_many(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        return self._inner.append_many(commits)

    def find_command(self, command_id: str) -> Commit | Receipt | None:
        return self._inner.find_command(command_id)

    def remember(self, receipt: Receipt) -> None:
        self._inner.remember(receipt)


class FaultyFeed:
    """One relay's change stream."""

    def __init__(self, inner: MemoryFeed, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate

    def open(self, token: Token | None) -> Token:
        self._fate.point("feed.open", transient=True)
        opened = self._inner.open(token)
        self._fate.point("feed.opened", transient=True)
        return opened

    def take(self, wait_seconds: float) -> Fed:
        fed = self._inner.take(wait_seconds)
        self._fate.point("feed.taken", transient=True)
        return fed

    def scan(self) -> Iterable[Commit]:
        self._fate.tally["recoveries"] += 1
        for commit in self._inner.scan():
            self._fate.point("feed.scanned", transient=True)
            yield commit
        self._fate.point("feed.scan_done", transient=True)

    def close(self) -> None:
        self._inner.close()


class FaultyBook:
    """The relays' common book."""

    def __init__(self, inner: MemoryRelayBook, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate

    def token(self) -> Token | None:
        return self._inner.token()

    def heads(self, streams: Sequence[str]) -> Mapping[str, int]:
        return self._inner.heads(streams)

    def save(self, heads: Mapping[str, int], token: Token | None, fence: int) -> None:
        self._fate.point("book.save", transient=True)
        try:
            self._inner.save(heads, token, fence)
        except Fenced:
            self._fate.tally["fenced relays"] += 1
            raise
        self._fate.point("book.saved", transient=True)


class FaultyProducer:
    """Loses parts of batches, writes others twice, and stops between two records."""

    def __init__(self, log: MemoryLog, topic: str, fate: Fate) -> None:
        self._log = log
        self._topic = topic
        self._fate = fate
        self._broken: set[str] = set()
        """Keys behind whose lost events the broker takes no others from this producer."""

    def send(self, events: Sequence[Event]) -> Sending:
        """What is lost is told only when the sender asks: until then it may send more."""
        fate = self._fate
        fate.point("producer.send")
        if not fate.calm and fate.random.random() < fate.plan.send_loss:
            return MemorySending(self._lose(events, self._lost_of(events)))
        if behind := [event for event in events if event.key in self._broken]:
            return MemorySending(self._lose(events, behind))
        if not fate.calm and fate.random.random() < fate.plan.doubled:
            self._write(events)
        self._write(events)
        return MemorySending()

    def close(self) -> None:
        """What was not acknowledged may still land."""

    def _write(self, events: Iterable[Event]) -> None:
        for event in events:
            self._log.append(self._topic, event)
            self._fate.point("producer.written")

    def _lose(self, events: Sequence[Event], lost: Sequence[Event]) -> NotAcknowledged:
        self._write(event for event in events if event not in lost)
        if self._fate.random.random() < self._fate.plan.late:
            late = [event for event in lost if event.key not in self._broken]
            self._fate.land_later(self._topic, late)
        if not self._fate.plan.holes:
            self._broken.update(event.key for event in lost)
        self._fate.tally["failed sends"] += 1
        return NotAcknowledged(lost)

    def _lost_of(self, events: Sequence[Event]) -> list[Event]:
        """Of each key the tail, or with holes any stretch: a later request may be written."""
        random, lost = self._fate.random, []
        for key in dict.fromkeys(event.key for event in events):
            mine = [event for event in events if event.key == key]
            first = 0 if key in self._broken else random.randint(0, len(mine))
            end = random.randint(first, len(mine)) if self._fate.plan.holes else len(mine)
            lost += mine[first:end]
        return lost


class FaultyProjection:
    """The storage as one member sees it; it may lose the answer to a commit."""

    def __init__(self, inner: MemoryProjection, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate

    @property
    def views(self) -> Sequence[View]:
        return self._inner.views

    @property
    def skips(self) -> Mapping[str, str]:
        return self._inner.skips

    def positions(self, ids: Mapping[Partition, str]) -> Mapping[Partition, int]:
        found = self._inner.positions(ids)
        self._fate.point("projection.positions", transient=True)
        return found

    def run(self, work: Callable[[Unit], R]) -> R:
        self._fate.point("projection.begin", transient=True)
        tries = 0

        def watched(unit: Unit) -> R:
            nonlocal tries
            tries += 1
            done = work(unit)
            self._fate.point("projection.commit", transient=True)
            return done

        try:
            result = self._inner.run(watched)
        except Fenced:
            self._fate.tally["fenced projectors"] += 1
            raise
        self._fate.tally["write conflicts"] += tries - 1
        self._fate.point("projection.committed", transient=True)
        return result

    def parked_streams(self) -> Sequence[ParkedStream]:
        return self._inner.parked_streams()
