"""Four tiers by a published policy: reproducible, capped, steady, explained, and acted upon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.api import Api, eventually
from tests.acceptance.history import Bought, bring_in, fresh_source, ids
from tests.acceptance.judging import (
    CHANGED,
    COMPUTED,
    POLICY,
    insight,
    judge_all,
    publish_policy,
)
from tests.acceptance.stores import Stores
from tests.acceptance.system import System
from tests.acceptance.tier_oracle import Oracle, classify

Event = dict[str, Any]

pytestmark = pytest.mark.feature("S117")

CUSTOMERS = 260
FIRST_DAY = date(2003, 1, 10)
RUNS = tuple(datetime(*day, tzinfo=UTC) for day in ((2003, 12, 31), (2004, 1, 10), (2004, 3, 31)))
"""The second one is too soon for those whom the first one moved."""


def shop(seed: int = 7) -> list[Bought]:
    """Few customers who bring much and many who bring little, over fifteen months."""
    chance = Random(seed)
    bought = []
    for number in range(CUSTOMERS):
        scale = chance.lognormvariate(3.5, 1.2)
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            day = FIRST_DAY + timedelta(days=chance.randrange(440))
            cents = int(scale * chance.uniform(50, 150)) + 1
            bought.append(Bought(f"c{number}", day, 1, cents))
    return bought


@pytest.mark.feature("N05")
def test_tiers_are_what_anybody_computes_from_the_purchases(system: System, api: Api) -> None:
    source, bought = fresh_source(), shop()
    bring_in(system, source, bought)
    known = ids(source, bought)
    Stores(system).settle()
    version = publish_policy(api)
    oracle = Oracle()
    seen: list[Event] = []
    for at in RUNS:
        expected = oracle.judge(bought, at)
        run = judge_all(api, at)
        Stores(system).settle()
        moved = changes_of(system, known)[len(seen) :]
        seen += moved
        assert told(moved) == {known[name]: move for name, move in expected.items()}
        assert run["policy_version"] == version
        shown = tiers_shown(api, known)
        assert shown == {known[name]: tier for name, (tier, _) in oracle.tiers.items()}
        assert Counter(shown.values())["vip"] <= run["population"] // 100
        judged_again_the_same(api, at, run)
        for name in oracle.kept:
            assessed = insight(api, known[name], at)["assessed"]
            assert assessed["reason_code"] == "kept_by_hysteresis"
    assert oracle.kept, "nobody was near a limit: the test shows too little"
    ways = {(one["data"].get("from"), one["data"]["to"]) for one in seen}
    assert ways >= {("caring", "adaptive"), ("adaptive", "caring"), ("vip", "caring")}
    assert {to for _, to in ways} == {"vip", "caring", "adaptive", "indifferent"}
    check_evidence(system, seen, version)


def told(changes: Iterable[Event]) -> dict[str, tuple[str, str]]:
    """(tier, why) by customer."""
    return {one["subject"]: (one["data"]["to"], one["data"]["reason_code"]) for one in changes}


def changes_of(system: System, known: Mapping[str, str]) -> list[Event]:
    """The moves of these customers, by the time for which they were decided."""
    ours = set(known.values())
    events = (one for one in system.topics.events("analytics") if one["type"] == CHANGED)
    return sorted((one for one in events if one["subject"] in ours), key=lambda one: one["time"])


def tiers_shown(api: Api, known: Mapping[str, str]) -> dict[str, str]:
    ours = set(known.values())
    return {
        one["id"]: tier
        for tier in ("vip", "caring", "adaptive", "indifferent")
        for one in api.pages("/v1/analytics/customers", tier=tier, limit=200)
        if one["id"] in ours
    }


def judged_again_the_same(api: Api, at: datetime, first: Mapping[str, Any]) -> None:
    """Another run at the same moment looks at the same customers, and moves none of them."""
    again = judge_all(api, at)
    assert again["id"] != first["id"]
    assert again["population"] == first["population"]
    assert again["moved"] == {}


def computations(system: System) -> list[Event]:
    return [one for one in system.topics.events("analytics") if one["type"] == COMPUTED]


def check_evidence(system: System, changes: Sequence[Event], version: int) -> None:
    """Every change names its policy and its cause, and follows from the factors it names."""
    computed = {one["id"]: one["data"] for one in computations(system)}
    for one in changes:
        data, decision = one["data"], one["data"]["decision"]
        assert decision["policy_version"] == version
        (cause,) = decision["cause_event_ids"]
        factors = decision["factors"]
        limits = computed[cause]["thresholds"]
        assert factors["vip_threshold"] == limits["vip"]
        assert factors["caring_threshold"] == limits["caring"]
        value = cents(data["metrics"]["monetary"]) if data["metrics"]["frequency"] else None
        again = classify(value, cents(limits["vip"]), cents(limits["caring"]), data.get("from"))
        assert again == (data["to"], data["reason_code"])


def cents(money: Mapping[str, str]) -> int:
    return int(Decimal(money["amount"]) * 100)


# --- the first closed loop


def test_a_purchase_moves_the_tier_and_sales_and_service_follow(system: System, api: Api) -> None:
    publish_policy(api, min_days_between_moves=0)
    whale, riser = stories.customer(api).id, stories.customer(api).id
    stories.purchase(api, whale, "900000.00")
    first = stories.purchase(api, riser, "5.00")
    deal = stories.opportunity(api, riser)
    case = stories.case(api, riser)
    Stores(system).settle()
    judge_all(api)
    eventually(lambda: followed(api, riser, deal.id, case.id, "adaptive", 5, "normal"))

    bought = stories.purchase(api, riser, "1900000.00")
    eventually(lambda: followed(api, riser, deal.id, case.id, "vip", 15, "urgent"))
    later = stories.case(api, riser)
    assert api.read(f"/v1/service/cases/{later.id}", after=[later])["priority"] == "urgent"

    change = last_change(system, riser)
    assert change["data"]["reason_code"] == "top_value"
    assert set(change["data"]["decision"]["cause_event_ids"]) >= set(bought.events)
    shown = api.read(f"/v1/service/cases/{case.id}")
    assert shown["priority_cause"] == "tier_changed"
    assert shown["decision"]["cause_event_ids"] == [change["id"]]
    assert api.read(f"/v1/sales/customers/{riser}/summary")["tier_event_id"] == change["id"]
    assert first.version == 2


def followed(
    api: Api, customer_id: str, deal: str, case: str, tier: str, band: int, priority: str
) -> bool:
    """Whether all who care have taken the tier over."""
    summary = api.read(f"/v1/sales/customers/{customer_id}/summary")
    assert (summary.get("tier"), summary["discount_band_pct"]) == (tier, band)
    shown = api.read(f"/v1/sales/opportunities/{deal}")
    assert (shown.get("tier"), shown["discount_band_pct"]) == (tier, band)
    assert api.read(f"/v1/service/cases/{case}")["priority"] == priority
    assert api.read(f"/v1/marketing/customers/{customer_id}/summary").get("tier") == tier
    return True


def test_who_brings_a_loss_is_indifferent_whatever_he_spends(system: System, api: Api) -> None:
    publish_policy(api, min_days_between_moves=0)
    customer_id = stories.customer(api).id
    stories.purchase(api, stories.customer(api).id)
    Stores(system).settle()
    judge_all(api)
    lines = [{**stories.line("100.00"), "cost": stories.dollars("140.00")}]
    order = api.create(
        "/v1/sales/orders", {"customer_id": customer_id, "channel": "web", "lines": lines}
    )
    api.change(f"/v1/sales/orders/{order.id}/complete")
    change = eventually(lambda: last_change(system, customer_id))
    assert (change["data"]["to"], change["data"]["reason_code"]) == ("indifferent", "loss_making")
    assert change["data"]["metrics"]["margin"] == stories.dollars("-40.00")
    eventually(lambda: band(api, customer_id) == 0)


def last_change(system: System, customer_id: str) -> Event:
    changes = changes_of(system, {"": customer_id})
    assert changes, "nothing has moved yet"
    return changes[-1]


def band(api: Api, customer_id: str) -> int:
    pct: int = api.read(f"/v1/sales/customers/{customer_id}/summary")["discount_band_pct"]
    return pct


@pytest.mark.parametrize("share", ["0.02", "1"])
def test_no_policy_calls_more_than_one_in_a_hundred_a_vip(api: Api, share: str) -> None:
    before = publish_policy(api)
    body = {**POLICY, "vip_share": share, "policy_version": before + 1}
    answer = api.post("/v1/analytics/tier-policies", body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("vip-share-above-cap")
    assert api.read("/v1/analytics/tier-policy")["policy_version"] == before
