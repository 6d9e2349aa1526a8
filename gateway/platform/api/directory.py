"""The directory: users, their roles and places, and the parts of the enterprise.

One aggregate, whose version is the ETag of every user and org unit at its last change; `If-Match`
may be left out, for the rules are checked on what is true when they are decided.
"""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Flag, Id, ListOf, OneOf, Text, Time
from events.contracts.platform import UNIT_KINDS, USER_KINDS
from events.http import Page, PageParams, Routes, Sorted, answer_either
from events.http.documents import found, listed
from events.http.masking import personal
from gateway.platform.domain.directory import (
    DIRECTORY,
    MAIN,
    ActivateUser,
    ChangeOrgUnit,
    DeactivateUser,
    GrantRole,
    MoveUser,
    RevokeRole,
)
from gateway.platform.views.directory import UNIT_FILTERS, UNIT_SORTS, USER_FILTERS, USER_SORTS

users = Routes("users", "/v1/users", description="Who may sign in, and as what")
org_units = Routes("org_units", "/v1/org-units", description="How the enterprise is made up")


class UserBody(Schema):
    """A person or a machine of the enterprise."""

    login = Text(pii=True, shortest=1, longest=200, description="the subject of the sign-in")
    kind = OneOf(*USER_KINDS, required=False, description="person unless told otherwise")
    name = Text(required=False, pii=True, shortest=1, longest=200)
    org_unit = Id(description="root, a region or a unit")
    team = Id(required=False)
    roles = ListOf(Code(), longest=20)


class MoveBody(Schema):
    """Where the user stands from now on."""

    org_unit = Id()
    team = Id(required=False)


class RoleBody(Schema):
    """One role."""

    role = Code()


class OrgUnitBody(Schema):
    """A part of the enterprise: a region of the root, a unit of a region, a team of a unit."""

    kind = OneOf(*UNIT_KINDS)
    name = Text(shortest=1, longest=200)
    parent = Id(description="root, or another part of the enterprise")


class UserAnswer(Schema):
    """A user."""

    id = Id()
    login = fields.String(required=True, metadata=personal())
    name = fields.String(metadata=personal())
    kind = OneOf(*USER_KINDS)
    org_unit = Id()
    team = Id(required=False)
    roles = ListOf(Code(), longest=20)
    active = Flag()
    deactivated_at = Time(required=False)
    version = Count(description="of the directory, when this user changed last")


class OrgUnitAnswer(Schema):
    """A part of the enterprise."""

    id = Id()
    kind = OneOf(*UNIT_KINDS)
    name = fields.String(required=True, metadata={"description": "of no person"})
    parent = Id()
    version = Count()


class UserParams(PageParams):
    """Which users."""

    org_unit = Id(required=False)
    team = Id(required=False)
    roles = Code(required=False, description="with this role")
    sort = Sorted(*USER_SORTS, default="login")


class OrgUnitParams(PageParams):
    """Which parts of the enterprise."""

    parent = Id(required=False)
    kind = OneOf(*UNIT_KINDS, required=False)
    sort = Sorted(*UNIT_SORTS, default="name")


def _change(command: Any) -> Response:
    return answer_either(DIRECTORY, MAIN, lambda _origin: command)


@users.either("/<id:user_id>", UserBody, right="directory.manage")
def activate_user(user_id: str, body: dict[str, Any]) -> Response:
    """Let a user in, for the first time or again; what is told replaces what was known."""
    given = {"kind": USER_KINDS[0], **body, "roles": tuple(body["roles"])}
    return _change(ActivateUser(user_id, **given))


@users.either("/<id:user_id>/deactivate", right="directory.manage")
def deactivate_user(user_id: str) -> Response:
    """End all of the user's access, everywhere, within a minute."""
    return answer_either(
        DIRECTORY, MAIN, lambda origin: DeactivateUser(user_id, origin.occurred_at)
    )


@users.either("/<id:user_id>/move", MoveBody, right="directory.manage")
def move_user(user_id: str, body: dict[str, Any]) -> Response:
    """Move a user to another place of the enterprise."""
    return _change(MoveUser(user_id, **body))


@users.either("/<id:user_id>/roles/grant", RoleBody, right="directory.manage")
def grant_role(user_id: str, body: dict[str, Any]) -> Response:
    """Grant a role."""
    return _change(GrantRole(user_id, **body))


@users.either("/<id:user_id>/roles/revoke", RoleBody, right="directory.manage")
def revoke_role(user_id: str, body: dict[str, Any]) -> Response:
    """Revoke a role; the last administrator keeps his."""
    return _change(RevokeRole(user_id, **body))


@users.query("", UserAnswer, UserParams, many=True, right="directory.read")
def list_users(params: dict[str, Any]) -> Page:
    """List users."""
    return listed("users", UserAnswer, params, USER_FILTERS, USER_SORTS)


@users.query("/<id:user_id>", UserAnswer, tagged=True, right="directory.read")
def get_user(user_id: str) -> dict[str, Any]:
    """Look up a user."""
    return found("users", user_id, UserAnswer, "user")


@org_units.either("/<id:org_unit>", OrgUnitBody, right="directory.manage")
def change_org_unit(org_unit: str, body: dict[str, Any]) -> Response:
    """Add a part of the enterprise, rename it, or move it with all below it."""
    return _change(ChangeOrgUnit(org_unit, **body))


@org_units.query("", OrgUnitAnswer, OrgUnitParams, many=True, right="directory.read")
def list_org_units(params: dict[str, Any]) -> Page:
    """List the parts of the enterprise."""
    return listed("org_units", OrgUnitAnswer, params, UNIT_FILTERS, UNIT_SORTS)


@org_units.query("/<id:org_unit>", OrgUnitAnswer, tagged=True, right="directory.read")
def get_org_unit(org_unit: str) -> dict[str, Any]:
    """Look up a part of the enterprise."""
    return found("org_units", org_unit, OrgUnitAnswer, "org unit")
