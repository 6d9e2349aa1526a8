"""What the programs share: a stretch of work with its times taken, and profiled when asked for."""

from __future__ import annotations

import cProfile
import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.place import PROFILE_VARIABLE
from events.runtime.worker import GARBAGE


def new_profile() -> cProfile.Profile:
    """Of the thread's own processor time: neither waiting nor what others do is in it."""
    return cProfile.Profile(time.thread_time)


class Clock:
    """Seconds on the wall and of the processor (all threads of this process)."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.processor_seconds = 0.0


@contextmanager
def clocked() -> Iterator[Clock]:
    """Profiles this thread as well when the environment names a file for it."""
    clock, file = Clock(), os.environ.get(PROFILE_VARIABLE)
    profile = new_profile()
    if file:
        profile.enable()
    wall, processor = time.perf_counter(), time.process_time()
    yield clock
    clock.seconds = time.perf_counter() - wall
    clock.processor_seconds = time.process_time() - processor
    if file:
        profile.disable()
        profile.dump_stats(file)


def as_a_worker() -> None:
    """What a worker's process settles before its roles begin."""
    gc.set_threshold(*GARBAGE)


def until(reached: Callable[[], bool], step: Callable[[], Any]) -> Clock:
    """Steps until it is reached."""
    with clocked() as clock:
        while not reached():
            step()
    return clock


def answer(events: int, clock: Clock) -> None:
    """The program's last line; `processor_us` is for each event."""
    told = {
        "events": events,
        "seconds": clock.seconds,
        "rate": events / clock.seconds,
        "processor_us": clock.processor_seconds * 1e6 / events,
    }
    print(json.dumps(told))
