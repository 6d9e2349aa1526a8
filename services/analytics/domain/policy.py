"""The tier policy as versioned data.

A published version is never changed: add the next one and publish it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """Shares lie between 0 and 1, hysteresis is a share of a threshold.

    `vip_share` is of the active customers, `caring_value_share` of their monetary value; both are
    measured over `window_days` in `currency`.
    """

    policy_id: str
    version: int
    currency: str
    vip_share: Decimal
    caring_value_share: Decimal
    window_days: int
    hysteresis: Decimal
    min_days_between_moves: int

    @property
    def keep_factor(self) -> Decimal:
        """What a threshold is multiplied by for those who are above it already."""
        return 1 - self.hysteresis

    def to_data(self) -> dict[str, Any]:
        """The fields of `TierPolicyPublished`; the rules stand in the order of their trial."""
        return {
            "policy_id": self.policy_id,
            "policy_version": self.version,
            "currency": self.currency,
            "tiers": [
                {"name": "indifferent", "rule": "no_purchase_or_loss"},
                {
                    "name": "vip",
                    "rule": "top_share_of_customers",
                    "max_share": f"{self.vip_share:f}",
                },
                {
                    "name": "caring",
                    "rule": "first_share_of_value",
                    "value_share": f"{self.caring_value_share:f}",
                },
                {"name": "adaptive", "rule": "otherwise"},
            ],
            "window_days": self.window_days,
            "hysteresis": f"{self.hysteresis:f}",
            "min_days_between_moves": self.min_days_between_moves,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TierPolicy:
        """Reads what `to_data` wrote."""
        rules = {rule["name"]: rule for rule in data["tiers"]}
        return cls(
            policy_id=data["policy_id"],
            version=data["policy_version"],
            currency=data["currency"],
            vip_share=Decimal(rules["vip"]["max_share"]),
            caring_value_share=Decimal(rules["caring"]["value_share"]),
            window_days=data["window_days"],
            hysteresis=Decimal(data["hysteresis"]),
            min_days_between_moves=data["min_days_between_moves"],
        )


POLICY_ID = "customer_tiers"

POLICY_1 = TierPolicy(
    policy_id=POLICY_ID,
    version=1,
    currency="USD",
    # "VIP 1 %": the few the enterprise yields to; more of them could not be served as such.
    vip_share=Decimal("0.01"),
    # "Large spend share": the customers who bring the first 80 % of the value. A share of the
    # value, not the top 20 % of the heads, so that the tier stays small where few customers bring
    # almost everything and grows where the value is spread.
    caring_value_share=Decimal("0.80"),
    # A year holds each season once.
    window_days=365,
    # A tenth: more than one ordinary purchase more or less moves near a threshold.
    hysteresis=Decimal("0.10"),
    # A month: long enough for the other services to act on a tier before it moves again.
    min_days_between_moves=30,
)

POLICIES = (POLICY_1,)
