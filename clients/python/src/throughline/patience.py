"""How long something is tried, and how long the pauses are in between.

Pauses double, and each is drawn at random from its upper half: callers that failed together do
not come back together. What the platform says in `Retry-After` is the least.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

DOUBLINGS = 30
"""Beyond this the pause is the last one anyway."""


@dataclass(frozen=True, slots=True)
class Patience:
    """`seconds` over all tries together; infinite for who never gives up."""

    seconds: float = 30.0
    first_pause: float = 0.1
    last_pause: float = 5.0

    def waiting(self) -> Waiting:
        return Waiting(self)


class Waiting:
    """One wait, from now on; of one thread."""

    def __init__(self, patience: Patience) -> None:
        self._deadline = time.monotonic() + patience.seconds
        self._pauses = _pauses(patience)

    @property
    def left(self) -> float:
        return self._deadline - time.monotonic()

    def pause(self, at_least: float | None = None) -> bool:
        """Sleeps; False at once when there is no time left for it."""
        seconds = next(self._pauses)
        if at_least:
            seconds = max(seconds, at_least * random.uniform(1, 1.25))
        if seconds >= self.left:
            return False
        time.sleep(seconds)
        return True


def _pauses(patience: Patience) -> Iterator[float]:
    tries = 0
    while True:
        longest = min(patience.last_pause, patience.first_pause * 2 ** min(tries, DOUBLINGS))
        yield random.uniform(longest / 2, longest)
        tries += 1
