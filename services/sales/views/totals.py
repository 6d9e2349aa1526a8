"""Sums over everything, in stripes: customers, orders, purchases (completed orders), money."""

from __future__ import annotations

from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.envelope import Event
from events.projection.folding import add_money, count
from events.projection.stripes import stripe_of
from events.projection.view import Document, View

totals = View("totals")


@totals.on(CustomerRegistered, key=stripe_of)
def registered(doc: Document, _event: Event) -> None:
    count(doc, "customers")


@totals.on(OrderPlaced, key=stripe_of)
def placed(doc: Document, _event: Event) -> None:
    count(doc, "orders")


@totals.on(OrderCancelled, key=stripe_of)
def cancelled(doc: Document, _event: Event) -> None:
    count(doc, "cancelled")


@totals.on(OrderCompleted, key=stripe_of)
def completed(doc: Document, event: Event) -> None:
    count(doc, "purchases")
    count(doc, "quantity", event.data["quantity"])
    add_money(doc, "spent", event.data["total"])
