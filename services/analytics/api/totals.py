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
    purchases = Count()
    quantity = Count(description="pieces purchased")
    spent = fields.Dict(
        keys=fields.String(),
        values=Amount(),
        required=True,
        metadata={"description": "in purchases, by currency"},
    )
    tiers = fields.Dict(
        keys=fields.String(),
        values=Count(),
        required=True,
        metadata={"description": "customers by the tier they are in now"},
    )


EMPTY: dict[str, Any] = {"customers": 0, "purchases": 0, "quantity": 0, "spent": {}, "tiers": {}}


@totals.query("", TotalsAnswer, right="totals.read")
def get_totals() -> dict[str, Any]:
    """Customers, purchases, pieces, money, and who is in which tier."""
    return {**EMPTY, **sum_stripes(views().collection("totals").find())}
