"""What a look at the system has found: pure values, and what two looks tell together.

Whatever a worker answers is taken with care: a figure that is none is left out, never trusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["up", "not ready", "slow", "away", "unknown"]
"""not ready: it answers that it is not; slow: no answer in time; unknown: nobody told us where."""

COUNTS = ("applied", "published", "parked")
"""The counts of a worker's loops that are shown; docs/reference/metrics.md says what they mean."""

LONGEST_TEXT = 400
MOST_EVENTS = 10


@dataclass(frozen=True, slots=True)
class LoopSeen:
    """One loop of a worker. `lag` in records; None for what it does not tell."""

    name: str
    halted: str | None
    lag: int | None
    behind_seconds: float | None
    counts: Mapping[str, int]

    @classmethod
    def read(cls, name: str, told: Mapping[str, Any]) -> LoopSeen:
        counts = {one: count for one in COUNTS if (count := _count(told.get(one))) is not None}
        halted = str(told["halted"])[:LONGEST_TEXT] if told.get("halted") else None
        behind = told.get("behind_seconds")
        return cls(name, halted, _count(told.get("lag")), _seconds(behind), counts)


@dataclass(frozen=True, slots=True)
class EventSeen:
    """One applied event, as a worker tells it: no data, no subject."""

    type: str
    source: str
    stream: str
    version: int
    recorded_at: str

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> EventSeen:
        words = {name: str(told.get(name, ""))[:LONGEST_TEXT] for name in cls.__slots__}
        version = _count(told.get("version")) or 0
        return cls(words["type"], words["source"], words["stream"], version, words["recorded_at"])


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """One service's two processes."""

    web: State
    worker: State
    loops: tuple[LoopSeen, ...] = ()
    recent: tuple[EventSeen, ...] = ()

    @classmethod
    def read(cls, web: State, worker: State, told: Mapping[str, Any]) -> ServiceSeen:
        """`told` is what the worker answers at /status, empty when it does not."""
        loops = _objects(told.get("loops"))
        events = told.get("recent")
        return cls(
            web,
            worker,
            tuple(LoopSeen.read(str(name), loop) for name, loop in loops.items()),
            tuple(
                EventSeen.read(one)
                for one in (events if isinstance(events, list) else [])
                if isinstance(one, dict)
            )[:MOST_EVENTS],
        )

    @property
    def halted(self) -> tuple[LoopSeen, ...]:
        return tuple(loop for loop in self.loops if loop.halted)

    def count(self, name: str) -> int | None:
        """The sum over the loops that have it; None when none has."""
        found = [loop.counts[name] for loop in self.loops if name in loop.counts]
        return sum(found) if found else None

    def lag(self, role: str) -> int | None:
        """Of the versions of a projector, the one that is furthest behind."""
        return max((one.lag for one in self._of(role) if one.lag is not None), default=None)

    def behind_seconds(self, role: str) -> float | None:
        known = (one.behind_seconds for one in self._of(role) if one.behind_seconds is not None)
        return max(known, default=None)

    def _of(self, role: str) -> list[LoopSeen]:
        return [loop for loop in self.loops if loop.name.partition(".")[0] == role]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the gateway has answered since it started; `failed` with 5xx."""

    requests: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look. `at` is a monotonic clock's, `looked_at` a wall clock's."""

    at: float
    looked_at: datetime
    traffic: Traffic
    services: Mapping[str, ServiceSeen]
    before: Sighting | None = field(default=None, repr=False, compare=False)
    """The look before, itself without one before."""

    @property
    def since_seconds(self) -> float | None:
        """Seconds since the look before: what the rates are over."""
        return None if self.before is None else self.at - self.before.at

    def rate(self, service: str, name: str) -> float | None:
        """A count's growth a second; None at the first look and after a restart."""
        before = self.before.services.get(service) if self.before else None
        if before is None:
            return None
        return self._growth(before.count(name), self.services[service].count(name))

    @property
    def request_rate(self) -> float | None:
        if self.before is None:
            return None
        return self._growth(self.before.traffic.requests, self.traffic.requests)

    @property
    def failed_ratio(self) -> float | None:
        """Of the requests since the look before; None without requests."""
        if self.before is None or self.traffic.requests <= self.before.traffic.requests:
            return None
        failed = self.traffic.failed - self.before.traffic.failed
        return failed / (self.traffic.requests - self.before.traffic.requests)

    @property
    def recent(self) -> list[EventSeen]:
        """The newest of all workers, newest first; each event once."""
        seen = (event for service in self.services.values() for event in service.recent)
        once = {(event.stream, event.version): event for event in seen}
        newest = sorted(once.values(), key=lambda one: (one.recorded_at, one.version), reverse=True)
        return newest[:MOST_EVENTS]

    def _growth(self, before: int | None, now: int | None) -> float | None:
        seconds = self.since_seconds
        if not seconds or before is None or now is None or now < before:
            return None
        return (now - before) / seconds

    def as_dict(self) -> dict[str, Any]:
        """For `GET /status`."""
        return {
            "looked_at": self.looked_at.astimezone(UTC).isoformat(timespec="seconds"),
            "since_seconds": _rounded(self.since_seconds),
            "gateway": {
                **asdict(self.traffic),
                "requests_per_second": _rounded(self.request_rate),
                "failed_ratio": _rounded(self.failed_ratio),
            },
            "services": {name: self._service(name) for name in self.services},
            "recent": [asdict(event) for event in self.recent],
        }

    def _service(self, name: str) -> dict[str, Any]:
        seen = self.services[name]
        loops = {
            loop.name: {
                "halted": loop.halted,
                "lag": loop.lag,
                "behind_seconds": loop.behind_seconds,
                **loop.counts,
            }
            for loop in seen.loops
        }
        rates = {f"{one}_per_second": _rounded(self.rate(name, one)) for one in COUNTS}
        return {"web": seen.web, "worker": seen.worker, "rates": rates, "loops": loops}


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _seconds(value: Any) -> float | None:
    known = type(value) in (int, float) and math.isfinite(value) and value >= 0
    return float(value) if known else None


def _objects(value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return {}
    return {name: one for name, one in value.items() if isinstance(one, dict)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
