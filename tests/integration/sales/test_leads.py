"""The way of a lead through sales: dealt, accepted, opened, won, released; and the first loop."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.analytics import CustomerTierChanged
from events.contracts.base import fact
from events.contracts.marketing import LeadQualified
from events.envelope import Event
from tests.happened import happened
from tests.house import House
from tests.unit.http.depot import is_problem

pytestmark = pytest.mark.integration


def qualified(id: str = "lead-1", org_unit: str = "north", **more: Any) -> Event:
    one = fact(
        LeadQualified,
        lead_id=id,
        customer_id="ada",
        need="a pump for the cellar",
        product_line="tools",
        scope={"org_unit": org_unit, "team": "field"},
        **more,
    )
    return happened(id, one)[0]


def judged(*tiers: str) -> list[Event]:
    decision = {"policy_id": "p", "policy_version": 1, "cause_event_ids": [], "factors": {}}
    facts = [
        fact(
            CustomerTierChanged,
            customer_id="ada",
            to=tier,
            metrics={"frequency": 1, "monetary": {"amount": "1.00", "currency": "USD"}},
            reason_code="top_value",
            as_of="2026-01-31T12:00:00.000Z",
            decision=decision,
        )
        for tier in tiers
    ]
    return happened("ada", *facts)


def seller(sales: House, name: str, pool: str = "north", **more: Any) -> None:
    answer = sales.post(f"/v1/pools/{pool}/sellers", {"seller_id": name, **more})
    assert answer.status_code == 200, answer.json


def the_assignment(sales: House, **params: str) -> dict[str, Any]:
    (one,) = sales.get("/v1/assignments", **params).json["items"]
    return dict(one)


def accepted(sales: House, id: str = "lead-1", **more: Any) -> dict[str, Any]:
    """The opportunity of a lead that was qualified and accepted by ann."""
    seller(sales, "ann")
    sales.hear(qualified(id, **more))
    sales.change(f"/v1/pools/north/leads/{id}/accept", {"seller_id": "ann"})
    found = sales.get(f"/v1/opportunities/{the_assignment(sales)['opportunity_id']}")
    assert found.status_code == 200, found.json
    return dict(found.json)


@pytest.mark.feature("S02")
def test_a_qualified_lead_is_dealt_once_even_if_it_is_heard_twice(sales: House) -> None:
    seller(sales, "ann")
    seller(sales, "bob")

    sales.hear(qualified(), qualified())

    one = the_assignment(sales, lead_id="lead-1")
    assert (one["status"], one["seller_id"], one["need"]) == (
        "assigned",
        "ann",
        "a pump for the cellar",
    )
    pool = sales.get("/v1/pools/north").json
    assert [(one["seller_id"], one["open"]) for one in pool["sellers"]] == [("ann", 1), ("bob", 0)]
    assert (pool["round"], pool["waiting"]) == (1, 0)


def test_the_pool_is_that_of_the_org_unit_and_default_for_the_whole_enterprise(
    sales: House,
) -> None:
    sales.hear(qualified("lead-1", "south"), qualified("lead-2", "root"))

    assert the_assignment(sales, lead_id="lead-1")["pool_id"] == "south"
    assert the_assignment(sales, lead_id="lead-2")["pool_id"] == "default"
    assert sales.get("/v1/pools/default").json["waiting"] == 1


def test_a_waiting_lead_goes_to_the_first_seller_who_comes(sales: House) -> None:
    sales.hear(qualified())
    assert the_assignment(sales, status="waiting")["lead_id"] == "lead-1"

    seller(sales, "ann", lines=["tools"], max_open=1)

    assert the_assignment(sales, seller_id="ann")["status"] == "assigned"


def test_a_returned_lead_goes_to_somebody_else(sales: House) -> None:
    seller(sales, "ann")
    seller(sales, "bob")
    sales.hear(qualified())

    path = "/v1/pools/north/leads/lead-1/return"
    is_problem(sales.change(path, {"seller_id": "bob", "reason": "far"}), 409, "not-the-assignee")
    assert sales.change(path, {"seller_id": "ann", "reason": "far"}).status_code == 200

    one = the_assignment(sales)
    assert (one["seller_id"], one["returns"]) == ("bob", 1)
    assert one["last_return"] == {"seller_id": "ann", "reason": "far"}


@pytest.mark.feature("S02")
def test_an_accepted_lead_becomes_one_opportunity_without_typing_anything_again(
    sales: House,
) -> None:
    found = accepted(sales, budget={"amount": "900.00", "currency": "EUR"})

    assert found["lead"]["need"] == "a pump for the cellar"
    assert (found["customer_id"], found["lead_id"], found["pool_id"]) == ("ada", "lead-1", "north")
    assert found["amount"] == {"amount": "900.00", "currency": "EUR"}
    assert (found["owner"], found["team"], found["org_unit"]) == ("ann", "field", "north")
    assert (found["status"], found["stage"]) == ("open", "qualify")
    again = sales.change("/v1/pools/north/leads/lead-1/accept", {"seller_id": "ann"})
    is_problem(again, 409, "lead-already-accepted")
    assert len(sales.get("/v1/opportunities").json["items"]) == 1


def test_a_won_opportunity_releases_its_lead(sales: House) -> None:
    path = f"/v1/opportunities/{accepted(sales)['id']}"
    is_problem(sales.change(f"{path}/win", {"reason": "fit"}), 409, "not-in-last-stage")
    for stage in ("propose", "negotiate"):
        sales.change(f"{path}/advance", {"to": stage})
    assert sales.change(f"{path}/win", {"reason": "fit"}).status_code == 200

    assert the_assignment(sales)["status"] == "released"
    pool = sales.get("/v1/pools/north").json
    assert (pool["sellers"][0]["open"], pool["sellers"][0]["accepted"]) == (0, 0)
    summary = sales.get("/v1/customers/ada/summary").json
    assert (summary["opportunities_open"], summary["opportunities_won"]) == (0, 1)


def test_a_lost_opportunity_releases_its_lead(sales: House) -> None:
    path = f"/v1/opportunities/{accepted(sales)['id']}"

    sales.change(f"{path}/lose", {"reason": "price", "competitor_id": "acme"})

    assert the_assignment(sales)["status"] == "released"
    assert sales.get(path).json["competitor_id"] == "acme"


def test_a_stage_is_left_only_with_evidence(sales: House) -> None:
    opened = sales.post(
        "/v1/opportunities",
        {
            "customer_id": "ada",
            "amount": {"amount": "5000.00", "currency": "USD"},
            "pipeline": "project",
            "expected_close": "2026-09-30T00:00:00+02:00",
        },
    )
    path = opened.headers["Location"]
    shown = ({"criterion": "need_documented", "reference": "minutes of 3 March"},)

    refusal = sales.change(f"{path}/advance", {"to": "solution_design", "evidence": shown})
    assert is_problem(refusal, 409, "exit-criteria-unmet")["facts"]["missing"] == ["sponsor_named"]
    is_problem(sales.change(f"{path}/advance", {"to": "tender"}), 409, "stage-not-next")
    evidence = [*shown, {"criterion": "sponsor_named", "reference": "letter"}]
    sales.change(f"{path}/advance", {"to": "solution_design", "evidence": evidence})

    found = sales.get(path)
    assert (found.json["stage"], found.headers["ETag"]) == ("solution_design", '"2"')
    assert found.json["stages"][0]["evidence"] == evidence
    assert found.json["expected_close"] == "2026-09-29T22:00:00.000Z"
    assert "lead" not in found.json


def test_an_unknown_pipeline_is_refused_by_field(sales: House) -> None:
    body = {
        "customer_id": "ada",
        "amount": {"amount": "1.00", "currency": "USD"},
        "pipeline": "magic",
    }
    problem = is_problem(sales.post("/v1/opportunities", body), 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/pipeline"


@pytest.mark.feature("S117")
def test_the_discount_band_moves_with_the_tier_that_analytics_decided(sales: House) -> None:
    path = f"/v1/opportunities/{accepted(sales)['id']}"
    assert "tier" not in sales.get(path).json
    first, second = judged("vip", "indifferent")

    sales.hear(first)
    (listed,) = sales.get("/v1/opportunities").json["items"]
    assert (listed["tier"], listed["discount_band_pct"]) == ("vip", 15)
    assert sales.get("/v1/customers/ada/summary").json["discount_band_pct"] == 15

    sales.hear(second)
    assert sales.get(path).json["discount_band_pct"] == 0


def test_a_pool_needs_no_version_and_heeds_one(sales: House) -> None:
    seller(sales, "ann")
    body = {"seller_id": "ann", "weight": 2}

    refused = sales.post("/v1/pools/north/sellers", body, If_Match='"7"')
    is_problem(refused, 412, "precondition-failed")
    assert sales.post("/v1/pools/north/sellers", body, If_Match='"1"').headers["ETag"] == '"2"'
    is_problem(sales.get("/v1/pools/none"), 404, "not-found")
    unknown = sales.change("/v1/pools/north/leads/none/accept", {"seller_id": "ann"})
    is_problem(unknown, 404, "not-found")
