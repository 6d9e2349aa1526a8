"""Orders as lists show them: one document an order."""

from __future__ import annotations

from decimal import Decimal

from pymongo import IndexModel

from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.envelope import Event
from events.projection.view import Document, View

orders = View(
    "orders",
    indexes=[
        IndexModel([("placed_at", -1), ("_id", -1)], name="placed"),
        IndexModel([("customer_id", 1), ("placed_at", -1), ("_id", -1)], name="customer_placed"),
        IndexModel([("status", 1), ("placed_at", -1), ("_id", -1)], name="status_placed"),
    ],
)


def _order(event: Event) -> str:
    return str(event.data["order_id"])


@orders.on(OrderPlaced, key=_order)
def placed(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(
        customer_id=data["customer_id"],
        kind=data["kind"],
        status="placed",
        placed_at=event.occurred_at,
        total=Decimal(data["total"]["amount"]),
        currency=data["total"]["currency"],
        quantity=sum(line["qty"] for line in data["lines"]),
        lines=data["lines"],
        channel=data["channel"],
        version=event.version,
        org_unit=event.scope.org_unit,
        team=event.scope.team,
        owner=event.scope.owner,
    )


@orders.on(OrderCompleted, key=_order)
def completed(doc: Document, event: Event) -> None:
    doc.update(status="completed", completed_at=event.occurred_at, version=event.version)


@orders.on(OrderCancelled, key=_order)
def cancelled(doc: Document, event: Event) -> None:
    doc.update(
        status="cancelled",
        cancelled_at=event.occurred_at,
        reason=event.data["reason"],
        version=event.version,
    )
