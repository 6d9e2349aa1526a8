"""What comes after a try: nothing more, another one later, or the end. Pure.

Pauses grow threefold from five seconds to sixteen hours, and each is drawn at random from zero to
its full length: receivers that come back are not met by everybody at once. After three days, about
seventeen tries, a message is a dead letter. 2xx is success; 410 ends the subscription; everything
else, redirects among it, is tried again, not before `Retry-After` says.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Protocol

GONE = 410
OVERLOADED = frozenset({429, 503})
"""With these, Retry-After speaks for all messages, not for this one alone."""

HOPELESS = frozenset({"message-too-large"})
"""No later try can be any better."""

Chance = Callable[[], float]
"""A number from 0 up to 1."""


class Verdict(Enum):
    """LATER: it was not tried, for nothing may be sent at the moment."""

    DELIVERED = "delivered"
    AGAIN = "again"
    DEAD = "dead"
    GONE = "gone"
    LATER = "later"


class Told(Protocol):
    """What is known of one try (see `egress.Outcome`)."""

    @property
    def status(self) -> int | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def retry_after(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Next:
    """`at` is the time of the next try, with AGAIN only."""

    verdict: Verdict
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """In seconds. `span` is how long a message is tried, and how long nothing but failures a
    subscription survives."""

    first: float = 5.0
    growth: float = 3.0
    longest: float = 16 * 3600.0
    shortest: float = 1.0
    span: float = 3 * 24 * 3600.0

    def judge(
        self,
        told: Told,
        attempts: int,
        first_at: datetime,
        now: datetime,
        chance: Chance = random.random,
    ) -> Next:
        """After the try number `attempts`, the first of which was at `first_at`."""
        if told.status == GONE:
            return Next(Verdict.GONE)
        if told.status is not None and 200 <= told.status < 300:
            return Next(Verdict.DELIVERED)
        last = now - first_at >= timedelta(seconds=self.span)
        if last or told.error in HOPELESS:
            return Next(Verdict.DEAD)
        pause = max(self.pause(attempts, chance), self.wish(told))
        # The last try is made when the time is over, not long before.
        latest = first_at + timedelta(seconds=self.span)
        return Next(Verdict.AGAIN, min(now + timedelta(seconds=pause), max(now, latest)))

    def pause(self, attempts: int, chance: Chance = random.random) -> float:
        """Seconds after the try number `attempts`, which begins at 1."""
        growing = min(attempts - 1, 60)
        return max(self.shortest, chance() * min(self.longest, self.first * self.growth**growing))

    def wish(self, told: Told) -> float:
        """What the receiver asked for, as far as we go along with it."""
        return min(told.retry_after or 0.0, self.longest)

    def hold(self, told: Told) -> float:
        """For how long the receiver wants nothing at all."""
        return self.wish(told) if told.status in OVERLOADED else 0.0

    def hopeless(self, failing_since: datetime | None, now: datetime) -> bool:
        """Whether a subscription is to be disabled: nothing but failures for the whole span."""
        if failing_since is None:
            return False
        return now - failing_since >= timedelta(seconds=self.span)


def seconds_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Retry-After as RFC 9110 has it: seconds, or an HTTP date; None for nonsense."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    seconds = (at - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
