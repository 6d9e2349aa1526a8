"""Purchases: one document a completed order. Every figure about a customer can be recomputed from
them for any moment and any window.
"""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.sales import OrderCompleted
from events.envelope import Event
from events.projection.folding import exact, known
from events.projection.view import Document, View

BY_CUSTOMER = (("customer_id", 1), ("at", 1), ("_id", 1))
"""The order in which customers are measured, one after the other."""

purchases = View("purchases", [IndexModel(list(BY_CUSTOMER), name="customer_at")])


@purchases.on(OrderCompleted, key=lambda event: str(event.data["order_id"]))
def completed(doc: Document, event: Event) -> None:
    data = event.data
    cost = data.get("cost")
    doc.update(
        customer_id=data["customer_id"],
        at=event.occurred_at,
        total=exact(data["total"]),
        quantity=data["quantity"],
        **event.scope.to_data(),
        **known(cost=exact(cost) if cost else None),
    )
