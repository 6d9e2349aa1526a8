"""Who read personal data: recorded before the answer leaves, or it does not leave.

A service marks an answer that shows personal data (events/http/masking.py). What somebody reads
again within the hour is one record: a supervisor asks who looked at whom and when, not how often
a screen was refreshed. A gateway that cannot write the record gives no answer.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from events.access.caller import Caller
from events.commands import Commands
from events.deciding import Origin
from events.types import Version, new_id, utc_now
from gateway.platform.domain.access import ACCESS, RecordAccess
from gateway.problems import Refusal

REMEMBERED = 100_000
NEW = Version(0)

Key = tuple[str, str, str | None, datetime]


class Accesses:
    """Thread-safe; made after fork. `commands` are those of the platform's own store."""

    def __init__(self, commands: Commands, now: Callable[[], datetime] = utc_now) -> None:
        self._commands = commands
        self._now = now
        self._known: OrderedDict[Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def record(
        self, caller: Caller, what: str, record: str | None, correlation: str, trace: str
    ) -> None:
        """Raises Refusal 503 when it can't be written down."""
        at = self._now()
        key = (caller.subject, what, record, at.replace(minute=0, second=0, microsecond=0))
        with self._lock:
            if key in self._known:
                return
        origin = Origin(
            actor=caller.subject, occurred_at=at, correlation_id=correlation, traceparent=trace
        )
        command = RecordAccess(what, record)
        try:
            self._commands.execute(ACCESS, new_id(), command, origin, expected=NEW)
        except Exception as error:
            detail = "what is read here has to be recorded, and can't be now"
            raise Refusal(503, "access-unrecorded", detail, {"Retry-After": "2"}) from error
        with self._lock:
            self._known[key] = None
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
