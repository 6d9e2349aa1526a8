"""Sums over everything, as this service's read models have them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from events.contracts.fields import Amount, Count
from events.http import Routes, views
from events.projection.stripes import sum_stripes

totals = Routes("totals", "/v1/totals", description="Sums over everything")


class TotalsAnswer(Schema):
    """Purchases are completed orders."""

    customers = Count(description="registered")
    orders = Count(description="placed")
    cancelled = Count()
    purchases = Count()
    quantity = Count(description="pieces purchased")
    spent = fields.Dict(
        keys=fields.String(),
        values=Amount(),
        required=True,
        metadata={"description": "in purchases, by currency"},
    )


EMPTY = {"customers": 0, "orders": 0, "cancelled": 0, "purchases": 0, "quantity": 0, "spent": {}}


@totals.query("", TotalsAnswer, right="totals.read")
def get_totals() -> dict[str, Any]:
    """Customers, orders, purchases, pieces and money."""
    return {**EMPTY, **sum_stripes(views().collection("totals").find())}
