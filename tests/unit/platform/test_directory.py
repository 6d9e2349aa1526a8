"""The rules of the directory, told and searched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.access.rights import ROLES
from events.contracts.base import Fact
from events.errors import Invalid, NotFound, Rejected, RuleBroken
from gateway.platform.domain.directory import (
    DIRECTORY,
    ActivateUser,
    ChangeOrgUnit,
    DeactivateUser,
    DirectoryCommand,
    GrantRole,
    MoveUser,
    RevokeRole,
)
from gateway.platform.domain.people import People, User

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def told(*commands: DirectoryCommand, people: People | None = None) -> People:
    """The directory after commands that must succeed."""
    people = people or People()
    for command in commands:
        people = DIRECTORY.fold(DIRECTORY.decide(people, command), people)
    return people


def region(name: str) -> ChangeOrgUnit:
    return ChangeOrgUnit(name, "region", name.title(), "root")


def unit(name: str, parent: str) -> ChangeOrgUnit:
    return ChangeOrgUnit(name, "unit", name.title(), parent)


def team(name: str, parent: str) -> ChangeOrgUnit:
    return ChangeOrgUnit(name, "team", name.title(), parent)


def user(id: str, *roles: str, org_unit: str = "root", **more: Any) -> ActivateUser:
    return ActivateUser(id, f"{id}@example.org", "person", org_unit, roles=roles, **more)


ENTERPRISE = told(
    region("north"), region("south"), unit("n1", "north"), unit("n2", "north"),
    unit("s1", "south"), team("red", "n1"), team("blue", "n2"),
    user("ada", "administrator"), user("sam", "seller", org_unit="n1", team="red"),
)  # fmt: skip


def refused(code: str, command: DirectoryCommand, people: People = ENTERPRISE) -> None:
    with pytest.raises(RuleBroken) as error:
        DIRECTORY.decide(people, command)
    assert error.value.code == code


def reached(people: People, id: str) -> Any:
    return people.place(people.users[id])


# --- the tree


def test_a_place_reaches_what_lies_below_it() -> None:
    sam = reached(ENTERPRISE, "sam")
    assert sam.teams == {"red"}
    assert sam.units == {"n1", "red"}
    assert sam.region == {"north", "n1", "n2", "red", "blue"}
    assert reached(ENTERPRISE, "ada").units >= {"root", "north", "south", "s1", "blue"}


def test_a_part_moves_with_all_below_it() -> None:
    moved = told(unit("n1", "south"), people=ENTERPRISE)
    assert reached(moved, "sam").region == {"south", "s1", "n1", "red"}
    assert moved.below("north") == {"north", "n2", "blue"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (unit("n3", "root"), "wrong-parent"),
        (unit("n3", "nowhere"), "wrong-parent"),
        (team("green", "north"), "wrong-parent"),
        (region("root"), "root-stays"),
        (unit("north", "south"), "kind-stays"),
        (team("n1", "n2"), "kind-stays"),
    ],
)
def test_the_tree_stays_a_tree(command: DirectoryCommand, code: str) -> None:
    refused(code, command)


# --- users


def test_a_login_belongs_to_one_user_and_follows_him() -> None:
    refused("login-taken", ActivateUser("eve", "sam@example.org", "person", "root"))
    renamed = told(
        ActivateUser("sam", "samuel", "person", "n1", roles=("seller",)), people=ENTERPRISE
    )
    assert renamed.user_by_login("samuel") == renamed.users["sam"]
    assert renamed.user_by_login("sam@example.org") is None
    told(ActivateUser("eve", "sam@example.org", "person", "root"), people=renamed)


@pytest.mark.parametrize(
    ("org_unit", "place", "code"),
    [("nowhere", None, "unknown-place"), ("red", None, "unknown-place"),
     ("n2", "red", "unknown-team"), ("n1", "nobodys", "unknown-team"),
     ("north", "n1", "unknown-team")],
)  # fmt: skip
def test_nobody_stands_where_there_is_nothing(org_unit: str, place: str | None, code: str) -> None:
    refused(code, MoveUser("sam", org_unit, place))
    refused(code, user("eve", org_unit=org_unit, team=place))


def test_unknown_roles_and_users_are_named() -> None:
    with pytest.raises(Invalid) as invalid:
        DIRECTORY.decide(ENTERPRISE, user("eve", "seller", "janitor"))
    assert invalid.value.faults[0].pointer == "/roles/1"
    for command in (
        DeactivateUser("eve", NOON), MoveUser("eve", "n1"), GrantRole("eve", "seller"),
        RevokeRole("eve", "seller"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            DIRECTORY.decide(ENTERPRISE, command)


def test_a_deactivated_user_gets_nothing_until_he_is_let_in_again() -> None:
    gone = told(DeactivateUser("sam", NOON), people=ENTERPRISE)
    assert not gone.users["sam"].active
    refused("user-inactive", GrantRole("sam", "director"), gone)
    refused("user-inactive", MoveUser("sam", "n2"), gone)
    back = told(user("sam", "agent", org_unit="n2"), people=gone)
    assert back.users["sam"].roles == {"agent"}


def test_what_is_so_already_is_no_event() -> None:
    gone = told(DeactivateUser("sam", NOON), people=ENTERPRISE)
    for people, command in [
        (gone, DeactivateUser("sam", NOON)),
        (ENTERPRISE, GrantRole("sam", "seller")),
        (ENTERPRISE, RevokeRole("sam", "agent")),
        (ENTERPRISE, MoveUser("sam", "n1", "red")),
        (ENTERPRISE, unit("n1", "north")),
        (ENTERPRISE, user("sam", "seller", org_unit="n1", team="red")),
    ]:
        assert DIRECTORY.decide(people, command) == []


# --- the last administrator


@pytest.mark.parametrize(
    "command",
    [DeactivateUser("ada", NOON), RevokeRole("ada", "administrator"), user("ada", "director")],
)
def test_the_last_administrator_stays(command: DirectoryCommand) -> None:
    refused("last-administrator", command)
    two = told(user("eve", "administrator"), people=ENTERPRISE)
    left = told(command, people=two)
    assert left.administrators == {"eve"}
    asleep = told(DeactivateUser("eve", NOON), people=two)
    refused("last-administrator", command, asleep)


ids = st.sampled_from(["a", "b", "c"])
commands = st.one_of(
    st.builds(
        ActivateUser, ids, ids, st.just("person"), st.sampled_from(["root", "north", "n1"]),
        roles=st.lists(st.sampled_from(["administrator", "seller"]), max_size=2).map(tuple),
    ),
    st.builds(DeactivateUser, ids, st.just(NOON)),
    st.builds(GrantRole, ids, st.sampled_from(["administrator", "seller"])),
    st.builds(RevokeRole, ids, st.sampled_from(["administrator", "seller"])),
    st.builds(
        ChangeOrgUnit, st.sampled_from(["north", "south", "n1", "n2", "red"]),
        st.sampled_from(["region", "unit", "team"]), st.just("x"),
        st.sampled_from(["root", "north", "south", "n1", "n2"]),
    ),
)  # fmt: skip


@given(st.lists(commands, max_size=30))
def test_whatever_is_asked_the_rules_hold(asked: Sequence[DirectoryCommand]) -> None:
    people, facts = People(), list[Fact]()
    for command in asked:
        ruled = bool(people.administrators)
        try:
            new = DIRECTORY.decide(people, command)
        except Rejected:
            continue
        people = DIRECTORY.fold(new, people)
        facts += new
        _hold(people)
        assert bool(people.administrators) >= ruled
    assert DIRECTORY.fold(facts) == people


def _hold(people: People) -> None:
    ruling = {
        one.id for one in people.users.values() if one.active and "administrator" in one.roles
    }
    assert people.administrators == ruling
    assert {one.login: one.id for one in people.users.values()} == dict(people.logins)
    below = people.below("root")
    assert below == {"root", *people.units}
    for one in people.units.values():
        assert one.id in people.children[one.parent]


def test_a_large_enterprise_folds_in_no_time() -> None:
    """Not timed: with maps that are copied at each change this would take minutes."""
    people = ENTERPRISE
    for number in range(20_000):
        people = people.with_user(
            User(
                f"u{number}", f"l{number}", "person", "n1", None, frozenset(ROLES[:1]), active=True
            )
        )
    assert len(people.users) == 20_002
