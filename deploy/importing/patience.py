"""Waiting for a server that is away for a moment, instead of giving an import up over it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from pymongo.errors import PyMongoError

from events.errors import Transient
from events.mongodb import is_transient

PATIENCE_SECONDS = 60.0
"""Longer than a change of the primary, shorter than a person wants to wonder."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

R = TypeVar("R")


def patiently(call: Callable[[], R], seconds: float = PATIENCE_SECONDS) -> R:
    """Calls again while the failure is one that passes; the call must bear being repeated.

    Raises `Transient` when the time is up, and at once whatever will not pass.
    """
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while True:
        try:
            return _translated(call)
        except Transient:
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(LONGEST_PAUSE, pause * 2)


def _translated(call: Callable[[], R]) -> R:
    try:
        return call()
    except PyMongoError as error:
        if is_transient(error):
            raise Transient(f"MongoDB: {str(error)[:200]}") from error
        raise
