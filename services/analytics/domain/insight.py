"""The insight into one customer: the tier, moved only by a policy and with its reasons.

The stream's id is the customer's id. A tier moves at most once in the policy's days between moves,
unless the policy's version changed. Called by the reaction to completed orders and by the
assessment of all customers after new thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.contracts.analytics import CustomerTierChanged
from events.contracts.base import Fact, fact
from events.deciding import Decider, Scope
from events.errors import RuleBroken
from events.types import CustomerId, format_time, parse_time
from services.analytics.domain.policy import TierPolicy
from services.analytics.domain.tiers import Metrics, Thresholds, classify, is_held


@dataclass(frozen=True, slots=True)
class AssessCustomer:
    """`metrics` are measured at `at`; `cause_event_ids` name the events that asked for it, such as
    the completed order and the computed thresholds.
    """

    customer_id: str
    at: datetime
    metrics: Metrics
    thresholds: Thresholds
    policy: TierPolicy
    cause_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Insight:
    """`moved_under` is the policy version of the last move; all None before the first one."""

    customer_id: CustomerId | None = None
    tier: str | None = None
    moved_at: datetime | None = None
    moved_under: int | None = None


def decide(state: Insight, command: AssessCustomer) -> Sequence[Fact]:
    """One change of tier or nothing. Raises RuleBroken `thresholds-of-other-policy` or
    `mixed-currencies`.
    """
    _refuse_mismatch(command)
    policy = command.policy
    if is_held(policy, state.moved_at, state.moved_under, command.at):
        return []
    tier, reason = classify(policy, command.thresholds, command.metrics, state.tier)
    if tier == state.tier:
        return []
    return [_changed(state, command, tier, reason)]


def _changed(state: Insight, command: AssessCustomer, tier: str, reason: str) -> Fact:
    return fact(
        CustomerTierChanged,
        customer_id=command.customer_id,
        **{"from": state.tier},
        to=tier,
        metrics=command.metrics.to_data(),
        reason_code=reason,
        as_of=format_time(command.at),
        decision={
            "policy_id": command.policy.policy_id,
            "policy_version": command.policy.version,
            "cause_event_ids": list(command.cause_event_ids),
            "factors": _factors(command),
        },
    )


def _factors(command: AssessCustomer) -> dict[str, Any]:
    """With the metrics and the version of the policy, all that `classify` looked at."""
    limits = command.thresholds
    return {
        "thresholds_as_of": format_time(limits.as_of),
        "population": limits.population,
        "vip_threshold": limits.vip.to_data(),
        "caring_threshold": limits.caring.to_data(),
    }


def _refuse_mismatch(command: AssessCustomer) -> None:
    policy, limits = command.policy, command.thresholds
    if (limits.policy_id, limits.policy_version) != (policy.policy_id, policy.version):
        raise RuleBroken(
            "thresholds-of-other-policy",
            f"thresholds of {limits.policy_id} version {limits.policy_version}"
            f" do not judge by {policy.policy_id} version {policy.version}",
        )
    if len({policy.currency, limits.vip.currency, command.metrics.monetary.currency}) > 1:
        raise RuleBroken("mixed-currencies", f"the policy judges in {policy.currency}")


def evolve(state: Insight, one: Fact) -> Insight:
    """The state after one fact."""
    if one.type != CustomerTierChanged.TYPE:
        return state
    return Insight(
        customer_id=CustomerId(one.data["customer_id"]),
        tier=one.data["to"],
        moved_at=parse_time(one.data["as_of"]),
        moved_under=one.data["decision"]["policy_version"],
    )


INSIGHT: Decider[Insight, AssessCustomer] = Decider(
    aggregate="insight",
    initial=Insight(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.customer_id,
    scope=lambda _: Scope(),
)
