"""One try after the other: sent, judged, logged and counted. Shared by the lanes of a pump."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from events.envelope import Event
from events.types import utc_now
from gateway.platform.webhooks.deliveries import Deliveries
from gateway.platform.webhooks.egress import Outcome
from gateway.platform.webhooks.line import Line
from gateway.platform.webhooks.schedule import Chance, Next, Schedule, Verdict
from gateway.platform.webhooks.spool import Tried


class Suspended(Exception):
    """Nothing may be sent now; what was to be sent has to wait."""


class Courier(Protocol):
    """Takes one event to the receiver."""

    def ready(self) -> bool:
        """Whether anything may be sent now."""
        ...

    def send(self, event: Event, line: Line) -> Outcome | None:
        """None when the event is not for the owner of the subscription. Raises Suspended."""
        ...


@dataclass(slots=True)
class PumpCounts:
    """What a line's pumps have done since somebody began to count, and what waits."""

    delivered: int = 0
    failed: int = 0
    withheld: int = 0
    dead_letters: int = 0
    waiting: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True)
class Rules:
    """When a failed event is tried again; clock and chance for tests. `idle_seconds` is how long
    a pump without work waits, and how soon it sees a redrive."""

    schedule: Schedule = field(default_factory=Schedule)
    now: Callable[[], datetime] = utc_now
    chance: Chance = random.random
    idle_seconds: float = 2.0


class Trying:
    """Thread-safe. `gone` once the receiver has said that it is."""

    def __init__(
        self,
        line: Line,
        courier: Courier,
        deliveries: Deliveries,
        rules: Rules,
        counts: PumpCounts,
    ) -> None:
        self.counts = counts
        self.gone = False
        self._line = line
        self._courier = courier
        self._deliveries = deliveries
        self._rules = rules
        self._lock = threading.Lock()
        self._successes = self._failures = 0
        self.held_until: datetime | None = None

    @property
    def ready(self) -> bool:
        return self._courier.ready() and not self.held

    @property
    def held(self) -> bool:
        """Whether the receiver asked to be left alone for a while."""
        return self.held_until is not None and self._rules.now() < self.held_until

    def attempt(
        self, event: Event, attempts: int, first_at: datetime | None
    ) -> tuple[Next, Tried | None]:
        """The try number `attempts`, the first of which was at `first_at` or is this one. Not
        even tried is what the owner may not see."""
        first_at = first_at or self._rules.now()
        try:
            outcome = self._courier.send(event, self._line)
        except Suspended:
            return Next(Verdict.LATER), None
        if outcome is None:
            with self._lock:
                self.counts.withheld += 1
            return Next(Verdict.DELIVERED), None
        now = self._rules.now()
        self._deliveries.note(self._line, event, attempts, outcome, now)
        following = self._rules.schedule.judge(outcome, attempts, first_at, now, self._rules.chance)
        self._note(following.verdict, outcome, now)
        return following, Tried(attempts, first_at, outcome)

    def tally(self) -> tuple[int, int]:
        """(successes, failures) since it was asked last."""
        with self._lock:
            told = self._successes, self._failures
            self._successes = self._failures = 0
        return told

    def _note(self, verdict: Verdict, outcome: Outcome, now: datetime) -> None:
        with self._lock:
            if verdict is Verdict.DELIVERED:
                self.counts.delivered += 1
                self._successes += 1
                return
            self.counts.failed += 1
            self._failures += 1
            self.counts.dead_letters += verdict is Verdict.DEAD
            self.gone = self.gone or verdict is Verdict.GONE
            if hold := self._rules.schedule.hold(outcome):
                self.held_until = now + timedelta(seconds=hold)
