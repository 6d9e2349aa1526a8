"""The directory as a house: commands, lists, and the gateway's memory of it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.directory import TRUSTED_SECONDS, Directory
from tests.access import a_caller
from tests.house import House


def let_in(platform: House, id: str, *roles: str, **more: Any) -> Any:
    body = {"login": f"{id}@example.org", "org_unit": "root", "roles": list(roles), **more}
    return platform.post(f"/v1/users/{id}", body)


def test_users_are_let_in_moved_and_listed(platform: House) -> None:
    assert (
        platform.post(
            "/v1/org-units/north", {"kind": "region", "name": "North", "parent": "root"}
        ).status_code
        == 200
    )
    let_in(platform, "ada", "administrator", name="Ada")
    let_in(platform, "sam", "seller", name="Sam")
    platform.post("/v1/users/sam/move", {"org_unit": "north"})
    platform.post("/v1/users/sam/roles/grant", {"role": "agent"})
    platform.post("/v1/users/sam/roles/revoke", {"role": "seller"})

    sam = platform.get("/v1/users/sam").json
    assert (sam["org_unit"], sam["roles"], sam["active"]) == ("north", ["agent"], True)
    listed = platform.get("/v1/users", org_unit="north").json["items"]
    assert [one["id"] for one in listed] == ["sam"]
    assert [one["id"] for one in platform.get("/v1/org-units").json["items"]] == ["north"]


def test_a_broken_rule_is_told_and_changes_nothing(platform: House) -> None:
    let_in(platform, "ada", "administrator")
    answer = platform.post("/v1/users/ada/deactivate")
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:throughline:problem:last-administrator"
    assert platform.get("/v1/users/ada").json["active"]

    answer = let_in(platform, "eve", "janitor")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/roles/0"


@pytest.mark.parametrize("role", ["director", "auditor", "integrator"])
def test_only_an_administrator_changes_the_directory(platform: House, role: str) -> None:
    platform.client = platform.client_of(a_caller(role))
    assert let_in(platform, "eve", "administrator").status_code == 403
    assert platform.get("/v1/users").status_code == 200


def test_names_and_logins_are_for_those_who_may_see_personal_data(platform: House) -> None:
    let_in(platform, "sam", "seller", name="Sam")
    platform.client = platform.client_of(a_caller("analyst"))
    shown = platform.get("/v1/users/sam").json
    assert (shown["name"], shown["login"]) == ("•••", "•••")


# --- the gateway's memory


def test_what_was_decided_is_known_at_the_next_look_without_kafka(platform: House) -> None:
    directory = Directory(platform.inner.store)
    directory.refresh()
    assert directory.snapshot.people.user_by_login("sam@example.org") is None

    platform.client.post(
        "/v1/users/sam", json={"login": "sam@example.org", "org_unit": "root", "roles": ["seller"]}
    )  # neither relayed nor projected
    directory.refresh()
    sam = directory.snapshot.people.user_by_login("sam@example.org")
    assert sam is not None
    assert sam.roles == {"seller"}

    before = directory.snapshot.version
    platform.client.post("/v1/users/sam/deactivate")
    directory.refresh()
    assert not directory.snapshot.people.users["sam"].active
    assert directory.snapshot.version == before + 1


def test_a_directory_that_was_not_read_for_long_is_not_trusted(platform: House) -> None:
    now = [100.0]
    directory = Directory(platform.inner.store, lambda: now[0])
    assert not directory.fresh
    directory.refresh()
    assert directory.fresh
    now[0] += TRUSTED_SECONDS + 1
    assert not directory.fresh
