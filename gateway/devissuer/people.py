"""The little enterprise of development, and who works in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A region, a unit or a team."""

    id: str
    kind: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """Somebody whom the development issuer signs in; `secret` only for machines."""

    subject: str
    name: str
    roles: tuple[str, ...]
    org_unit: str = "root"
    team: str | None = None
    kind: str = "person"
    secret: str | None = None


ORG_UNITS = (
    Part("north", "region", "North", "root"),
    Part("south", "region", "South", "root"),
    Part("north-1", "unit", "North 1", "north"),
    Part("north-2", "unit", "North 2", "north"),
    Part("south-1", "unit", "South 1", "south"),
    Part("north-1-a", "team", "Team A", "north-1"),
    Part("north-1-b", "team", "Team B", "north-1"),
    Part("south-1-a", "team", "Team A", "south-1"),
)

PEOPLE = (
    Seeded("ada", "Ada, administrator", ("administrator",)),
    Seeded("dora", "Dora, director", ("director",)),
    Seeded("remy", "Remy, regional manager", ("regional_manager",), "north"),
    Seeded("mia", "Mia, marketer", ("marketer",)),
    Seeded("sam", "Sam, seller", ("seller",), "north-1", "north-1-a"),
    Seeded("sue", "Sue, seller", ("seller",), "north-1", "north-1-b"),
    Seeded("ann", "Ann, agent", ("agent",), "south-1"),
    Seeded("ali", "Ali, analyst", ("analyst",)),
    Seeded("otto", "Otto, auditor", ("auditor",)),
    Seeded("ida", "Ida, integrator", ("integrator",), kind="machine", secret="of-development"),
)
"""Secrets here open nothing but a system that somebody started to try it out."""
