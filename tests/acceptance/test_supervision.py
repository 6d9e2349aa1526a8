"""Every operation has its actor, and who read personal data is on record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.api import Api, eventually
from tests.acceptance.system import System


def customer(api: Api) -> Any:
    body = {"kind": "person", "source": "web", "name": "Ada Lovelace",
            "scope": {"org_unit": "north-1"}}  # fmt: skip
    return api.create("/v1/marketing/customers", body)


@pytest.mark.feature("S63")
def test_a_supervisor_sees_who_did_what_and_who_looked_at_whom(system: System) -> None:
    dora, sam, ali, otto = map(system.api_of, ("dora", "sam", "ali", "otto"))
    someone = customer(dora)
    sam.read(f"/v1/marketing/customers/{someone.id}", [someone])
    sam.read(f"/v1/customers/{someone.id}")
    ali.read(f"/v1/marketing/customers/{someone.id}")  # sees no personal data
    done = sam.create(
        "/v1/marketing/leads",
        {"customer_id": someone.id, "touch": "call", "channel": "phone"},
    )

    story = otto.read(f"/v1/sales/customers/{someone.id}/timeline", [done])["items"]
    assert {one["type"].split(".")[3]: one["actor"] for one in story} == {
        "registered": "dora",
        "captured": "sam",
    }

    def recorded() -> list[Any]:
        found: list[Any] = otto.read("/v1/platform/accesses", record=someone.id)["items"]
        assert len(found) >= 3
        return found

    looked = {(one["actor"], one["what"]) for one in eventually(recorded)}
    assert {("sam", "marketing.get_customer"), ("sam", "gateway.getCustomer")} <= looked
    assert "ali" not in {actor for actor, _ in looked}
    by_sam = otto.pages("/v1/platform/accesses", actor="sam")
    assert someone.id in {one.get("record") for one in by_sam}


def test_only_an_auditor_asks_that(system: System) -> None:
    for login in ("dora", "remy", "sam", "ann", "ali", "ida", "ada"):
        assert system.api_of(login).get("/v1/platform/accesses").status_code == 403, login


def test_reading_again_within_the_hour_is_one_record(system: System) -> None:
    dora, otto = system.api_of("dora"), system.api_of("otto")
    someone = customer(dora)
    for _ in range(5):
        dora.read(f"/v1/marketing/customers/{someone.id}", [someone])

    def recorded() -> list[Any]:
        return otto.pages("/v1/platform/accesses", record=someone.id)

    eventually(recorded)
    assert len(recorded()) == 1


def test_nobody_acts_in_another_name(system: System) -> None:
    dora, otto = system.api_of("dora"), system.api_of("otto")
    body = {"kind": "person", "source": "web"}
    done = dora.create("/v1/marketing/customers", body, X_Actor="sam", X_Forwarded_User="sam")
    (entry,) = otto.read(f"/v1/sales/customers/{done.id}/timeline", [done])["items"]
    assert entry["actor"] == "dora"
