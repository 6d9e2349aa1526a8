"""Users and org units as lists show them. Who may do what is read from the store, not from here."""

from __future__ import annotations

from events.contracts.platform import (
    OrgUnitChanged,
    RoleGranted,
    RoleRevoked,
    UserActivated,
    UserDeactivated,
    UserMoved,
)
from events.envelope import Event
from events.projection.folding import known
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

USER_FILTERS = ("org_unit", "team", "roles", "active")
USER_SORTS = {"login": "login"}
UNIT_FILTERS = ("parent", "kind")
UNIT_SORTS = {"name": "name"}

users = View("users", list_indexes(USER_FILTERS, list(USER_SORTS.values())), open=True)
org_units = View("org_units", list_indexes(UNIT_FILTERS, list(UNIT_SORTS.values())), open=True)


def _user(event: Event) -> str:
    return str(event.data["user_id"])


@users.on(UserActivated, key=_user)
def activated(doc: Document, event: Event) -> None:
    data = event.data
    for name in ("name", "team", "deactivated_at"):
        doc.pop(name, None)
    doc.update(
        login=data["login"],
        kind=data["kind"],
        org_unit=data["org_unit"],
        roles=sorted(data["roles"]),
        active=True,
        version=event.version,
        **known(name=data.get("name"), team=data.get("team")),
    )


@users.on(UserDeactivated, key=_user)
def deactivated(doc: Document, event: Event) -> None:
    doc.update(active=False, deactivated_at=event.occurred_at, version=event.version)


@users.on(UserMoved, key=_user)
def moved(doc: Document, event: Event) -> None:
    doc.pop("team", None)
    doc.update(
        org_unit=event.data["org_unit"],
        version=event.version,
        **known(team=event.data.get("team")),
    )


@users.on(RoleGranted, key=_user)
def granted(doc: Document, event: Event) -> None:
    doc.update(roles=sorted({*doc["roles"], event.data["role"]}), version=event.version)


@users.on(RoleRevoked, key=_user)
def revoked(doc: Document, event: Event) -> None:
    doc.update(roles=sorted({*doc["roles"]} - {event.data["role"]}), version=event.version)


@org_units.on(OrgUnitChanged, key=lambda event: str(event.data["org_unit"]))
def changed(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(kind=data["kind"], name=data["name"], parent=data["parent"], version=event.version)
