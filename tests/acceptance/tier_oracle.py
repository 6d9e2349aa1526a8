"""Who should be in which tier, in plain arithmetic over the purchases: nothing of the product.

Rules of the first policy: who bought nothing within 365 days is indifferent. Of the active ones
at most 1 % are VIPs, those of most value. Those with whom the sum of the values, from the greatest
down, reaches 80 % are caring. The others are adaptive. Whoever is in a tier keeps it down to 90 %
of its limit. A tier that moved less than 30 days ago stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor

from tests.acceptance.history import Bought

WINDOW = timedelta(days=365)
HELD = timedelta(days=30)
KEEP = Fraction(9, 10)
VIP_SHARE = Fraction(1, 100)
VALUE_SHARE = Fraction(8, 10)


@dataclass
class Oracle:
    """Judges again and again, and remembers the tiers: (tier, since) by customer.

    `kept` are those who would have lost their tier in the last judgement but for the 90 %.
    """

    tiers: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def judge(self, bought: Iterable[Bought], at: datetime) -> dict[str, tuple[str, str]]:
        """(tier, why) of those who move."""
        values = _values(bought, at)
        active = {name: value for name, value in values.items() if value is not None}
        vip, caring = self._vip_limit(active, at), _caring_limit(active.values())
        moved = {}
        self.kept = set()
        for name, value in values.items():
            if self._held(name, at):
                continue
            tier, why = classify(value, vip, caring, self._tier(name))
            if why == "kept_by_hysteresis" and tier == self._tier(name):
                self.kept.add(name)
            if tier != self._tier(name):
                moved[name] = tier, why
        self.tiers.update((name, (tier, at)) for name, (tier, _) in moved.items())
        return moved

    def _tier(self, name: str) -> str | None:
        return self.tiers[name][0] if name in self.tiers else None

    def _held(self, name: str, at: datetime) -> bool:
        return name in self.tiers and at - self.tiers[name][1] < HELD

    def _vip_limit(self, active: Mapping[str, int], at: datetime) -> int:
        """In cents, upwards: VIPs lie above it. Whoever may not move now keeps his seat, or his
        place among those who compete for one.
        """
        seats = floor(VIP_SHARE * len(active))
        held = {name for name in active if self._held(name, at)}
        taken = sum(self._tier(name) == "vip" for name in held)
        standing = {
            name: Fraction(value) / (KEEP if self._tier(name) == "vip" else 1)
            for name, value in active.items()
        }
        free = [value for name, value in standing.items() if name not in held]
        return ceil(max(_beyond(standing.values(), seats), _beyond(free, max(seats - taken, 0))))


def _beyond(standing: Iterable[Fraction], seats: int) -> Fraction:
    """The first for whom there is no seat, 0 when there is one for everybody."""
    ranked = sorted(standing, reverse=True)
    return ranked[seats] if seats < len(ranked) else Fraction(0)


def _values(bought: Iterable[Bought], at: datetime) -> dict[str, int | None]:
    """Cents within the window, by customer; None for those who bought before it only."""
    values: dict[str, int | None] = {}
    for one in bought:
        if one.at > at:
            continue
        values.setdefault(one.customer, None)
        if one.at > at - WINDOW:
            values[one.customer] = (values[one.customer] or 0) + one.cents
    return values


def _caring_limit(values: Iterable[int]) -> int:
    ranked = sorted(values, reverse=True)
    wanted, reached = VALUE_SHARE * sum(ranked), 0
    for value in ranked:
        reached += value
        if reached >= wanted:
            return value
    raise ValueError("nobody is active")


def classify(value: int | None, vip: int, caring: int, now: str | None) -> tuple[str, str]:
    """(tier, why) of somebody with this value in cents (None: nothing bought) and tier."""
    if value is None:
        return "indifferent", "no_purchase_in_window"
    if value > vip:
        return "vip", "top_value"
    if now == "vip" and value > vip * KEEP:
        return "vip", "kept_by_hysteresis"
    if value >= caring:
        return "caring", "large_spend_share"
    if now in ("vip", "caring") and value >= caring * KEEP:
        return "caring", "kept_by_hysteresis"
    return "adaptive", "existing_goods_suffice"
