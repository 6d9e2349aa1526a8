"""Sums over everything, in stripes: customers, purchases (completed orders), money, tiers."""

from __future__ import annotations

from events.contracts.analytics import CustomerTierChanged
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderCompleted
from events.envelope import Event
from events.projection.folding import add_money, count
from events.projection.stripes import stripe_of
from events.projection.view import Document, View

totals = View("totals")


@totals.on(CustomerRegistered, key=stripe_of)
def registered(doc: Document, _event: Event) -> None:
    count(doc, "customers")


@totals.on(OrderCompleted, key=stripe_of)
def completed(doc: Document, event: Event) -> None:
    count(doc, "purchases")
    count(doc, "quantity", event.data["quantity"])
    add_money(doc, "spent", event.data["total"])


@totals.on(CustomerTierChanged, key=stripe_of)
def tier_changed(doc: Document, event: Event) -> None:
    tiers = doc.setdefault("tiers", {})
    count(tiers, event.data["to"])
    if "from" in event.data:
        count(tiers, event.data["from"], -1)
