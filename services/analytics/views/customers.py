"""Customers as analytics knows them: what they bought in all their life, and their tier.

What they bought within a window is not here: it changes with time alone, and is measured from
`purchases`. `monetary` is the lifetime sum in the currency of the built-in policy, for sorting;
`spent` has all currencies.
"""

from __future__ import annotations

from decimal import Decimal

from events.contracts.analytics import CustomerTierChanged
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderCompleted
from events.envelope import Event
from events.projection.folding import add_money, count, move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View
from events.types import parse_time
from services.analytics.domain.policy import POLICY_1

FILTERS = ("tier",)
SORTS = {"monetary": "monetary", "last_purchase_at": "last_purchase_at"}

customers = View("customers", list_indexes(FILTERS, list(SORTS.values())))


def _customer(event: Event) -> str:
    return str(event.data["customer_id"])


@customers.on(CustomerRegistered, key=_customer)
def registered(doc: Document, event: Event) -> None:
    move(doc, event)


@customers.on(OrderCompleted, key=_customer)
def completed(doc: Document, event: Event) -> None:
    """Orders are streams of their own and come in any order: sums and extremes don't mind."""
    total, at = event.data["total"], event.occurred_at
    count(doc, "purchases")
    count(doc, "quantity", event.data["quantity"])
    add_money(doc, "spent", total)
    doc["monetary"] = doc["spent"].get(POLICY_1.currency, Decimal(0))
    doc["first_purchase_at"] = min(at, doc.get("first_purchase_at", at))
    doc["last_purchase_at"] = max(at, doc.get("last_purchase_at", at))


@customers.on(CustomerTierChanged, key=_customer)
def tier_changed(doc: Document, event: Event) -> None:
    """With what the next judgement needs of this one."""
    data = event.data
    doc.update(
        tier=data["to"],
        tier_since=parse_time(data["as_of"]),
        tier_reason=data["reason_code"],
        tier_event_id=event.id,
        tier_metrics=data["metrics"],
        tier_decision=data["decision"],
        insight_version=event.version,
    )
