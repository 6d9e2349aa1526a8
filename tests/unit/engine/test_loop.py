"""A role's loop: its pace, and what each error means for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from events.errors import Corrupt, Transient
from events.runtime import loop as looping
from events.runtime.loop import MUCH, Loop

PATIENCE_SECONDS = 20


class Clock:
    """Stands still between steps; a step takes what the role says."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Stop:
    """Notes the waits, and ends the loop after the last step."""

    def __init__(self, steps: int) -> None:
        self.waits: list[float] = []
        self._steps = steps

    def is_set(self) -> bool:
        self._steps -= 1
        return self._steps < 0

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))


class Steps:
    """A role whose steps take so many records and so many seconds."""

    def __init__(self, clock: Clock, *steps: tuple[int, float]) -> None:
        self._clock = clock
        self._steps = list(steps)

    def step(self, _wait_seconds: float) -> int:
        taken, seconds = self._steps.pop(0)
        self._clock.now += seconds
        return taken

    def close(self) -> None:
        """Nothing is held."""


def waits(monkeypatch: pytest.MonkeyPatch, pace: float, *steps: tuple[int, float]) -> list[float]:
    clock, stop = Clock(), Stop(len(steps))
    monkeypatch.setattr(looping, "time", clock)
    loop = Loop("test", lambda: Steps(clock, *steps), pace)
    loop.role, loop._stop = Steps(clock, *steps), stop  # type: ignore[assignment]
    loop._steps()
    return stop.waits


def test_small_steps_keep_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(monkeypatch, 0.03, (1, 0.01), (3, 0.02), (2, 0.05)) == [0.02, 0.01, 0.0]


def test_who_took_nothing_or_much_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(monkeypatch, 0.03, (0, 0.01), (MUCH, 0.01), (0, 0.25)) == []


def test_without_a_pace_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(monkeypatch, 0.0, (1, 0.01)) == [0.0]


class Failing:
    """A role whose steps raise, one after the other; then it is done."""

    def __init__(self, errors: list[Exception], done: threading.Event) -> None:
        self._errors = errors
        self._done = done

    def step(self, _wait_seconds: float) -> int:
        if self._errors:
            raise self._errors.pop(0)
        self._done.set()
        return 0

    def close(self) -> None:
        """Nothing is held."""


def run(*errors: Exception, until: Callable[[Loop, threading.Event], bool]) -> Loop:
    left, done = list(errors), threading.Event()
    loop = Loop("test", lambda: Failing(left, done)).start()
    assert until(loop, done)
    loop.stop()
    return loop


def test_what_passes_makes_the_role_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looping, "FIRST_PAUSE", 0.001)
    loop = run(
        Transient("away"), ValueError("a bug"), until=lambda _, done: done.wait(PATIENCE_SECONDS)
    )
    assert (loop.halted, loop.restarts >= 2) == (None, True)
    assert loop.check() == "running"


def test_what_is_corrupt_halts_and_says_why() -> None:
    loop = run(Corrupt("a hole"), until=lambda loop, _: _joined(loop))
    assert loop.halted == "a hole"
    with pytest.raises(RuntimeError, match="a hole"):
        loop.check()


def _joined(loop: Loop) -> bool:
    loop._thread.join(PATIENCE_SECONDS)
    return not loop._thread.is_alive()
