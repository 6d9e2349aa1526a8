"""A role's thread: steps for ever, and the one place that says what each error means for it.

Transient   make the role anew after a pause that grows to five seconds
Corrupt     halt: the process stays up, not ready, and says why
other       a bug or an unknown failure: logged, then as Transient
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from events.errors import Corrupt, Transient

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
MUCH = 200


class Role(Protocol):
    """A relay, a projector or a reactor."""

    def step(self, wait_seconds: float, /) -> int: ...

    def close(self) -> None: ...


class Loop:
    """`make` is called in the thread, and again after every failure.

    Steps that take little follow one another no faster than the pace: a step costs much the same
    whatever it takes, and while it waits, more comes together. The first after a quiet time never
    waits, and neither does a role that has much to do.
    """

    def __init__(self, name: str, make: Callable[[], Role], pace_seconds: float = 0.0) -> None:
        self.name = name
        self.pace_seconds = pace_seconds
        self.role: Any = None
        self.halted: str | None = None
        self.restarts = 0
        self.stepped_at = time.monotonic()
        self._make = make
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Loop:
        self._thread.start()
        return self

    def leave(self) -> None:
        """Asks it to stop, and does not wait."""
        self._stop.set()

    @property
    def alive(self) -> bool:
        """Whether its thread is still there, halted or not."""
        return self._thread.is_alive()

    def stop(self, wait_seconds: float = 10.0) -> None:
        """Lets the step in hand finish, then closes the role."""
        self.leave()
        self._thread.join(wait_seconds)

    def check(self) -> str:
        """For readiness: raises when the loop is halted or has not come round for a minute."""
        if self.halted:
            raise RuntimeError(f"{self.name} is halted: {self.halted}")
        silence = time.monotonic() - self.stepped_at
        if silence > 60:
            raise RuntimeError(f"{self.name} has not stepped for {silence:.0f} s")
        return "running"

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set() and self.halted is None:
            try:
                self.role = self._make()
                self._steps()
                pause = FIRST_PAUSE
            except Corrupt as error:
                log.critical("loop.halted", loop=self.name, reason=str(error))
                self.halted = str(error)
            except Transient as error:
                log.warning("loop.transient", loop=self.name, reason=str(error))
            except Exception:
                log.exception("loop.failed", loop=self.name)
            self._close()
            self.restarts += 1
            self.stepped_at = time.monotonic()
            self._stop.wait(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _steps(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            taken = self.role.step(POLL_SECONDS)
            self.stepped_at = time.monotonic()
            if 0 < taken < MUCH:
                self._stop.wait(max(0.0, began + self.pace_seconds - self.stepped_at))

    def _close(self) -> None:
        try:
            if self.role is not None:
                self.role.close()
        except Exception:
            log.exception("loop.close_failed", loop=self.name)
