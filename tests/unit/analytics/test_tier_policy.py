"""Policies are published in order and make sense; thresholds belong to the one in force."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from events.contracts.analytics import TierPolicyPublished, TierThresholdsComputed
from events.contracts.base import Fact, fact
from events.contracts.money import Money
from events.errors import Invalid
from services.analytics.domain.policy import POLICIES, POLICY_1, TierPolicy
from services.analytics.domain.tier_policy import TIER_POLICY, ComputeThresholds, PublishPolicy
from services.analytics.domain.tiers import Member
from tests.given import given
from tests.unit.analytics.mothers import NOON, members, second_policy

PUBLISHED = fact(TierPolicyPublished, **POLICY_1.to_data())


def publish(policy: TierPolicy) -> PublishPolicy:
    return PublishPolicy(policy, NOON)


def compute(*population: Member, version: int = 1) -> ComputeThresholds:
    return ComputeThresholds("customer_tiers", version, population, NOON)


def test_the_policy_is_written_out_as_data() -> None:
    given(TIER_POLICY).when(publish(POLICY_1)).then(
        fact(
            TierPolicyPublished,
            policy_id="customer_tiers",
            policy_version=1,
            currency="USD",
            tiers=[
                {"name": "indifferent", "rule": "no_purchase_or_loss"},
                {"name": "vip", "rule": "top_share_of_customers", "max_share": "0.01"},
                {"name": "caring", "rule": "first_share_of_value", "value_share": "0.80"},
                {"name": "adaptive", "rule": "otherwise"},
            ],
            window_days=365,
            hysteresis="0.10",
            min_days_between_moves=30,
        )
    )


def test_publishing_the_policy_in_force_again_does_nothing() -> None:
    given(TIER_POLICY, PUBLISHED).when(publish(POLICY_1)).then()


def test_the_next_version_replaces_the_one_in_force() -> None:
    outcome = given(TIER_POLICY, PUBLISHED, _computed()).when(publish(second_policy()))
    outcome.then_types("tier_policy.published")
    assert outcome.state.policy == second_policy()
    assert outcome.state.thresholds is None


@pytest.mark.parametrize("version", [1, 3])
def test_versions_have_no_holes_and_never_change(version: int) -> None:
    other = replace(POLICY_1, version=version, window_days=90)
    given(TIER_POLICY, PUBLISHED).when(publish(other)).rejected("policy-version-not-next")


@pytest.mark.feature("S117")
def test_no_policy_calls_more_than_one_percent_vips() -> None:
    greedy = second_policy(vip_share=Decimal("0.011"))
    given(TIER_POLICY, PUBLISHED).when(publish(greedy)).rejected("vip-share-above-cap")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"vip_share": Decimal(-1)}, "/vip_share"),
        ({"caring_value_share": Decimal(0)}, "/caring_value_share"),
        ({"caring_value_share": Decimal("1.1")}, "/caring_value_share"),
        ({"hysteresis": Decimal(1)}, "/hysteresis"),
        ({"hysteresis": Decimal("-0.1")}, "/hysteresis"),
        ({"window_days": 0}, "/window_days"),
        ({"min_days_between_moves": -1}, "/min_days_between_moves"),
    ],
)
def test_senseless_policies_name_the_field(change: dict[str, Any], pointer: str) -> None:
    outcome = given(TIER_POLICY, PUBLISHED).when(publish(second_policy(**change)))
    outcome.rejected("invalid")
    assert isinstance(outcome.rejection, Invalid)
    assert [fault.pointer for fault in outcome.rejection.faults] == [pointer]


def _computed() -> Fact:
    return fact(
        TierThresholdsComputed,
        policy_id="customer_tiers",
        policy_version=1,
        as_of="2026-03-02T12:00:00.000Z",
        population=3,
        thresholds={
            "vip": {"amount": "50.00", "currency": "USD"},
            "caring": {"amount": "30.00", "currency": "USD"},
        },
    )


def test_thresholds_are_computed_for_the_policy_in_force() -> None:
    outcome = given(TIER_POLICY, PUBLISHED).when(compute(*members([10, 50, 30])))
    outcome.then(_computed())
    assert outcome.state.thresholds.population == 3


@pytest.mark.parametrize(
    ("before", "command", "code"),
    [
        ((), compute(*members([1])), "not-found"),
        ((PUBLISHED,), compute(*members([1]), version=2), "policy-version-not-active"),
        ((PUBLISHED,), compute(), "no-active-customers"),
        ((PUBLISHED,), compute(Member(Money(Decimal(1), "EUR"))), "mixed-currencies"),
    ],
)
def test_thresholds_need_a_policy_and_a_population(
    before: tuple[Fact, ...], command: ComputeThresholds, code: str
) -> None:
    given(TIER_POLICY, *before).when(command).rejected(code)


def test_the_built_in_policies_can_be_published_one_after_the_other() -> None:
    state = TIER_POLICY.initial
    for policy in POLICIES:
        state = TIER_POLICY.fold(TIER_POLICY.decide(state, publish(policy)), state)
    assert state.policy == POLICIES[-1]
