"""The published tier policy: versions 1, 2, 3 …, the last one in force, and its thresholds.

Publishing checks that the policy makes sense; thresholds are computed for the version in force.
Called at start-up (publishes the built-in policy) and by the periodic computation of thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from events.contracts.analytics import TierPolicyPublished, TierThresholdsComputed
from events.contracts.base import Fact, fact
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, NotFound, RuleBroken
from services.analytics.domain.policy import TierPolicy
from services.analytics.domain.tiers import Member, Thresholds, thresholds

VIP_SHARE_CAP = Decimal("0.01")
"""No policy may call more than 1 % of the active customers VIPs: the tier would mean nothing."""


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """The policy carries its version, which must follow the one in force."""

    policy: TierPolicy
    at: datetime


@dataclass(frozen=True, slots=True)
class ComputeThresholds:
    """`population` are all customers with a purchase in the window that ends at `at`."""

    policy_id: str
    policy_version: int
    population: tuple[Member, ...]
    at: datetime


TierPolicyCommand: TypeAlias = PublishPolicy | ComputeThresholds


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """`policy` in force, with the last thresholds computed for it."""

    policy: TierPolicy | None = None
    thresholds: Thresholds | None = None


def decide(state: PublishedPolicy, command: TierPolicyCommand) -> Sequence[Fact]:
    """Raises NotFound, Invalid, or RuleBroken with one of the codes `policy-version-not-next`,
    `vip-share-above-cap`, `policy-version-not-active`, `no-active-customers`, `mixed-currencies`.
    """
    if isinstance(command, PublishPolicy):
        return _publish(state, command.policy)
    return [_compute(state, command)]


def _publish(state: PublishedPolicy, policy: TierPolicy) -> list[Fact]:
    if state.policy == policy:
        return []
    _refuse_senseless(policy)
    following = 1 if state.policy is None else state.policy.version + 1
    if policy.version != following:
        raise RuleBroken(
            "policy-version-not-next",
            f"version {following} comes next, not {policy.version}",
            next=following,
        )
    return [fact(TierPolicyPublished, **policy.to_data())]


def _refuse_senseless(policy: TierPolicy) -> None:
    faults = list(_faults(policy))
    if faults:
        raise Invalid("the policy makes no sense", faults)
    if policy.vip_share > VIP_SHARE_CAP:
        raise RuleBroken("vip-share-above-cap", f"at most {VIP_SHARE_CAP} of the active customers")


def _faults(policy: TierPolicy) -> Iterator[FieldFault]:
    if policy.vip_share < 0:
        yield FieldFault("/vip_share", "must not be negative")
    if not 0 < policy.caring_value_share <= 1:
        yield FieldFault("/caring_value_share", "must be above 0 and at most 1")
    if not 0 <= policy.hysteresis < 1:
        yield FieldFault("/hysteresis", "must be at least 0 and below 1")


def _compute(state: PublishedPolicy, command: ComputeThresholds) -> Fact:
    policy = state.policy
    if policy is None:
        raise NotFound("tier policy", command.policy_id)
    if policy.version != command.policy_version:
        raise RuleBroken(
            "policy-version-not-active",
            f"version {policy.version} is in force",
            active=policy.version,
        )
    if not command.population:
        raise RuleBroken("no-active-customers", "without active customers there are no thresholds")
    if any(one.monetary.currency != policy.currency for one in command.population):
        raise RuleBroken("mixed-currencies", f"the policy judges in {policy.currency}")
    return fact(
        TierThresholdsComputed, **thresholds(policy, command.population, command.at).to_data()
    )


def evolve(state: PublishedPolicy, one: Fact) -> PublishedPolicy:
    """The state after one fact; a new policy has no thresholds yet."""
    if one.type == TierPolicyPublished.TYPE:
        return PublishedPolicy(TierPolicy.from_data(one.data))
    if one.type == TierThresholdsComputed.TYPE:
        return replace(state, thresholds=Thresholds.from_data(one.data))
    return state


TIER_POLICY: Decider[PublishedPolicy, TierPolicyCommand] = Decider(
    aggregate="tier_policy",
    initial=PublishedPolicy(),
    decide=decide,
    evolve=evolve,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)
