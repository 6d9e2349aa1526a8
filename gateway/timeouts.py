"""How long each kind of request may take, judged from its method and its Prefer header."""

from __future__ import annotations

import re
from dataclasses import dataclass

from events.http.consistency import DEFAULT_WAIT_SECONDS

READS = frozenset({"GET", "HEAD", "OPTIONS"})

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)

LONGEST_WAIT = 30.0
"""Seconds of `Prefer: wait` that are honoured: more would hold threads for nothing."""


def wanted_wait(prefer: str) -> float:
    """The seconds in `Prefer: wait=<seconds>` (RFC 7240), 0 without it."""
    found = _WAIT.search(prefer) if prefer else None
    return min(float(found[1]), LONGEST_WAIT) if found else 0.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. A read that asks to wait for a version gets that wait on top."""

    connect: float
    command: float
    read: float
    part: float

    def answer(self, method: str, prefer: str) -> float:
        """How long the service may stay silent before and while it answers."""
        if method in READS:
            return self.read + wanted_wait(prefer)
        return self.command

    def part_answer(self, prefer: str, *, has_token: bool = False) -> float:
        """How long one part of a composed read may take.

        A service that gets a consistency token waits for a while of its own accord: given up
        before, it could not say that it is stale.
        """
        wait = wanted_wait(prefer)
        return self.part + (wait or DEFAULT_WAIT_SECONDS if has_token else wait)
