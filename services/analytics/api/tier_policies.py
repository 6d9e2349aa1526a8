"""The tier policy: publish a version, look up the one in force with its thresholds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Response
from marshmallow import Schema

from events.contracts.analytics import Thresholds as Limits
from events.contracts.analytics import TierRule
from events.contracts.fields import Amount, Count, Currency, Id, ListOf, Nested, Time
from events.errors import NotFound
from events.http import Routes, answer_either, views
from services.analytics.domain.policy import POLICY_ID, TierPolicy
from services.analytics.domain.tier_policy import TIER_POLICY, PublishPolicy
from services.analytics.views.reading import policy_in_force, standard_in_force

tier_policy = Routes("tier_policy", "/v1/tier-policy", description="What customers are judged by")
tier_policies = Routes("tier_policies", "/v1/tier-policies", description="Versions of the policy")


class PolicyBody(Schema):
    """A version of the policy: 1, 2, 3 … without holes. It has no thresholds until the next run."""

    policy_version = Count(least=1)
    currency = Currency()
    vip_share = Amount(description="of the active customers, at most 0.01")
    caring_value_share = Amount(description="of the value, above 0 and at most 1")
    window_days = Count(least=1, most=3660)
    hysteresis = Amount(description="at least 0 and below 1")
    min_days_between_moves = Count(most=3660)


class ThresholdsAnswer(Schema):
    """The limits between the tiers, and when and from whom they were computed."""

    as_of = Time()
    population = Count()
    thresholds = Nested(Limits)
    event_id = Id()


class PolicyAnswer(Schema):
    """A version of the policy; the rules are tried in the order given."""

    policy_id = Id()
    policy_version = Count(least=1)
    currency = Currency()
    tiers = ListOf(Nested(TierRule))
    window_days = Count()
    hysteresis = Amount()
    min_days_between_moves = Count()
    computed = Nested(ThresholdsAnswer, required=False)


@tier_policies.either("", PolicyBody, right="policy.publish")
def publish_tier_policy(body: dict[str, Any]) -> Response:
    """Publish the next version of the tier policy."""
    policy = TierPolicy(
        policy_id=POLICY_ID,
        version=body["policy_version"],
        currency=body["currency"],
        vip_share=Decimal(body["vip_share"]),
        caring_value_share=Decimal(body["caring_value_share"]),
        window_days=body["window_days"],
        hysteresis=Decimal(body["hysteresis"]),
        min_days_between_moves=body["min_days_between_moves"],
    )
    return answer_either(
        TIER_POLICY, POLICY_ID, lambda origin: PublishPolicy(policy, origin.occurred_at)
    )


@tier_policy.query("", PolicyAnswer, right="policy.read")
def get_tier_policy() -> dict[str, Any]:
    """The version in force, with the thresholds that were computed for it last."""
    policy = policy_in_force(views())
    if policy is None:
        raise NotFound("tier policy", POLICY_ID)
    standard = standard_in_force(views())
    if standard is None:
        return policy.to_data()
    limits = standard.thresholds.to_data()
    computed = {name: limits[name] for name in ("as_of", "population", "thresholds")}
    return {**policy.to_data(), "computed": {**computed, "event_id": standard.event_id}}
