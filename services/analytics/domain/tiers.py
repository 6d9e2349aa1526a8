"""Recency, frequency, monetary value, and the four tiers made of them: pure functions.

Every figure is exact (decimals), every tie is broken by value alone, so the same purchases and the
same policy give the same tiers on any machine and in any order of input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from events.contracts.money import Money, coin, total
from events.types import format_time, parse_time
from services.analytics.domain.policy import TierPolicy

VIP, CARING, ADAPTIVE, INDIFFERENT = "vip", "caring", "adaptive", "indifferent"


@dataclass(frozen=True, slots=True)
class Purchase:
    """A completed order; `cost` is what it cost the enterprise, None when unknown."""

    at: datetime
    amount: Money
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """`recency_days` is None without any purchase, `margin` when some cost is unknown."""

    recency_days: int | None
    frequency: int
    monetary: Money
    margin: Money | None = None

    def to_data(self) -> dict[str, Any]:
        data = {
            "recency_days": self.recency_days,
            "frequency": self.frequency,
            "monetary": self.monetary.to_data(),
            "margin": None if self.margin is None else self.margin.to_data(),
        }
        return {key: value for key, value in data.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Member:
    """An active customer among all: what he is worth, his tier, and whether it may not move now."""

    monetary: Money
    tier: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """VIPs lie above `vip`, caring customers at or above `caring`; valid for one policy version."""

    policy_id: str
    policy_version: int
    as_of: datetime
    population: int
    vip: Money
    caring: Money

    def to_data(self) -> dict[str, Any]:
        """The fields of `TierThresholdsComputed`."""
        return {
            "policy_id": self.policy_id,
            "policy_version": self.policy_version,
            "as_of": format_time(self.as_of),
            "population": self.population,
            "thresholds": {"vip": self.vip.to_data(), "caring": self.caring.to_data()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Thresholds:
        """Reads what `to_data` wrote."""
        return cls(
            policy_id=data["policy_id"],
            policy_version=data["policy_version"],
            as_of=parse_time(data["as_of"]),
            population=data["population"],
            vip=Money.from_data(data["thresholds"]["vip"]),
            caring=Money.from_data(data["thresholds"]["caring"]),
        )


def metrics(
    purchases: Iterable[Purchase], as_of: datetime, window_days: int, currency: str
) -> Metrics:
    """Of the purchases up to `as_of`; all but recency only of the window, which is half open:
    as_of - window_days < at <= as_of.

    Recency in whole days, frequency in purchases, monetary value and margin in `currency`;
    purchases in other currencies count for frequency only, until there are exchange rates.
    """
    known = [one for one in purchases if one.at <= as_of]
    inside = [one for one in known if one.at > as_of - timedelta(days=window_days)]
    paid = [one for one in inside if one.amount.currency == currency]
    last = max((one.at for one in known), default=None)
    return Metrics(
        recency_days=None if last is None else (as_of - last).days,
        frequency=len(inside),
        monetary=total(currency, (one.amount for one in paid)),
        margin=_margin(paid, currency),
    )


def _margin(purchases: Sequence[Purchase], currency: str) -> Money | None:
    margins = [one.amount - one.cost for one in purchases if one.cost is not None]
    return total(currency, margins) if margins and len(margins) == len(purchases) else None


def thresholds(policy: TierPolicy, population: Sequence[Member], as_of: datetime) -> Thresholds:
    """The limits that put at most `vip_share` of the population above `vip`, also when present
    VIPs are given the hysteresis. `population` holds at least one active customer.
    """
    return Thresholds(
        policy_id=policy.policy_id,
        policy_version=policy.version,
        as_of=as_of,
        population=len(population),
        vip=_vip_threshold(policy, population),
        caring=_caring_threshold(policy, population),
    )


def _vip_threshold(policy: TierPolicy, population: Sequence[Member]) -> Money:
    """The first value that is excluded: VIPs lie strictly above it, so ties never exceed the share.

    A present VIP stays while value > threshold x keep factor; dividing his value by the keep factor
    ranks him on the same scale as the others. Held VIPs occupy seats first, so the others compete
    for what is left; but nobody gets in below the value that the whole population would ask for,
    however many of it are held in other tiers.
    """
    seats = int(policy.vip_share * len(population))
    held = sum(one.held and one.tier == VIP for one in population)
    free = [_standing(policy, one) for one in population if not one.held]
    first_excluded = max(
        _first_excluded([_standing(policy, one) for one in population], seats),
        _first_excluded(free, max(seats - held, 0)),
    )
    # Upwards, for a threshold below the exact one could let one more in.
    return Money(
        first_excluded.quantize(coin(policy.currency), rounding=ROUND_CEILING), policy.currency
    )


def _first_excluded(standings: Sequence[Decimal], seats: int) -> Decimal:
    """0 when there are seats for all of them."""
    return sorted(standings, reverse=True)[seats] if seats < len(standings) else Decimal(0)


def _standing(policy: TierPolicy, one: Member) -> Decimal:
    amount = one.monetary.amount
    return amount / policy.keep_factor if one.tier == VIP else amount


def _caring_threshold(policy: TierPolicy, population: Sequence[Member]) -> Money:
    """The value of the customer with whom the sum, from the largest down, reaches the share."""
    amounts = sorted((one.monetary.amount for one in population), reverse=True)
    wanted = sum(amounts, Decimal(0)) * policy.caring_value_share
    reached = Decimal(0)
    for amount in amounts:
        reached += amount
        if reached >= wanted:
            return Money(amount, policy.currency)
    raise ValueError("no active customer")


def is_held(
    policy: TierPolicy, moved_at: datetime | None, moved_under: int | None, at: datetime
) -> bool:
    """Whether a tier may not move at `at`, because it moved less than the policy's days ago.

    A new version of the policy frees everybody. `moved_under` is the version of the last move.
    """
    if moved_at is None or moved_under != policy.version:
        return False
    return at - moved_at < timedelta(days=policy.min_days_between_moves)


def classify(
    policy: TierPolicy, limits: Thresholds, measured: Metrics, current: str | None
) -> tuple[str, str]:
    """The tier, and the code of the rule that gave it. Raises ValueError on two currencies.

    A customer keeps a tier that he has down to threshold x (1 - hysteresis). A VIP who falls is
    given the hysteresis of the caring tier too.
    """
    if measured.frequency == 0:
        return INDIFFERENT, "no_purchase_in_window"
    if measured.margin is not None and measured.margin.amount < 0:
        return INDIFFERENT, "loss_making"
    value = measured.monetary
    if _above(value, limits.vip):
        return VIP, "top_value"
    if current == VIP and _above(value, limits.vip * policy.keep_factor):
        return VIP, "kept_by_hysteresis"
    if _reaches(value, limits.caring):
        return CARING, "large_spend_share"
    if current in (VIP, CARING) and _reaches(value, limits.caring * policy.keep_factor):
        return CARING, "kept_by_hysteresis"
    return ADAPTIVE, "existing_goods_suffice"


def _above(value: Money, limit: Money) -> bool:
    return (value - limit).amount > 0


def _reaches(value: Money, limit: Money) -> bool:
    """Who paid nothing reaches no limit, not even that of a population that paid nothing."""
    return value.amount > 0 and (value - limit).amount >= 0
