"""Who asks, where he stands in the enterprise, and what he reaches by a right.

    reach = caller.reach("order.read")      # None: he may not
    reach.covers(Scope("north-1", owner="sam"))
    reach.filter                            # the same, as a MongoDB filter on a document's fields

Whatever has a place (a record, an event, a document of a view) has it in `org_unit`, `team` and
`owner`. What lacks them is reached by `all` alone: forgetting a place hides, it never shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from events.access.rights import Level, level_of
from events.deciding import Scope

PLACE_FIELDS = ("org_unit", "team", "owner")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one right of one caller goes."""

    level: Level
    subject: str
    teams: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return self.level is Level.ALL

    def covers(self, scope: Scope) -> bool:
        """Whether a record with this place is in reach."""
        return (
            self.level is Level.ALL
            or scope.owner == self.subject
            or (self.level >= Level.TEAM and scope.team in self.teams)
            or (self.level >= Level.UNIT and scope.org_unit in self.units)
        )

    @property
    def filter(self) -> Mapping[str, Any]:
        """The same as a filter; empty when everything is in reach."""
        if self.level is Level.ALL:
            return {}
        ways: list[dict[str, Any]] = [{"owner": self.subject}]
        if self.level >= Level.TEAM and self.teams:
            ways.append({"team": {"$in": sorted(self.teams)}})
        if self.level >= Level.UNIT and self.units:
            ways.append({"org_unit": {"$in": sorted(self.units)}})
        return ways[0] if len(ways) == 1 else {"$or": ways}


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a machine of the directory.

    `org_unit` and `team` are his own place, where what he makes belongs. `teams`, `units` and
    `region` are what lies within reach from there: his teams; his unit with all below it; his
    region with all below it.
    """

    subject: str
    roles: frozenset[str]
    org_unit: str = "root"
    team: str | None = None
    teams: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    region: frozenset[str] = frozenset()
    expires_at: float = field(default=float("inf"), compare=False)

    def level(self, right: str) -> Level:
        return level_of(right, self.roles)

    def may(self, right: str) -> bool:
        return self.level(right) is not Level.NONE

    def reach(self, right: str) -> Reach | None:
        """What the right reaches for this caller, None when he has it not."""
        level = self.level(right)
        if level is Level.NONE:
            return None
        units = self.region | self.units if level is Level.REGION else self.units
        return Reach(level, self.subject, self.teams, units)

    def place(self, right: str) -> Scope:
        """Where a record belongs that he makes without saying where: where he stands, and to
        himself when he would not reach it otherwise."""
        owner = self.subject if self.level(right) is Level.OWN else None
        return Scope(self.org_unit, self.team, owner)
