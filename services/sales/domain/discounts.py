"""The discount that a seller may give without approval, by the customer's tier, as versioned data.

A version is never changed: add the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DiscountBands:
    """Percent of the amount by tier; `unknown` is for customers whom nobody has judged yet."""

    version: int
    by_tier: Mapping[str, int]
    unknown: int

    def band(self, tier: str | None) -> int:
        return self.unknown if tier is None else self.by_tier.get(tier, self.unknown)


BANDS_1 = DiscountBands(
    version=1,
    # Who brings much is given much; who brings a loss, nothing.
    by_tier={"vip": 15, "caring": 10, "adaptive": 5, "indifferent": 0},
    # A newcomer is treated as the customers whom the ordinary offer suffices.
    unknown=5,
)

BANDS = (BANDS_1,)
CURRENT = BANDS[-1]
