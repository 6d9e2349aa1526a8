"""A made-up enterprise: an org tree, people in it, and records that belong somewhere in it.

enterprise = Enterprise(random.Random(7))
enterprise.people, enterprise.places()
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

REGIONS, UNITS, TEAMS = 3, 2, 2
"""Regions, units of a region, teams of a unit."""

ROLES = (
    "director", "regional_manager", "marketer", "seller", "agent", "analyst", "integrator",
    "auditor", "administrator",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a record belongs, as bodies say it."""

    org_unit: str
    team: str | None = None
    owner: str | None = None

    def body(self) -> dict[str, str]:
        named = {"org_unit": self.org_unit, "team": self.team, "owner": self.owner}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Person:
    """Somebody of the directory; `org_unit` is any node of the tree but a team."""

    id: str
    roles: tuple[str, ...]
    org_unit: str
    team: str | None


@dataclass
class Enterprise:
    """`parents` has every node but the root; names begin with `mark`, so that many enterprises
    live in one system."""

    chance: random.Random
    mark: str
    headcount: int
    parents: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=lambda: {"root": "root"})
    people: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        for region in range(REGIONS):
            self._add(f"{self.mark}r{region}", "region", "root")
            for unit in range(UNITS):
                self._add(f"{self.mark}r{region}u{unit}", "unit", f"{self.mark}r{region}")
                for team in range(TEAMS):
                    name = f"{self.mark}r{region}u{unit}t{team}"
                    self._add(name, "team", f"{self.mark}r{region}u{unit}")
        self.people = [self._person(number) for number in range(self.headcount)]

    def _add(self, name: str, kind: str, parent: str) -> None:
        self.parents[name], self.kinds[name] = parent, kind

    def _person(self, number: int) -> Person:
        count = self.chance.choice([1, 1, 1, 2])
        roles = tuple(sorted(self.chance.sample(ROLES, count)))
        unit = self.chance.choice([one for one, kind in self.kinds.items() if kind != "team"])
        teams = [one for one, parent in self.parents.items()
                 if parent == unit and self.kinds[one] == "team"]  # fmt: skip
        team = self.chance.choice([*teams, None]) if teams else None
        return Person(f"{self.mark}p{number}", roles, unit, team)

    def place(self) -> Place:
        """Some place: any unit, sometimes a team, sometimes an owner."""
        unit = self.chance.choice([one for one, kind in self.kinds.items() if kind != "team"])
        teams = [one for one, parent in self.parents.items()
                 if parent == unit and self.kinds[one] == "team"]  # fmt: skip
        team = self.chance.choice(teams) if teams and self.chance.random() < 0.6 else None
        owner = self.chance.choice(self.people).id if self.chance.random() < 0.5 else None
        return Place(unit, team, owner)

    def below(self, node: str) -> set[str]:
        """The node and everything under it."""
        found = {node}
        while more := {one for one, parent in self.parents.items() if parent in found} - found:
            found |= more
        return found

    def region_of(self, node: str) -> str | None:
        """The region that the node is or lies in; None for the root."""
        while node != "root" and self.kinds[node] != "region":
            node = self.parents[node]
        return None if node == "root" else node
