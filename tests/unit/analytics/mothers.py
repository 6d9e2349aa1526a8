"""Named examples of analytics: purchases, populations and policies that all tests share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from events.contracts.money import Money
from services.analytics.domain.insight import AssessCustomer
from services.analytics.domain.policy import POLICY_1, TierPolicy
from services.analytics.domain.tiers import Member, Metrics, Purchase, Thresholds

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CUSTOMER = "customer-1"


def usd(amount: str | int) -> Money:
    return Money(Decimal(amount), "USD")


def days_ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


def bought(days: float, amount: str | int, cost: str | None = None) -> Purchase:
    return Purchase(days_ago(days), usd(amount), None if cost is None else usd(cost))


def worth(amount: str | int, **more: Any) -> Metrics:
    """A customer with one purchase ten days ago."""
    return Metrics(**{"recency_days": 10, "frequency": 1, "monetary": usd(amount), **more})


def nothing() -> Metrics:
    return Metrics(recency_days=None, frequency=0, monetary=usd(0))


def members(amounts: Iterable[str | int]) -> tuple[Member, ...]:
    return tuple(Member(usd(amount)) for amount in amounts)


def limits(vip: str | int = 1000, caring: str | int = 100, **more: Any) -> Thresholds:
    given = {
        "policy_id": POLICY_1.policy_id,
        "policy_version": 1,
        "as_of": NOON,
        "population": 500,
        **more,
    }
    return Thresholds(vip=usd(vip), caring=usd(caring), **given)


def assess(measured: Metrics, at: datetime = NOON, **more: Any) -> AssessCustomer:
    given = {"thresholds": limits(), "policy": POLICY_1, "cause_event_ids": ("event-1",), **more}
    return AssessCustomer(CUSTOMER, at, measured, **given)


def second_policy(**more: Any) -> TierPolicy:
    return replace(POLICY_1, **{"version": 2, **more})
