"""The events of the analytics context: judgements, each with what it was judged by.

Shares and factors are decimals in strings, so that a recomputation on another machine gives the
same digits.
"""

from __future__ import annotations

from marshmallow import RAISE, Schema

from events.contracts.base import Contract, contract
from events.contracts.fields import (
    Amount,
    Code,
    Count,
    Currency,
    Decision,
    Id,
    ListOf,
    Money,
    Nested,
    OneOf,
    Time,
)

TIERS = ("vip", "caring", "adaptive", "indifferent")
"""From the tier that the enterprise yields to, down to the one that brings a loss."""

TIER_RULES = ("no_purchase_or_loss", "top_share_of_customers", "first_share_of_value", "otherwise")


class TierRule(Schema):
    """How customers come into one tier."""

    class Meta:
        unknown = RAISE

    name = OneOf(*TIERS)
    rule = OneOf(*TIER_RULES)
    max_share = Amount(required=False)
    value_share = Amount(required=False)


class Thresholds(Schema):
    """Monetary value within the window: VIPs lie above `vip`, caring ones at or above `caring`."""

    class Meta:
        unknown = RAISE

    vip = Money()
    caring = Money()


class TierMetrics(Schema):
    """What was measured of one customer in the window of the policy."""

    class Meta:
        unknown = RAISE

    recency_days = Count(required=False, description="since the last purchase; absent: none")
    frequency = Count()
    monetary = Money()
    margin = Money(required=False, least=None, description="absent: some cost is unknown")


@contract("crm.analytics.tier_policy.published", version=1, aggregate="tier_policy")
class TierPolicyPublished(Contract):
    """A version of the tier policy came into force; the rules are tried in the order given."""

    policy_id = Id()
    policy_version = Count(least=1)
    currency = Currency(description="in which monetary value is summed")
    tiers = ListOf(Nested(TierRule), shortest=4, longest=4)
    window_days = Count(least=1, most=3660)
    hysteresis = Amount(description="a tier is kept down to threshold x (1 - hysteresis)")
    min_days_between_moves = Count(most=3660)


@contract("crm.analytics.tier_policy.thresholds_computed", version=1, aggregate="tier_policy")
class TierThresholdsComputed(Contract):
    """The limits between the tiers, from all customers active at one moment."""

    policy_id = Id()
    policy_version = Count(least=1)
    as_of = Time()
    population = Count(least=1, description="customers with a purchase in the window")
    thresholds = Nested(Thresholds)


@contract("crm.analytics.insight.tier_changed", version=1, aggregate="insight")
class CustomerTierChanged(Contract):
    """A customer moved to another tier; `from` is absent at the first assessment."""

    class Meta(Contract.Meta):
        include = {"from": OneOf(*TIERS, required=False)}

    customer_id = Id()
    to = OneOf(*TIERS)
    metrics = Nested(TierMetrics)
    reason_code = Code()
    as_of = Time()
    decision = Decision()
