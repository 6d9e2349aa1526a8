"""Leads as lists show them: one document a lead, written by marketing alone."""

from __future__ import annotations

from events.contracts.marketing import LeadCaptured, LeadDisqualified, LeadQualified
from events.envelope import Event
from events.projection.folding import exact, known, move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

STATUSES = ("captured", "qualified", "disqualified")

FILTERS = ("status", "channel", "customer_id")
SORTS = {"captured_at": "captured_at"}

leads = View("leads", list_indexes(FILTERS, list(SORTS.values())))


def _lead(event: Event) -> str:
    return str(event.data["lead_id"])


@leads.on(LeadCaptured, key=_lead)
def captured(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(
        customer_id=data["customer_id"],
        status="captured",
        touch=data["touch"],
        channel=data["channel"],
        interest=data["interest"],
        captured_at=event.occurred_at,
        **known(campaign_id=data.get("campaign_id"), raw=data.get("raw")),
    )
    _stamp(doc, event)


@leads.on(LeadQualified, key=_lead)
def qualified(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(
        status="qualified",
        qualified_at=event.occurred_at,
        need=data["need"],
        product_line=data["product_line"],
        **known(
            budget=exact(data["budget"]) if "budget" in data else None,
            horizon_days=data.get("horizon_days"),
        ),
    )
    _stamp(doc, event)


@leads.on(LeadDisqualified, key=_lead)
def disqualified(doc: Document, event: Event) -> None:
    doc.update(
        status="disqualified", disqualified_at=event.occurred_at, reason=event.data["reason"]
    )
    _stamp(doc, event)


def _stamp(doc: Document, event: Event) -> None:
    """The version for If-Match, and where the lead belongs now."""
    move(doc, event)
    doc["version"] = event.version
