"""The directory decides who belongs to the enterprise, in which place and with which roles.

One aggregate, because its rules span all users: no two have one login, and the last active
administrator stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any, TypeAlias

from events.access.rights import ROLES
from events.contracts.base import Fact, fact
from events.contracts.platform import (
    OrgUnitChanged,
    RoleGranted,
    RoleRevoked,
    UserActivated,
    UserDeactivated,
    UserMoved,
)
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, NotFound, RuleBroken
from events.types import format_time
from gateway.platform.domain.people import ADMINISTRATOR, PARENTS, ROOT, OrgUnit, People, User

MAIN = "main"
"""The one directory's id."""


@dataclass(frozen=True, slots=True)
class ChangeOrgUnit:
    """Adds a part of the enterprise, renames it or moves it."""

    org_unit: str
    kind: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class ActivateUser:
    """Lets somebody in, for the first time or again; what is given replaces what was known."""

    user_id: str
    login: str
    kind: str
    org_unit: str
    team: str | None = None
    roles: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class DeactivateUser:
    user_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MoveUser:
    user_id: str
    org_unit: str
    team: str | None = None


@dataclass(frozen=True, slots=True)
class GrantRole:
    user_id: str
    role: str


@dataclass(frozen=True, slots=True)
class RevokeRole:
    user_id: str
    role: str


DirectoryCommand: TypeAlias = (
    ChangeOrgUnit | ActivateUser | DeactivateUser | MoveUser | GrantRole | RevokeRole
)


@singledispatch
def _decide(command: Any, _people: People) -> Sequence[Fact]:
    raise TypeError(f"no command of the directory: {command!r}")


def decide(people: People, command: DirectoryCommand) -> Sequence[Fact]:
    """Raises RuleBroken with a stable code, NotFound, and Invalid for a role nobody knows."""
    return _decide(command, people)


@_decide.register
def _change_unit(command: ChangeOrgUnit, people: People) -> Sequence[Fact]:
    before = people.units.get(command.org_unit)
    if command.org_unit == ROOT:
        raise RuleBroken("root-stays", "the root is the enterprise itself")
    if before and before.kind != command.kind:
        raise RuleBroken("kind-stays", f"{command.org_unit} is a {before.kind}")
    parent = people.kind_of(command.parent)
    if parent not in PARENTS[command.kind]:
        lies_in = " or ".join(PARENTS[command.kind])
        raise RuleBroken("wrong-parent", f"a {command.kind} lies in a {lies_in}")
    unit = OrgUnit(command.org_unit, command.kind, command.name, command.parent)
    if unit == before:
        return []
    return [
        fact(
            OrgUnitChanged,
            org_unit=unit.id,
            kind=unit.kind,
            name=unit.name,
            parent=unit.parent,
        )
    ]


@_decide.register
def _activate(command: ActivateUser, people: People) -> Sequence[Fact]:
    _check_roles(command.roles)
    _check_place(people, command.org_unit, command.team)
    holder = people.logins.get(command.login)
    if holder not in (None, command.user_id):
        raise RuleBroken("login-taken", "the login belongs to another user", user_id=holder)
    user = User(
        command.user_id,
        command.login,
        command.kind,
        command.org_unit,
        command.team,
        frozenset(command.roles),
        active=True,
        name=command.name,
    )
    if people.users.get(user.id) == user:
        return []
    if ADMINISTRATOR not in user.roles:
        _check_last_administrator(people, user.id)
    return [
        fact(
            UserActivated,
            user_id=user.id,
            login=user.login,
            name=user.name,
            kind=user.kind,
            org_unit=user.org_unit,
            team=user.team,
            roles=sorted(user.roles),
        )
    ]


@_decide.register
def _deactivate(command: DeactivateUser, people: People) -> Sequence[Fact]:
    user = _user(people, command.user_id)
    if not user.active:
        return []
    _check_last_administrator(people, user.id)
    return [fact(UserDeactivated, user_id=user.id, effective_at=format_time(command.at))]


@_decide.register
def _move(command: MoveUser, people: People) -> Sequence[Fact]:
    user = _active(people, command.user_id)
    _check_place(people, command.org_unit, command.team)
    if (user.org_unit, user.team) == (command.org_unit, command.team):
        return []
    place = {"org_unit": command.org_unit, "team": command.team}
    return [fact(UserMoved, user_id=user.id, **place)]


@_decide.register
def _grant(command: GrantRole, people: People) -> Sequence[Fact]:
    user = _active(people, command.user_id)
    _check_roles([command.role])
    if command.role in user.roles:
        return []
    return [fact(RoleGranted, user_id=user.id, role=command.role)]


@_decide.register
def _revoke(command: RevokeRole, people: People) -> Sequence[Fact]:
    user = _user(people, command.user_id)
    if command.role not in user.roles:
        return []
    if command.role == ADMINISTRATOR:
        _check_last_administrator(people, user.id)
    return [fact(RoleRevoked, user_id=user.id, role=command.role)]


def _user(people: People, id: str) -> User:
    user: User | None = people.users.get(id)
    if user is None:
        raise NotFound("user", id)
    return user


def _active(people: People, id: str) -> User:
    user = _user(people, id)
    if not user.active:
        raise RuleBroken("user-inactive", f"{id} was deactivated: activate him first")
    return user


def _check_last_administrator(people: People, id: str) -> None:
    if people.administrators == {id}:
        raise RuleBroken("last-administrator", "somebody has to be able to let others in")


def _check_roles(roles: Sequence[str]) -> None:
    faults = [
        FieldFault(f"/roles/{place}", f"must be one of {', '.join(ROLES)}")
        for place, role in enumerate(roles)
        if role not in ROLES
    ]
    if faults:
        raise Invalid("there is no such role", faults)


def _check_place(people: People, org_unit: str, team: str | None) -> None:
    if people.kind_of(org_unit) in (None, "team"):
        raise RuleBroken("unknown-place", f"{org_unit} is no region or unit", org_unit=org_unit)
    if team is None:
        return
    unit = people.units.get(team)
    if unit is None or unit.kind != "team" or team not in people.below(org_unit):
        raise RuleBroken("unknown-team", f"{team} is no team of {org_unit}", team=team)


# --- evolve


def evolve(people: People, one: Fact) -> People:
    """The directory after one fact."""
    change = _CHANGES.get(one.type)
    return change(people, one.data) if change else people


Data = Mapping[str, Any]


def _unit_changed(people: People, data: Data) -> People:
    return people.with_unit(OrgUnit(data["org_unit"], data["kind"], data["name"], data["parent"]))


def _activated(people: People, data: Data) -> People:
    return people.with_user(
        User(
            data["user_id"],
            data["login"],
            data["kind"],
            data["org_unit"],
            data.get("team"),
            frozenset(data["roles"]),
            active=True,
            name=data.get("name"),
        )
    )


def _deactivated(people: People, data: Data) -> People:
    return people.with_user(replace(people.users[data["user_id"]], active=False))


def _moved(people: People, data: Data) -> People:
    user = people.users[data["user_id"]]
    return people.with_user(replace(user, org_unit=data["org_unit"], team=data.get("team")))


def _granted(people: People, data: Data) -> People:
    user = people.users[data["user_id"]]
    return people.with_user(replace(user, roles=user.roles | {data["role"]}))


def _revoked(people: People, data: Data) -> People:
    user = people.users[data["user_id"]]
    return people.with_user(replace(user, roles=user.roles - {data["role"]}))


_CHANGES: Mapping[str, Callable[[People, Data], People]] = {
    OrgUnitChanged.TYPE: _unit_changed,
    UserActivated.TYPE: _activated,
    UserDeactivated.TYPE: _deactivated,
    UserMoved.TYPE: _moved,
    RoleGranted.TYPE: _granted,
    RoleRevoked.TYPE: _revoked,
}

DIRECTORY: Decider[People, DirectoryCommand] = Decider(
    aggregate="directory",
    initial=People(),
    decide=decide,
    evolve=evolve,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)
