"""What a file tells and what the stores hold, in the same four figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from deploy.importing.purchases_file import Purchase
from events.contracts.sales import OrderCompleted
from events.mongodb import Db

CHUNK = 5000
"""Ids asked for at once."""


@dataclass(frozen=True, slots=True)
class Totals:
    """`money` is in dollars, exact."""

    customers: int = 0
    purchases: int = 0
    cds: int = 0
    money: Decimal = Decimal("0.00")

    def to_data(self) -> dict[str, Any]:
        return {**asdict(self), "money": f"{self.money:.2f}"}

    def __str__(self) -> str:
        return (
            f"{self.customers:,} customers, {self.purchases:,} purchases, "
            f"{self.cds:,} CDs, {self.money:,.2f} USD"
        )


def told(purchases: Sequence[Purchase]) -> Totals:
    """By the rows that make sense."""
    return Totals(
        customers=len({one.customer for one in purchases}),
        purchases=len(purchases),
        cds=sum(one.quantity for one in purchases),
        money=Decimal(sum(one.cents for one in purchases)).scaleb(-2),
    )


def held(
    marketing: Db, customer_commands: Sequence[str], sales: Db, order_commands: Sequence[str]
) -> Totals:
    """By the stores, of these commands: read back from what is durable there."""
    purchases, cds, money = 0, 0, Decimal("0.00")
    for chunk in _chunks(order_commands):
        for found in sales["commits"].aggregate(_completed(chunk)):
            purchases += found["purchases"]
            cds += found["cds"]
            money += found["money"]
    customers = sum(
        marketing["commits"].count_documents(_of(chunk)) for chunk in _chunks(customer_commands)
    )
    return Totals(customers, purchases, cds, money)


def _completed(commands: Sequence[str]) -> list[dict[str, Any]]:
    data = "$events.data"
    return [
        {"$match": _of(commands)},
        {"$unwind": "$events"},
        {"$match": {"events.type": OrderCompleted.TYPE}},
        {
            "$group": {
                "_id": None,
                "purchases": {"$sum": 1},
                "cds": {"$sum": f"{data}.quantity"},
                "money": {"$sum": {"$toDecimal": f"{data}.total.amount"}},
            }
        },
    ]


def _of(commands: Sequence[str]) -> dict[str, Any]:
    """With `$type`, so that the server sees that the partial index will do."""
    return {"command_id": {"$in": list(commands), "$type": "string"}}


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    indexes: Iterable[int] = range(0, len(ids), CHUNK)
    return (ids[at : at + CHUNK] for at in indexes)
