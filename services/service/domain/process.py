"""How fast which case must be served: processes as versioned data.

A published version never changes: open cases keep counting by it, and old decisions can be
recomputed from it. A new rule is a new version. Hours count round the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.contracts.service import PRIORITIES
from events.errors import RuleBroken
from events.types import format_time, parse_time

POLICY_ID = "service_process"
"""The name under which decisions cite a process."""


@dataclass(frozen=True, slots=True)
class Due:
    """Until when a case must be answered, and until when solved."""

    first_response: datetime
    resolution: datetime

    def to_data(self) -> dict[str, str]:
        return {
            "first_response": format_time(self.first_response),
            "resolution": format_time(self.resolution),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, str]) -> Due:
        return cls(parse_time(data["first_response"]), parse_time(data["resolution"]))


Hours = tuple[int, int]
"""Hours from the opening to the first response, and to the resolution."""


@dataclass(frozen=True, slots=True)
class Process:
    """`hours` by kind and priority; `least_priority` by tier."""

    version: int
    hours: Mapping[str, Mapping[str, Hours]]
    least_priority: Mapping[str, str]

    def priority(self, asked: str, tier: str | None) -> str:
        """What was asked for, raised to what the tier deserves; an unknown tier raises nothing.

        Raises RuleBroken `unknown-priority`.
        """
        if asked not in PRIORITIES:
            raise RuleBroken("unknown-priority", f"a priority is one of {', '.join(PRIORITIES)}")
        least = self.least_priority.get(tier or "", asked)
        return max(asked, least, key=PRIORITIES.index)

    def due(self, kind: str, priority: str, opened_at: datetime) -> Due:
        """Raises RuleBroken `unknown-case-kind`."""
        by_priority = self.hours.get(kind)
        if by_priority is None:
            raise RuleBroken("unknown-case-kind", f"process {self.version} knows no {kind}")
        respond, resolve = by_priority[priority]
        return Due(opened_at + timedelta(hours=respond), opened_at + timedelta(hours=resolve))


PROCESSES: Mapping[int, Process] = {
    1: Process(
        version=1,
        hours={
            "fault": {"urgent": (1, 8), "high": (2, 24), "normal": (4, 72), "low": (8, 120)},
            "complaint": {"urgent": (1, 24), "high": (2, 48), "normal": (4, 72), "low": (8, 120)},
            "question": {"urgent": (1, 8), "high": (4, 24), "normal": (8, 48), "low": (24, 96)},
            "request": {"urgent": (2, 24), "high": (4, 48), "normal": (8, 120), "low": (24, 240)},
        },
        least_priority={
            "vip": "urgent",
            "caring": "high",
            "adaptive": "normal",
            "indifferent": "normal",
        },
    ),
}
CURRENT_VERSION = max(PROCESSES)


def process(version: int) -> Process:
    """Raises RuleBroken `unknown-process-version`."""
    found = PROCESSES.get(version)
    if found is None:
        raise RuleBroken("unknown-process-version", f"there is no process version {version}")
    return found
