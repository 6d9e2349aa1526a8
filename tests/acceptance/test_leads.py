"""Leads on their way from marketing to an opportunity in sales: exactly one, and fairly dealt."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from events.types import new_id
from tests.acceptance import stories
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.referee import Referee
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

QUALIFIED = "crm.marketing.lead.qualified.v1"
ASSIGNED = "crm.sales.pool.lead_assigned.v1"
ACCEPTED = "crm.sales.pool.lead_accepted.v1"
RETURNED = "crm.sales.pool.lead_returned.v1"
OPENED = "crm.sales.opportunity.opened.v1"


def fresh_unit() -> str:
    return f"unit-{new_id()[-12:]}"


def assignments(api: Api, lead_id: str) -> list[dict[str, Any]]:
    return api.pages("/v1/sales/assignments", lead_id=lead_id)


def assigned(api: Api, lead_id: str) -> dict[str, Any]:
    """The lead's only assignment, once somebody has it."""
    (found,) = eventually(lambda: assignments(api, lead_id))
    return eventually(
        lambda: next((one for one in assignments(api, lead_id) if "seller_id" in one), found)
    )


def accept(api: Api, unit: str, lead_id: str) -> dict[str, Any]:
    """The opportunity that comes of it."""
    seller_id = assigned(api, lead_id)["seller_id"]
    done = api.change(f"/v1/sales/pools/{unit}/leads/{lead_id}/accept", {"seller_id": seller_id})
    (mine,) = api.read("/v1/sales/assignments", after=[done], lead_id=lead_id)["items"]
    return eventually(lambda: found(api, f"/v1/sales/opportunities/{mine['opportunity_id']}"))


def found(api: Api, path: str) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.feature("S02")
def test_a_qualified_lead_becomes_one_opportunity_however_often_it_is_told(
    system: System, api: Api
) -> None:
    unit = fresh_unit()
    stories.seller(api, unit, "s1")
    stories.seller(api, unit, "s2")
    customer_id = stories.customer(api).id
    lead = stories.lead(api, customer_id, scope={"org_unit": unit})
    budget = stories.dollars("1234.56")
    told = {"need": "A quiet pump", "product_line": "pumps", "budget": budget}

    first = qualify(api, lead.id, told)
    again = qualify(api, lead.id, told)
    assert again.replayed
    assert again.events == first.events

    opportunity = accept(api, unit, lead.id)
    mine = assigned(api, lead.id)
    assert mine["status"] == "accepted"
    assert opportunity["customer_id"] == customer_id
    assert opportunity["amount"] == budget
    assert opportunity["lead"]["need"] == "A quiet pump"
    assert opportunity["lead"]["product_line"] == "pumps"
    assert opportunity["lead_id"] == lead.id
    assert opportunity["owner"] == mine["seller_id"]

    tell_again(system, lead.id)
    # The same customer and pool, hence the same partitions: what was told again is behind us then.
    second = stories.qualified(api, customer_id, unit)
    accept(api, unit, second)
    Stores(system).settle()

    assert [one["status"] for one in assignments(api, lead.id)] == ["accepted"]
    deals = api.pages("/v1/sales/opportunities", customer_id=customer_id)
    assert Counter(deal["id"] for deal in deals)[opportunity["id"]] == 1
    assert len(deals) == 2
    happened = Counter(
        one["type"]
        for one in system.topics.events("sales")
        if one["data"].get("lead_id") == lead.id
    )
    assert happened == {ASSIGNED: 1, ACCEPTED: 1, OPENED: 1}


def qualify(api: Api, lead_id: str, told: dict[str, Any]) -> Done:
    return api.change(
        f"/v1/marketing/leads/{lead_id}/qualify", told, Idempotency_Key=f"qualify-{lead_id}"
    )


def tell_again(system: System, lead_id: str) -> None:
    """Every record about the lead is on its topic twice more."""
    about = [
        raw
        for raw in system.topics.records("marketing", "sales")
        if raw.event["data"].get("lead_id") == lead_id
    ]
    assert {raw.event["type"] for raw in about} >= {QUALIFIED, ASSIGNED, ACCEPTED, OPENED}
    for raw in about * 2:
        system.topics.send_again(raw)


@pytest.mark.feature("N05")
@pytest.mark.feature("N07")
def test_anybody_can_recompute_who_got_which_lead_from_the_log_alone(
    system: System, api: Api
) -> None:
    unit = fresh_unit()
    stories.seller(api, unit, "ann", weight=3, max_open=4)
    stories.seller(api, unit, "bob", weight=1, max_open=4, lines=["pumps"])
    stories.seller(api, unit, "cem", weight=2, max_open=4)
    leads = in_parallel(api, unit, ["pumps", "valves"] * 8)
    dealt = eventually(lambda: at_rest(api, unit, len(leads)))

    # Returned leads, freed hands and somebody off duty: each deals what waits.
    for one in dealt[:3]:
        path = f"/v1/sales/pools/{unit}/leads/{one['lead_id']}/return"
        api.change(path, {"seller_id": one["seller_id"], "reason": "no_time"})
    last = stories.seller(api, unit, "cem", weight=2, max_open=4, on_duty=False)
    held = api.pages("/v1/sales/assignments", after=[last], pool_id=unit, status="assigned")
    for one in held[:6]:
        path = f"/v1/sales/pools/{unit}/leads/{one['lead_id']}/accept"
        api.change(path, {"seller_id": one["seller_id"]})
    stories.seller(api, unit, "dora", weight=2, max_open=20)
    Stores(system).settle()

    referee = Referee().follow(system.topics.stream("sales", f"pool-{unit}"))
    assert referee.complaints == []
    assert referee.queued, "nobody ever had to wait: the test shows too little"
    assert {lead for lead, _ in referee.dealt} == set(leads)
    assert causes(system, f"pool-{unit}") == qualifications(system, leads)


@pytest.mark.feature("N07")
def test_equal_weights_get_equal_shares_in_every_round(system: System, api: Api) -> None:
    unit = fresh_unit()
    for name in ("ann", "bob", "cem"):
        stories.seller(api, unit, name, max_open=50)
    leads = in_parallel(api, unit, ["pumps"] * 20)
    eventually(lambda: at_rest(api, unit, len(leads)))
    Stores(system).settle()
    referee = Referee().follow(system.topics.stream("sales", f"pool-{unit}"))
    assert referee.complaints == []
    shares = Counter(dict.fromkeys(("ann", "bob", "cem"), 0))
    for _, seller in referee.dealt:
        shares[seller] += 1
        assert max(shares.values()) - min(shares.values()) <= 1
    assert shares.total() == len(leads)


def test_a_referee_would_see_an_unfair_deal() -> None:
    """The check above can fail: somebody else gets the lead, and the referee says so."""
    sellers = [
        event("seller_capacity_set", seller_id=name, weight=1, max_open=5, on_duty=True, lines=[])
        for name in ("ann", "bob")
    ]
    able = [{"seller_id": name, "weight": 1, "open": 0, "credit": 0} for name in ("ann", "bob")]
    bent = event(
        "lead_assigned",
        lead_id="l1",
        seller_id="bob",
        round=1,
        candidates=able,
        product_line="pumps",
    )
    referee = Referee().follow([*sellers, bent])
    assert referee.complaints == ["lead l1: went to bob, should go to ann"]


def event(fact: str, **data: Any) -> dict[str, Any]:
    return {"type": f"crm.sales.pool.{fact}.v1", "data": data}


def in_parallel(api: Api, unit: str, lines: list[str]) -> list[str]:
    """Leads of as many new customers, in whatever order they reach sales."""

    def qualified(line: str) -> str:
        return stories.qualified(api, stories.customer(api).id, unit, product_line=line)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(qualified, lines))


def at_rest(api: Api, unit: str, leads: int) -> list[dict[str, Any]]:
    """Those who have a seller, once every lead has come to the pool."""
    items = api.pages("/v1/sales/assignments", pool_id=unit)
    assert len(items) == leads
    return [one for one in items if one["status"] == "assigned"]


def causes(system: System, stream: str) -> set[str]:
    """The events by which the pool explains its draws."""
    return {
        cause
        for one in system.topics.stream("sales", stream)
        if one["type"] == ASSIGNED
        for cause in one["data"]["decision"]["cause_event_ids"]
    }


def qualifications(system: System, leads: list[str]) -> set[str]:
    return {
        one["id"]
        for one in system.topics.events("marketing")
        if one["type"] == QUALIFIED and one["data"]["lead_id"] in leads
    }
