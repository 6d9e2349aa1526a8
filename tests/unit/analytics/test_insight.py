"""A customer's tier moves with its reasons, at most once in the days between moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as some

from events.contracts.analytics import CustomerTierChanged
from events.contracts.base import Fact, fact
from events.contracts.money import Money
from events.types import parse_time
from services.analytics.domain.insight import INSIGHT
from services.analytics.domain.policy import POLICY_1
from services.analytics.domain.tiers import Metrics, Thresholds, classify
from tests.given import given
from tests.unit.analytics.mothers import (
    CUSTOMER,
    NOON,
    assess,
    days_ago,
    limits,
    nothing,
    second_policy,
    usd,
    worth,
)


def changed(measured: Metrics, before: Sequence[Fact] = (), **more: Any) -> Fact:
    facts = INSIGHT.decide(INSIGHT.fold(before), assess(measured, **more))
    assert len(facts) == 1
    return facts[0]


@pytest.mark.feature("N05")
@pytest.mark.feature("S117")
def test_the_first_assessment_has_no_from_and_says_why() -> None:
    given(INSIGHT).when(assess(worth("1500", margin=usd("200")))).then(
        fact(
            CustomerTierChanged,
            customer_id=CUSTOMER,
            to="vip",
            metrics={
                "recency_days": 10,
                "frequency": 1,
                "monetary": {"amount": "1500.00", "currency": "USD"},
                "margin": {"amount": "200.00", "currency": "USD"},
            },
            reason_code="top_value",
            as_of="2026-03-02T12:00:00.000Z",
            decision={
                "policy_id": "customer_tiers",
                "policy_version": 1,
                "cause_event_ids": ["event-1"],
                "factors": {
                    "thresholds_as_of": "2026-03-02T12:00:00.000Z",
                    "population": 500,
                    "vip_threshold": {"amount": "1000.00", "currency": "USD"},
                    "caring_threshold": {"amount": "100.00", "currency": "USD"},
                },
            },
        )
    )


def test_a_customer_without_purchases_is_indifferent_from_the_start() -> None:
    fact_of_nobody = changed(nothing())
    assert fact_of_nobody.data["to"] == "indifferent"
    assert "recency_days" not in fact_of_nobody.data["metrics"]


def test_the_same_tier_is_no_news() -> None:
    before = changed(worth("200"), at=days_ago(100))
    given(INSIGHT, before).when(assess(worth("210"))).then()


def test_a_move_names_where_it_came_from() -> None:
    before = changed(worth("200"), at=days_ago(30))
    moved = changed(worth("2000"), [before])
    assert (moved.data["from"], moved.data["to"]) == ("caring", "vip")


def test_hysteresis_looks_at_the_present_tier() -> None:
    before = changed(worth("2000"), at=days_ago(30))
    given(INSIGHT, before).when(assess(worth("950"))).then()
    given(INSIGHT, before).when(assess(worth("900"))).then_types("insight.tier_changed")


@pytest.mark.feature("S117")
def test_a_tier_moves_once_in_the_days_between_moves() -> None:
    before = changed(worth("200"), at=days_ago(29))
    given(INSIGHT, before).when(assess(worth("2000"))).then()


def test_a_new_policy_moves_it_at_once_and_then_holds_it() -> None:
    policy = second_policy()
    second = {"policy": policy, "thresholds": limits(policy_version=2)}
    first = changed(worth("200"), at=days_ago(1))
    moved = changed(worth("2000"), [first], **second)
    assert moved.data["decision"]["policy_version"] == 2
    later = NOON + timedelta(days=1)
    given(INSIGHT, first, moved).when(assess(worth("200"), at=later, **second)).then()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (assess(worth("1"), policy=second_policy()), "thresholds-of-other-policy"),
        (assess(worth("1"), thresholds=limits(policy_id="other")), "thresholds-of-other-policy"),
        (assess(worth("1", monetary=Money(Decimal(1), "EUR"))), "mixed-currencies"),
    ],
)
def test_judging_by_the_wrong_measure_is_refused(command: Any, code: str) -> None:
    given(INSIGHT).when(command).rejected(code)


def test_subject_is_the_customer() -> None:
    assert INSIGHT.subject(INSIGHT.fold([changed(worth("1"))])) == CUSTOMER


measures = some.one_of(
    some.just(nothing()),
    some.builds(lambda amount: worth(amount), some.integers(0, 2000)),
    some.builds(lambda amount: worth(amount, margin=usd(-1)), some.integers(0, 2000)),
)


@pytest.mark.feature("N05")
@over(some.lists(some.tuples(measures, some.integers(1, 40)), max_size=25))
def test_every_move_is_recomputed_from_its_own_fact(steps: list[tuple[Metrics, int]]) -> None:
    at, facts = NOON, list[Fact]()
    for measured, days in steps:
        at += timedelta(days=days)
        facts.extend(INSIGHT.decide(INSIGHT.fold(facts), assess(measured, at=at)))
    previous: Fact | None = None
    for one in facts:
        assert _recomputed(one) == (one.data["to"], one.data["reason_code"])
        if previous is not None:
            assert one.data["from"] == previous.data["to"] != one.data["to"]
            apart = parse_time(one.data["as_of"]) - parse_time(previous.data["as_of"])
            assert apart >= timedelta(days=POLICY_1.min_days_between_moves)
        previous = one


def _recomputed(one: Fact) -> tuple[str, str]:
    factors, told = one.data["decision"]["factors"], one.data["metrics"]
    computed = Thresholds.from_data(
        {
            "policy_id": one.data["decision"]["policy_id"],
            "policy_version": one.data["decision"]["policy_version"],
            "as_of": factors["thresholds_as_of"],
            "population": factors["population"],
            "thresholds": {"vip": factors["vip_threshold"], "caring": factors["caring_threshold"]},
        }
    )
    margin = None if "margin" not in told else Money.from_data(told["margin"])
    measured = Metrics(
        told.get("recency_days"), told["frequency"], Money.from_data(told["monetary"]), margin
    )
    return classify(POLICY_1, computed, measured, one.data.get("from"))
