"""Orders: one document an order. The member number stays in the timeline: no list needs it."""

from __future__ import annotations

from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.envelope import Event
from events.projection.folding import exact, known
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

FILTERS = ("customer_id", "status", "channel", "kind")
SORTS = {"placed_at": "placed_at", "total": "total.amount"}

orders = View("orders", list_indexes(FILTERS, list(SORTS.values())))


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
        total=exact(data["total"]),
        quantity=sum(line["qty"] for line in data["lines"]),
        lines=data["lines"],
        channel=data["channel"],
        version=event.version,
        **event.scope.to_data(),
        **known(
            discount=data.get("discount"),
            partner_id=data.get("partner_id"),
            campaign_id=data.get("campaign_id"),
            opportunity_id=data.get("opportunity_id"),
        ),
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
