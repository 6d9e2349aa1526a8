"""Customers as sales knows them: what they ordered, what is open, which tier they are in.

Every event that writes here is keyed by the customer, so one process owns the document. Orders and
opportunities of one customer are streams of their own and come in any order: counters and maxima
don't mind. The tier is analytics' and comes whole with each change. Where the customer belongs is
marketing's: until it has said so, only those who reach everything see him.
"""

from __future__ import annotations

from events.contracts.analytics import CustomerTierChanged
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityWon,
    OrderCancelled,
    OrderCompleted,
    OrderPlaced,
)
from events.envelope import Event
from events.projection.folding import add_money, count, move
from events.projection.view import Document, View

customers = View("customers")


def _customer(event: Event) -> str:
    return str(event.data["customer_id"])


@customers.on(CustomerRegistered, key=_customer)
def registered(doc: Document, event: Event) -> None:
    move(doc, event)


@customers.on(OrderPlaced, key=_customer)
def placed(doc: Document, event: Event) -> None:
    data = event.data
    count(doc, "orders_placed")
    order = {"at": event.occurred_at, "order_id": data["order_id"], "total": data["total"]}
    last = doc.get("last_order")
    if last is None or (last["at"], last["order_id"]) < (order["at"], order["order_id"]):
        doc["last_order"] = order


@customers.on(OrderCompleted, key=_customer)
def completed(doc: Document, event: Event) -> None:
    count(doc, "orders_completed")
    count(doc, "quantity", event.data["quantity"])
    add_money(doc, "spent", event.data["total"])


@customers.on(OrderCancelled, key=_customer)
def cancelled(doc: Document, _event: Event) -> None:
    count(doc, "orders_cancelled")


@customers.on(OpportunityOpened, key=_customer)
def opened(doc: Document, _event: Event) -> None:
    count(doc, "opportunities_open")


@customers.on(OpportunityWon, key=_customer)
def won(doc: Document, _event: Event) -> None:
    count(doc, "opportunities_open", -1)
    count(doc, "opportunities_won")


@customers.on(OpportunityLost, key=_customer)
def lost(doc: Document, _event: Event) -> None:
    count(doc, "opportunities_open", -1)
    count(doc, "opportunities_lost")


@customers.on(CustomerTierChanged, key=_customer)
def tier_changed(doc: Document, event: Event) -> None:
    doc.update(
        tier=event.data["to"],
        tier_since=event.occurred_at,
        tier_reason=event.data["reason_code"],
        tier_event_id=event.id,
    )
