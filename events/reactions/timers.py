"""Durable timers: something is due, and a command says so, exactly once, late rather than never.

A timer is no document of its own. What is due can be read from a view (a case with a due time and
no answer), so timers survive everything that views survive. Firing is a command whose id is made
of the timer and its due time: however many workers see it, one commit results, and the event of
that commit takes the document out of what is due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import structlog
from pymongo.errors import PyMongoError

from events.commands import Commands
from events.deciding import Origin
from events.errors import Conflict, Rejected, Transient
from events.mongodb import is_transient
from events.projection.reader import Views
from events.reactions.reaction import Reply
from events.types import utc_now

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
MOST_AT_ONCE = 200
"""Due timers of one kind that one tick fires; the others are due at the next."""


@dataclass(frozen=True, slots=True)
class Due:
    """`id` names the timer and its due time; `cause` is the event that set it, if known."""

    id: str
    reply: Reply
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """`due(views, now, limit)` reads what is due from the service's own views, oldest first."""

    name: str
    due: Callable[[Views, datetime, int], Iterable[Due]]


@dataclass(slots=True)
class TimerCounts:
    """What the timers of this process have done since it started."""

    fired: int = 0
    refused: int = 0


class TimerLoop:
    """Call `step` again and again from one thread; every replica of a worker may run it."""

    def __init__(
        self,
        commands: Commands,
        views: Views,
        timers: Sequence[Timer],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.counts = TimerCounts()
        self._commands = commands
        self._views = views
        self._timers = tuple(timers)
        self._now = now

    def step(self, wait_seconds: float) -> int:
        """Fires what is due, then waits; returns how many timers it looked at."""
        try:
            looked_at = sum(self._tick(timer) for timer in self._timers)
        except PyMongoError as error:
            if is_transient(error):
                raise Transient(str(error)[:200]) from error
            raise
        time.sleep(min(wait_seconds, TICK_SECONDS))
        return looked_at

    def close(self) -> None:
        """Nothing is held between two steps."""

    def _tick(self, timer: Timer) -> int:
        now = self._now()
        due = list(timer.due(self._views, now, MOST_AT_ONCE))
        for one in due:
            self._fire(timer, one, now)
        return len(due)

    def _fire(self, timer: Timer, due: Due, now: datetime) -> None:
        origin = Origin(
            actor=f"timer:{timer.name}",
            occurred_at=now,
            command_id=timer_command_id(timer.name, due.id),
            causation_id=due.cause,
        )
        reply = due.reply
        try:
            done = self._commands.execute(reply.decider, reply.aggregate_id, reply.command, origin)
        except (Rejected, Conflict) as refusal:
            self.counts.refused += 1
            log.info("timer.refused", timer=timer.name, error=type(refusal).__name__)
            return
        self.counts.fired += 0 if done.replayed else len(done.event_ids)


def timer_command_id(timer: str, due_id: str) -> str:
    """The same timer and due time always give the same id."""
    return "timer:" + sha256(f"{timer}/{due_id}".encode()).hexdigest()[:40]
