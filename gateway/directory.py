"""The directory in the gateway's memory: read from the platform's store itself, every two seconds.

No view and no Kafka stand between an administrator's word and the next request. A gateway that
could not read for `TRUSTED_SECONDS` says so, and lets nobody in: old rights are no rights.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from events.commands import Commands
from events.store.port import EventStore
from gateway.platform.domain.directory import DIRECTORY, MAIN
from gateway.platform.domain.people import People

log = structlog.get_logger("gateway.directory")

PERIOD_SECONDS = 2.0
TRUSTED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`people` as of a version of the directory's stream."""

    people: People
    version: int


class Directory:
    """Thread-safe; made after fork. Read it through `snapshot`, which never changes."""

    def __init__(self, store: EventStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._commands = Commands(store)
        self._clock = clock
        self._stop = threading.Event()
        self._read_at = float("-inf")
        self.snapshot = Snapshot(People(), 0)

    def start(self) -> Directory:
        """Follows on a thread of its own until `close`."""
        threading.Thread(target=self._follow, name="directory", daemon=True).start()
        return self

    def close(self) -> None:
        self._stop.set()

    @property
    def age(self) -> float:
        """Seconds since the directory was read last; infinite before the first time."""
        return self._clock() - self._read_at

    @property
    def fresh(self) -> bool:
        return self.age < TRUSTED_SECONDS

    def refresh(self) -> None:
        """Reads what is new; raises what the store does."""
        began = self._clock()
        people, version = self._commands.state(DIRECTORY, MAIN)
        self.snapshot = Snapshot(people, version)
        self._read_at = began

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except Exception as error:
                log.warning("directory unread", reason=type(error).__name__, age=self.age)
            self._stop.wait(PERIOD_SECONDS)
