"""Money as a value: a decimal amount of one currency, exact, never a float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

_WITHOUT_CENTS = {"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "UGX"}
_WITH_MILLS = {"BHD", "JOD", "KWD", "OMR", "TND", "IQD"}


@dataclass(frozen=True, slots=True)
class Money:
    """Adding two currencies raises ValueError."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Money:
        return cls(Decimal(data["amount"]), data["currency"])

    def to_data(self) -> dict[str, str]:
        """`{"amount": "12.50", "currency": "USD"}`, rounded half to even at the smallest coin."""
        return {"amount": f"{self.rounded().amount:f}", "currency": self.currency}

    def rounded(self) -> Money:
        return Money(self.amount.quantize(coin(self.currency), ROUND_HALF_EVEN), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} don't add up")
        return other.amount


def coin(currency: str) -> Decimal:
    """The smallest unit of a currency (ISO 4217 minor units)."""
    if currency in _WITHOUT_CENTS:
        return Decimal(1)
    return Decimal("0.001") if currency in _WITH_MILLS else Decimal("0.01")


def total(currency: str, parts: Iterable[Money]) -> Money:
    """The sum of the parts; zero of `currency` when there are none."""
    result = Money.zero(currency)
    for part in parts:
        result = result + part
    return result
