"""The last few events that a projector has applied, for whoever asks what is going on.

Kept in memory only and told to anybody who may see a status: so nothing of an event's data and
subject is kept, not even while it waits to be told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.envelope import Event
from events.types import StreamId, Version, format_time

MOST = 10
"""As many as a person takes in at a glance."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What may be told of an applied event."""

    type: str
    source: str
    stream: StreamId
    version: Version
    recorded_at: datetime

    def told(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "source": self.source,
            "stream": self.stream,
            "version": self.version,
            "recorded_at": format_time(self.recorded_at),
        }


class Recent:
    """Noted by a projector's thread, read by any other."""

    def __init__(self) -> None:
        self._last: deque[Applied] = deque(maxlen=MOST)

    def note(self, events: Sequence[Event]) -> None:
        """Takes the end of a batch: whatever its size, this costs the same."""
        self._last.extend([_applied(event) for event in events[-MOST:]])

    def read(self) -> list[Applied]:
        """Oldest first."""
        return list(self._last.copy())  # copied in one step: the projector goes on meanwhile


def newest(applied: Iterable[Applied]) -> list[Applied]:
    """The last recorded of several projectors, newest first; each event once."""
    once = {(one.stream, one.version): one for one in applied}
    ordered = sorted(once.values(), key=lambda one: (one.recorded_at, one.version), reverse=True)
    return ordered[:MOST]


def _applied(event: Event) -> Applied:
    return Applied(event.type, event.source, event.stream, event.version, event.recorded_at)
