"""The insight into a customer, the policy, the reaction to purchases, lists and totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.contracts.base import fact
from events.contracts.sales import OrderCompleted
from events.envelope import Event
from events.types import utc_now
from services.analytics.views.customers import FILTERS, SORTS
from tests.happened import happened
from tests.house import House
from tests.integration.analytics.helpers import AS_OF, NOON, POLICY_2, bought, run
from tests.plans import faults, questions
from tests.unit.http.depot import is_problem

pytestmark = pytest.mark.integration


def just_bought(
    customer: str, amount: str, id: str = "now-1", *, backfilled: bool = False
) -> Event:
    one = fact(
        OrderCompleted,
        order_id=id,
        customer_id=customer,
        total={"amount": amount, "currency": "USD"},
        quantity=1,
    )
    (event,) = happened(id, one, start=utc_now())
    return replace(event, backfilled=backfilled)


def insight(analytics: House, customer: str, **params: str) -> dict[str, Any]:
    answer = analytics.get(f"/v1/customers/{customer}/insight", **params)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


@pytest.mark.feature("N11")
def test_an_insight_measures_any_moment_from_the_purchases(analytics: House) -> None:
    cost = {"amount": "30.00", "currency": "USD"}
    analytics.hear(
        bought("ada", "90.00", 10, 1, cost=cost),
        bought("ada", "10.00", 300, 2, cost=cost),
        bought("ada", "5.00", 400, 3),
    )

    now = insight(analytics, "ada", as_of=AS_OF)
    before = insight(analytics, "ada", as_of="2026-02-01T00:00:00Z")
    first = insight(analytics, "ada", as_of="2020-01-01T00:00:00Z")
    later = insight(analytics, "ada", as_of="2028-03-02T12:00:00Z")

    assert now["metrics"] == {
        "recency_days": 10,
        "frequency": 2,
        "monetary": {"amount": "100.00", "currency": "USD"},
        "margin": {"amount": "40.00", "currency": "USD"},
    }
    assert before["metrics"]["monetary"]["amount"] == "10.00"
    assert before["metrics"]["frequency"] == 1
    assert first["metrics"] == {"frequency": 0, "monetary": {"amount": "0.00", "currency": "USD"}}
    assert later["metrics"]["recency_days"] == 741
    assert later["metrics"]["frequency"] == 0
    assert "tier" not in now
    is_problem(analytics.get("/v1/customers/none/insight"), 404, "not-found")
    is_problem(analytics.get("/v1/customers/ada/insight", as_of="noon"), 400, "bad-parameter")


def test_an_insight_knows_what_was_decided_when(analytics: House) -> None:
    analytics.hear(bought("ada", "90.00"), bought("bob", "1.00", 20))
    done = run(analytics)

    now = insight(analytics, "bob", as_of=AS_OF)
    before = insight(analytics, "bob", as_of="2026-03-01T00:00:00Z")

    assert (now["tier"], now["tier_since"]) == ("adaptive", AS_OF)
    assert now["assessed"] == {"tier": "adaptive", "reason_code": "existing_goods_suffice"}
    assert now["computed"]["event_id"] == done["thresholds_event_id"]
    assert now["computed"]["population"] == 2
    assert "tier" not in before
    assert "assessed" not in before
    summary = analytics.get("/v1/customers/bob/summary").json
    assert (summary["tier"], summary["spent"]) == ("adaptive", {"USD": "1.00"})
    assert summary["tier_decision"]["cause_event_ids"] == [done["thresholds_event_id"]]
    is_problem(analytics.get("/v1/customers/none/summary"), 404, "not-found")


def test_the_policy_in_force_is_shown_with_its_last_thresholds(analytics: House) -> None:
    is_problem(analytics.get("/v1/tier-policy"), 404, "not-found")
    analytics.hear(bought("ada", "90.00"))
    run(analytics)

    first = analytics.get("/v1/tier-policy").json
    assert (first["policy_version"], first["computed"]["as_of"]) == (1, AS_OF)
    assert first["computed"]["thresholds"]["caring"] == {"amount": "90.00", "currency": "USD"}

    published = analytics.post("/v1/tier-policies", POLICY_2)
    assert published.status_code == 200, published.json
    second = analytics.get("/v1/tier-policy").json
    assert (second["policy_version"], second["window_days"]) == (2, 30)
    assert "computed" not in second


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"policy_version": 3}, 409, "policy-version-not-next", None),
        ({"policy_version": 1, "vip_share": "0.02"}, 409, "vip-share-above-cap", None),
        ({"policy_version": 1, "hysteresis": "1"}, 422, "invalid", "/hysteresis"),
        ({"policy_version": 1, "window_days": 0}, 422, "invalid", "/window_days"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    analytics: House, change: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    answer = analytics.post("/v1/tier-policies", {**POLICY_2, **change})

    problem = is_problem(answer, status, code)
    assert [one["pointer"] for one in problem.get("errors", ())] == ([pointer] if pointer else [])
    assert analytics.commits() == []


# --- the reaction


def insights(analytics: House) -> list[dict[str, Any]]:
    return [one for one in analytics.commits() if one["stream"].startswith("insight-")]


def test_a_purchase_moves_the_tier_at_once_with_its_evidence(analytics: House) -> None:
    analytics.hear(bought("ada", "90.00"), bought("bob", "1.00"))
    done = run(analytics)
    event = just_bought("cyd", "500.00")

    analytics.hear(event, event)

    (commit,) = [one for one in insights(analytics) if one["stream"] == "insight-cyd"]
    (moved,) = commit["events"]
    assert moved["data"]["to"] == "vip"
    assert moved["data"]["decision"]["cause_event_ids"] == [event.id, done["thresholds_event_id"]]
    assert commit["causation_id"] == event.id
    assert analytics.get("/v1/customers/cyd/summary").json["tier"] == "vip"


def test_nobody_is_judged_before_there_are_thresholds(analytics: House) -> None:
    analytics.hear(just_bought("ada", "90.00"))
    assert insights(analytics) == []

    run(analytics)
    analytics.post("/v1/tier-policies", POLICY_2)
    before = len(insights(analytics))
    analytics.hear(just_bought("bob", "90.00", "now-2"))
    assert len(insights(analytics)) == before


@pytest.mark.feature("S26")
def test_an_imported_purchase_moves_nothing(analytics: House) -> None:
    analytics.hear(bought("ada", "90.00"))
    run(analytics)

    analytics.hear(just_bought("bob", "500.00", backfilled=True))

    assert [one["stream"] for one in insights(analytics)] == ["insight-ada"]
    assert analytics.get("/v1/totals").json["purchases"] == 2


# --- lists and totals


def test_customers_are_listed_by_tier_and_value(analytics: House) -> None:
    analytics.hear(
        bought("ada", "90.00", 30),
        bought("bob", "1.00", 10),
        bought("cyd", "2.00", 20),
        bought("dan", "500.00", 600),
    )
    run(analytics)

    def ids(**params: Any) -> list[str]:
        return [one["id"] for one in analytics.get("/v1/customers", **params).json["items"]]

    assert ids() == ["dan", "ada", "cyd", "bob"]
    assert ids(sort="-last_purchase_at") == ["bob", "cyd", "ada", "dan"]
    assert ids(tier="adaptive") == ["cyd", "bob"]
    assert ids(tier="indifferent") == ["dan"]
    page = analytics.get("/v1/customers", limit=3).json
    assert ids(limit=3, cursor=page["next_cursor"]) == ["bob"]
    is_problem(analytics.get("/v1/customers", tier="gold"), 400, "bad-parameter")


def test_every_list_is_read_from_an_index(analytics: House) -> None:
    collection = analytics.views.collection("customers")
    collection.insert_many(
        [
            {
                "_id": f"{n:04d}",
                "tier": ("vip", "caring", "adaptive")[n % 3],
                "monetary": n,
                "last_purchase_at": NOON + timedelta(minutes=n),
            }
            for n in range(300)
        ]
    )
    wanted = dict.fromkeys(FILTERS, "caring")

    for filter, sort in questions(wanted, SORTS):
        after = [(collection.find_one({"_id": "0151"}) or {})[name] for name, _ in sort.keys]
        for place in (None, after):
            assert faults(collection, filter, sort, place) == [], (filter, sort, place)


def test_totals_are_exact(analytics: House) -> None:
    analytics.hear(*(bought(f"c-{n}", "0.10", n, n) for n in range(30)))

    told = analytics.get("/v1/totals").json

    assert told == {
        "customers": 0,
        "purchases": 30,
        "quantity": 30,
        "spent": {"USD": "3.00"},
        "tiers": {},
    }
