"""Analytics' views: what the documents say, in whichever order the streams arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings

from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.contracts.money import Money
from events.contracts.sales import OrderCompleted
from events.envelope import Event
from events.projection.stripes import sum_stripes
from services.analytics.domain.insight import INSIGHT
from services.analytics.domain.policy import POLICY_1
from services.analytics.domain.tier_policy import TIER_POLICY, ComputeThresholds, PublishPolicy
from services.analytics.domain.tiers import Purchase
from services.analytics.views import VIEWS
from services.analytics.views.customers import customers
from services.analytics.views.purchases import purchases
from services.analytics.views.reading import purchase, thresholds_of
from services.analytics.views.tier_policies import tier_policies, tier_thresholds
from services.analytics.views.totals import totals
from tests.happened import NOON, happened, mixed, shown_by
from tests.unit.analytics import mothers
from tests.unit.analytics.mothers import CUSTOMER, assess, members, second_policy, usd, worth


def completed(
    id: str,
    amount: str = "10.00",
    *,
    customer: str = CUSTOMER,
    at: datetime = NOON,
    currency: str = "USD",
    **more: Any,
) -> list[Event]:
    one = fact(
        OrderCompleted,
        order_id=id,
        customer_id=customer,
        total={"amount": amount, "currency": currency},
        quantity=2,
        **more,
    )
    return happened(id, one, start=at)


def judged(*amounts: str) -> list[Event]:
    """One move of the tier for each value, two months apart."""
    facts, state = [], INSIGHT.initial
    for number, amount in enumerate(amounts):
        at = mothers.NOON + timedelta(days=60 * number)
        facts.extend(INSIGHT.decide(state, assess(worth(amount), at)))
        state = INSIGHT.fold(facts)
    return happened(CUSTOMER, *facts)


def policies() -> list[Event]:
    facts, state = [], TIER_POLICY.initial
    for command in (
        PublishPolicy(POLICY_1, mothers.NOON),
        ComputeThresholds(POLICY_1.policy_id, 1, members([100, 50, 1]), mothers.NOON),
        PublishPolicy(second_policy(window_days=30), mothers.NOON),
    ):
        facts.extend(TIER_POLICY.decide(state, command))
        state = TIER_POLICY.fold(facts)
    return happened(POLICY_1.policy_id, *facts)


def registered() -> list[Event]:
    one = fact(
        CustomerRegistered,
        customer_id=CUSTOMER,
        kind="person",
        roles=["end_customer"],
        contact_points=[],
        source="web",
        scope={"org_unit": "root"},
    )
    return happened(CUSTOMER, one)


def test_a_completed_order_is_a_purchase_with_its_exact_figures() -> None:
    cost = {"amount": "4.20", "currency": "USD"}

    shown = shown_by(purchases, completed("o-1", "10.50", cost=cost))["o-1"]

    assert shown["total"] == {"amount": Decimal("10.50"), "currency": "USD"}
    assert (shown["customer_id"], shown["at"], shown["quantity"]) == (CUSTOMER, NOON, 2)
    assert purchase(shown) == Purchase(NOON, usd("10.50"), usd("4.20"))


def test_a_purchase_without_cost_has_none() -> None:
    shown = shown_by(purchases, completed("o-1"))["o-1"]
    assert purchase(shown).cost is None


def test_a_customer_adds_up_by_currency_and_knows_first_and_last() -> None:
    day = timedelta(days=1)
    shown = shown_by(
        customers,
        completed("o-2", "0.20", at=NOON + day),
        completed("o-1", "0.10"),
        completed("o-3", "7.00", at=NOON - day, currency="EUR"),
    )[CUSTOMER]

    assert shown["spent"] == {"USD": Decimal("0.30"), "EUR": Decimal("7.00")}
    assert shown["monetary"] == Decimal("0.30")
    assert (shown["purchases"], shown["quantity"]) == (3, 6)
    assert (shown["first_purchase_at"], shown["last_purchase_at"]) == (NOON - day, NOON + day)


def test_a_customer_keeps_the_tier_with_its_evidence() -> None:
    events = judged("5000", "10")

    shown = shown_by(customers, events)[CUSTOMER]

    assert (shown["tier"], shown["tier_reason"]) == ("adaptive", "existing_goods_suffice")
    assert shown["tier_since"] == mothers.NOON + timedelta(days=60)
    assert shown["tier_decision"]["cause_event_ids"] == ["event-1"]
    assert shown["tier_metrics"]["monetary"] == {"amount": "10.00", "currency": "USD"}
    assert (shown["insight_version"], shown["tier_event_id"]) == (2, events[1].id)


def test_every_version_of_the_policy_and_all_thresholds_are_kept() -> None:
    events = policies()
    versions = shown_by(tier_policies, events)
    (computed,) = shown_by(tier_thresholds, events).values()

    assert sorted(versions) == ["customer_tiers@1", "customer_tiers@2"]
    assert versions["customer_tiers@2"]["window_days"] == 30
    limits = thresholds_of(computed)
    assert (limits.population, limits.policy_version, limits.as_of) == (3, 1, mothers.NOON)
    assert limits.vip == Money(Decimal("100.00"), "USD")
    assert computed["event_id"] == events[1].id


def test_totals_count_who_is_in_which_tier_now() -> None:
    streams = [completed(f"o-{n}", customer=f"c-{n}") for n in range(40)]
    stripes = shown_by(totals, *streams, judged("5000", "10"), registered())

    assert len(stripes) > 10
    assert sum_stripes(stripes.values()) == {
        "customers": 1,
        "purchases": 40,
        "quantity": 80,
        "spent": {"USD": Decimal("400.00")},
        "tiers": {"vip": 0, "adaptive": 1},
    }


STREAMS = (
    completed("o-1"),
    completed("o-2", "3.33", at=NOON + timedelta(days=3)),
    completed("o-3", at=NOON + timedelta(days=3), currency="EUR"),
    judged("5000", "10", "9000"),
    policies(),
    registered(),
)


@given(mixed(*STREAMS))
@settings(max_examples=60, deadline=None)
def test_any_interleaving_in_any_batches_shows_the_same(batches: list[list[Event]]) -> None:
    in_order = [event for stream in STREAMS for event in stream]
    for view in VIEWS:
        assert shown_by(view, *batches) == shown_by(view, in_order)
