"""Marketing over HTTP, on a real MongoDB: what is done, what is refused, what is read."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import Fact
from events.types import new_id
from services.marketing.api.customers import CustomerAnswer, CustomerGlance
from tests.happened import NOON, about, happened
from tests.house import House
from tests.unit.http.depot import is_problem
from tests.unit.marketing.test_views import called_unknown, tier_changed

pytestmark = pytest.mark.integration

ADA = {"kind": "person", "source": "web_form", "name": "Ada Lovelace"}
INTEREST = {"touch": "fair", "channel": "booth"}


def registered(house: House, **changes: Any) -> str:
    """The id of a new customer."""
    answer = house.post("/v1/customers", {**ADA, **changes})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def captured(house: House) -> str:
    """The id of a new lead of a new customer."""
    answer = house.post("/v1/leads", {**INTEREST, "customer_id": registered(house)})
    return str(answer.json["id"])


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in is_problem(answer, 422, "invalid")["errors"]]


# --- customers


def test_a_registered_customer_is_found_where_the_answer_says(house: House) -> None:
    body = {
        **ADA,
        "roles": ["partner"],
        "contact_points": [{"kind": "email", "value": "ada@example.com"}],
        "locale": "en-GB",
        "scope": {"org_unit": "north", "owner": "sam"},
    }
    answer = house.post("/v1/customers", body)

    found = house.get(answer.headers["Location"])
    assert found.headers["ETag"] == answer.headers["ETag"] == '"1"'
    assert set(found.json) <= set(CustomerAnswer().fields)
    assert (found.json["id"], found.json["status"]) == (answer.json["id"], "registered")
    assert found.json["profile"]["locale"]["value"] == "en-GB"
    assert found.json["roles"] == ["partner"]
    assert (found.json["org_unit"], found.json["owner"]) == ("north", "sam")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "robot"}, "/kind"),
        ({"source": "Web Form"}, "/source"),
        ({"roles": []}, "/roles"),
        ({"contact_points": [{"kind": "email"}]}, "/contact_points/0/value"),
        ({"scope": {"team": "t"}}, "/scope/org_unit"),
        ({"nmae": "Ada"}, "/nmae"),
    ],
)
def test_a_wrong_registration_names_the_field_and_changes_nothing(
    house: House, changes: dict[str, Any], pointer: str
) -> None:
    before = len(house.commits())
    assert pointers(house.post("/v1/customers", {**ADA, **changes})) == [pointer]
    assert len(house.commits()) == before


def test_an_organization_needs_a_name(house: House) -> None:
    answer = house.post("/v1/customers", {"kind": "organization", "source": "fair"})
    is_problem(answer, 409, "name-missing")


def test_a_member_number_belongs_to_one_customer(house: House) -> None:
    member_no = new_id()
    registered(house, member_no=member_no)
    answer = house.post("/v1/customers", {**ADA, "member_no": member_no})
    is_problem(answer, 409, "claim-taken")


def test_a_repeated_registration_registers_once(house: House) -> None:
    before = len(house.commits())
    answers = [house.post("/v1/customers", ADA, Idempotency_Key="ada-once") for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(house.commits()) == before + 1
    other = house.post("/v1/customers", {**ADA, "name": "Bea"}, Idempotency_Key="ada-once")
    is_problem(other, 422, "idempotency-key-reused")


def test_an_update_shows_each_value_with_its_source(house: House) -> None:
    path = f"/v1/customers/{registered(house)}"
    body = {
        "values": {"birth_date": "1815-12-10", "income": {"amount": "90.50", "currency": "GBP"}},
        "source": "phone_call",
        "actor": "agent-7",
    }

    answer = house.post(f"{path}/profile", body, If_Match='"1"')

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    shown = house.get(path).json
    birth_date = shown["profile"]["birth_date"]
    assert (birth_date["value"], birth_date["source"], birth_date["actor"]) == (
        "1815-12-10",
        "phone_call",
        "agent-7",
    )
    assert shown["profile"]["name"]["source"] == "web_form"
    assert shown["profile"]["income"]["value"] == {"amount": "90.50", "currency": "GBP"}


def test_null_makes_a_value_unknown(house: House) -> None:
    path = f"/v1/customers/{registered(house)}"
    house.change(f"{path}/profile", {"values": {"name": None}, "source": "phone_call"})
    assert "name" not in house.get(path).json


def test_an_update_that_changes_nothing_writes_nothing(house: House) -> None:
    path = f"/v1/customers/{registered(house)}/profile"
    body = {"values": {"name": ADA["name"]}, "source": "phone_call"}
    assert house.change(path, body).json["events"] == []


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"birth_date": "1815-02-30"}, "/values/birth_date"),
        ({"birth_date": "2999-01-01"}, "/values/birth_date"),
        ({"roles": None}, "/values/roles"),
        ({"address": {"country": "Albania"}}, "/values/address/country"),
        ({"shoe_size": 44}, "/values/shoe_size"),
    ],
)
def test_a_wrong_value_is_named(house: House, values: dict[str, Any], pointer: str) -> None:
    path = f"/v1/customers/{registered(house)}/profile"
    assert pointers(house.change(path, {"values": values, "source": "phone_call"})) == [pointer]


def test_an_update_keeps_to_the_version_that_was_seen(house: House) -> None:
    path = f"/v1/customers/{registered(house)}/profile"
    body = {"values": {"name": "Ada King"}, "source": "phone_call"}
    is_problem(house.post(path, body), 428, "precondition-required")
    stale = house.post(path, body, If_Match='"7"')
    is_problem(stale, 412, "precondition-failed")
    assert stale.headers["ETag"] == '"1"'


def test_who_is_not_there_is_not_found(house: House) -> None:
    nobody = f"/v1/customers/{new_id()}"
    for path in (nobody, f"{nobody}/summary"):
        is_problem(house.get(path), 404, "not-found")
    body = {"values": {"name": "Nobody"}, "source": "phone_call"}
    is_problem(house.change(f"{nobody}/profile", body), 404, "not-found")


def test_a_summary_tells_the_profile_the_leads_and_the_tier(house: House) -> None:
    ada = registered(house)
    house.post("/v1/leads", {**INTEREST, "customer_id": ada})
    house.hear(*of_customer(tier_changed("vip"), ada))

    summary = house.get(f"/v1/customers/{ada}/summary").json

    assert set(summary) <= set(CustomerGlance().fields)
    assert [one["channel"] for one in summary["open_leads"]] == ["booth"]
    assert (summary["name"], summary["tier"]) == ("Ada Lovelace", "vip")
    assert summary["leads"] == {"open": 1, "captured": 1, "qualified": 0, "disqualified": 0}
    assert (summary["last_touch"]["touch"], summary["last_touch"]["channel"]) == ("fair", "booth")


def test_an_unknown_caller_is_a_provisional_customer(house: House) -> None:
    stranger = new_id()
    house.hear(*of_customer(called_unknown(), stranger, id=new_id()))

    found = house.get(f"/v1/customers/{stranger}")

    assert (found.status_code, found.json["status"]) == (200, "provisional")
    assert found.json["unknown_party"]["contact_point"]["kind"] == "phone"
    assert "ETag" not in found.headers
    listed = house.get("/v1/customers", status="provisional").json["items"]
    assert stranger in [item["id"] for item in listed]


def of_customer(events: list[Any], customer_id: str, id: str | None = None) -> list[Any]:
    """The stream of the mothers, about another customer."""
    facts = [about(Fact(one.type, one.data), customer_id=customer_id) for one in events]
    return happened(id or customer_id, *facts, start=NOON)


# --- leads


def test_a_lead_is_captured_qualified_and_then_decided_for_good(house: House) -> None:
    lead = f"/v1/leads/{captured(house)}"
    body = {
        "need": "a difference engine",
        "product_line": "engines",
        "budget": {"amount": "17000.00", "currency": "GBP"},
    }

    answer = house.post(f"{lead}/qualify", body, If_Match='"1"')

    assert (answer.status_code, answer.json["version"]) == (200, 2)
    found = house.get(lead)
    assert found.headers["ETag"] == '"2"'
    assert (found.json["status"], found.json["need"]) == ("qualified", body["need"])
    assert found.json["budget"] == body["budget"]
    for path, again in (("qualify", body), ("disqualify", {"reason": "no_budget"})):
        is_problem(house.change(f"{lead}/{path}", again), 409, "already-qualified")


def test_a_disqualified_lead_says_why(house: House) -> None:
    lead = f"/v1/leads/{captured(house)}"
    assert house.change(f"{lead}/disqualify", {"reason": "no_budget"}).status_code == 200
    shown = house.get(lead).json
    assert (shown["status"], shown["reason"]) == ("disqualified", "no_budget")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({}, "/customer_id"),
        ({"customer_id": "c-1", "customer": ADA}, "/customer_id"),
        ({"customer_id": "c-1", "touch": "dream"}, "/touch"),
        ({"customer_id": "c-1", "interest": ["not an id"]}, "/interest/0"),
        ({"customer": {"kind": "person"}}, "/customer/source"),
    ],
)
def test_a_wrong_lead_names_the_field_and_changes_nothing(
    house: House, changes: dict[str, Any], pointer: str
) -> None:
    before = len(house.commits())
    assert pointers(house.post("/v1/leads", {**INTEREST, **changes})) == [pointer]
    assert len(house.commits()) == before


def test_a_lead_that_is_not_there_is_not_found(house: House) -> None:
    lead = f"/v1/leads/{new_id()}"
    is_problem(house.get(lead), 404, "not-found")
    is_problem(house.change(f"{lead}/disqualify", {"reason": "no_budget"}), 404, "not-found")


def test_a_new_customer_is_registered_with_the_lead(house: House) -> None:
    body = {**INTEREST, "customer": ADA, "scope": {"org_unit": "north"}}

    answer = house.post("/v1/leads", body)

    lead = house.get(answer.headers["Location"]).json
    customer = house.get(f"/v1/customers/{lead['customer_id']}").json
    assert (customer["name"], customer["org_unit"]) == ("Ada Lovelace", "north")
    assert customer["leads"]["open"] == 1
    token = answer.headers["Consistency-Token"]
    assert token == f"lead-{lead['id']}@1, customer-{customer['id']}@1"
    waited = house.client.get("/v1/leads", headers={"Consistency-Token": token})
    assert waited.headers["Consistency"] == "current"


def test_a_new_customer_whom_the_rules_refuse_leaves_no_lead(house: House) -> None:
    before = len(house.commits())
    body = {**INTEREST, "customer": {"kind": "organization", "source": "fair"}}
    is_problem(house.post("/v1/leads", body), 409, "name-missing")
    assert len(house.commits()) == before


def test_a_request_that_broke_off_after_the_customer_goes_on_with_him(house: House) -> None:
    body = {**INTEREST, "customer": {**ADA, "name": "Once"}}
    broken_off = house.client.post("/v1/leads", json=body, headers={"Idempotency-Key": "once"})
    house.db["commits"].delete_one({"stream": broken_off.json["stream"]})

    answers = [house.post("/v1/leads", body, Idempotency_Key="once") for _ in range(2)]

    assert answers[0].json["id"] != broken_off.json["id"]
    assert answers[1].json == answers[0].json
    shown = house.get(answers[0].headers["Location"]).json
    again = [
        item for item in house.get("/v1/customers").json["items"] if item.get("name") == "Once"
    ]
    assert [item["id"] for item in again] == [shown["customer_id"]]
