"""Leads in pools: one document a lead and pool, saying who has it now.

    waiting → assigned → accepted → released
       ↑_________| returned

The need is personal, and the reason why a seller opens the list.
"""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.sales import (
    LeadAccepted,
    LeadAssigned,
    LeadQueued,
    LeadReleased,
    LeadReturnedToPool,
)
from events.envelope import Event
from events.projection.folding import count, exact, known, place
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

FILTERS = ("seller_id", "status", "lead_id", "pool_id", "customer_id")
SORTS = {"since": "since"}

LIVE = ("waiting", "assigned", "accepted")
"""What a pool still has on its mind."""

assignments = View(
    "assignments",
    [
        *list_indexes(FILTERS, list(SORTS.values())),
        IndexModel([("pool_id", 1), ("status", 1), ("seller_id", 1)], name="pool_counts"),
    ],
)


def assignment_id(pool_id: str, lead_id: str) -> str:
    """A lead that comes again may come to another pool: each pool writes its own document."""
    return f"{pool_id}/{lead_id}"


def _assignment(event: Event) -> str:
    return assignment_id(event.stream.id, event.data["lead_id"])


@assignments.on(LeadQueued, key=_assignment)
def queued(doc: Document, event: Event) -> None:
    _begin(doc, event)
    _change(doc, event, "waiting")


@assignments.on(LeadAssigned, key=_assignment)
def assigned(doc: Document, event: Event) -> None:
    _begin(doc, event)
    _change(doc, event, "assigned")
    doc.update(seller_id=event.data["seller_id"], round=event.data["round"])


@assignments.on(LeadReturnedToPool, key=_assignment)
def returned(doc: Document, event: Event) -> None:
    data = event.data
    _change(doc, event, "waiting")
    count(doc, "returns")
    doc["last_return"] = {"seller_id": data["seller_id"], "reason": data["reason"]}
    doc.pop("seller_id", None)
    doc.pop("owner", None)


@assignments.on(LeadAccepted, key=_assignment)
def accepted(doc: Document, event: Event) -> None:
    _change(doc, event, "accepted")
    doc["opportunity_id"] = event.data["opportunity_id"]


@assignments.on(LeadReleased, key=_assignment)
def released(doc: Document, event: Event) -> None:
    _change(doc, event, "released")


def _begin(doc: Document, event: Event) -> None:
    """What the lead brings along. A cycle after the last one's end begins from nothing."""
    data = event.data
    if doc.get("status") == "released":
        for name in doc.keys() - {"_id"}:
            del doc[name]
    amount = data.get("amount")
    doc.update(
        lead_id=data["lead_id"],
        pool_id=event.stream.id,
        customer_id=data["customer_id"],
        product_line=data["product_line"],
        **place(data["scope"]),
        **known(need=data.get("need"), amount=exact(amount) if amount else None),
    )


def _change(doc: Document, event: Event, status: str) -> None:
    doc.update(status=status, since=event.occurred_at, version=event.version)
