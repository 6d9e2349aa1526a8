"""The directory as it stands: who belongs to the enterprise, and how the enterprise is made up.

    root ─ region ─ unit ─ team

Ids are the enterprise's own words. A user stands at the root, in a region or in a unit, perhaps in
one of the teams below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from immutables import Map

from events.access.caller import Caller

ROOT = "root"
PARENTS = {"region": ("root",), "unit": ("region",), "team": ("unit",)}
"""What kind of part lies in what kind."""

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """A region, a unit or a team."""

    id: str
    kind: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class User:
    """A person or a machine; `login` is what the sign-in calls him."""

    id: str
    login: str
    kind: str
    org_unit: str
    team: str | None
    roles: frozenset[str]
    active: bool
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What lies within reach of a place: its teams, its unit with all below, its region so."""

    teams: frozenset[str]
    units: frozenset[str]
    region: frozenset[str]


@dataclass(frozen=True, slots=True)
class People:
    """The whole directory. Maps are persistent: a change shares all but what it changes, so that
    thousands of users don't make each change cost thousands of copies."""

    users: Map[str, User] = field(default_factory=Map)
    logins: Map[str, str] = field(default_factory=Map)
    units: Map[str, OrgUnit] = field(default_factory=Map)
    children: Map[str, frozenset[str]] = field(default_factory=Map)
    administrators: frozenset[str] = frozenset()

    def user_by_login(self, login: str) -> User | None:
        id = self.logins.get(login)
        return None if id is None else self.users[id]

    def kind_of(self, part: str) -> str | None:
        """None for what is no part of the enterprise."""
        if part == ROOT:
            return ROOT
        unit = self.units.get(part)
        return unit.kind if unit else None

    def below(self, part: str) -> frozenset[str]:
        """The part and everything under it."""
        found, waiting = {part}, [part]
        while waiting:
            fresh = self.children.get(waiting.pop(), frozenset()) - found
            found |= fresh
            waiting += fresh
        return frozenset(found)

    def region_of(self, part: str) -> str | None:
        """The region that the part is or lies in; the root lies in none."""
        while (unit := self.units.get(part)) is not None:
            if unit.kind == "region":
                return unit.id
            part = unit.parent
        return None

    def place(self, user: User) -> Place:
        """What the user reaches from where he stands."""
        units = self.below(user.org_unit)
        region = self.region_of(user.org_unit)
        return Place(
            teams=frozenset([user.team] if user.team else []),
            units=units,
            region=self.below(region) if region else units,
        )

    def caller(self, user: User) -> Caller:
        """The user as rights know him."""
        place = self.place(user)
        return Caller(
            subject=user.id,
            roles=user.roles,
            org_unit=user.org_unit,
            team=user.team,
            teams=place.teams,
            units=place.units,
            region=place.region,
        )

    # --- changes

    def with_user(self, user: User) -> People:
        before = self.users.get(user.id)
        logins = self.logins
        if before is not None and before.login != user.login:
            logins = logins.delete(before.login)
        rules = user.active and ADMINISTRATOR in user.roles
        others = self.administrators - {user.id}
        return People(
            self.users.set(user.id, user),
            logins.set(user.login, user.id),
            self.units,
            self.children,
            others | {user.id} if rules else others,
        )

    def with_unit(self, unit: OrgUnit) -> People:
        children = self.children
        before = self.units.get(unit.id)
        if before is not None:
            children = children.set(before.parent, children[before.parent] - {unit.id})
        siblings = children.get(unit.parent, frozenset()) | {unit.id}
        return People(
            self.users,
            self.logins,
            self.units.set(unit.id, unit),
            children.set(unit.parent, siblings),
            self.administrators,
        )
