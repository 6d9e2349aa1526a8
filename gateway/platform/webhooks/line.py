"""One subscription's way through the log, and what it reads the log through.

The live line of a subscription has its id. A replay is a line of its own beside it, through a
period of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from events.envelope import Event


@dataclass(frozen=True, slots=True)
class Line:
    """Events recorded from `since` on, with `until` before it."""

    subscription: str
    since: datetime
    replay: str | None = None
    until: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.subscription}/{self.replay}" if self.replay else self.subscription

    def covers(self, event: Event) -> bool:
        before = self.until is None or event.recorded_at < self.until
        return before and event.recorded_at >= self.since


def key_of(event: Event) -> str:
    """Events of one key are sent strictly one after the other: a customer's, else a stream's."""
    return event.subject or event.stream


@dataclass(frozen=True, slots=True)
class Item:
    """`cursor` lies right behind the event."""

    event: Event
    cursor: str


@dataclass(frozen=True, slots=True)
class Read:
    """Go on from `next_cursor`, also without items. `caught_up`: there was nothing more."""

    items: Sequence[Item]
    next_cursor: str
    caught_up: bool


class Source(Protocol):
    """The log, as far as a subscription wants it."""

    def start(self, moment: datetime) -> str:
        """A cursor before everything that was published at that moment or later."""
        ...

    def read(self, cursor: str, limit: int, wait: float) -> Read:
        """What follows; waits for something when there is nothing. Raises Transient."""
        ...
