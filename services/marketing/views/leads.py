"""Leads as lists show them: one document a lead, written by marketing alone.

Indexes: the sort alone, with status, and with customer_id; channel stands behind the sort, so
that it is tested in the index. Other combinations of filters use one of these.
"""

from __future__ import annotations

from decimal import Decimal

from pymongo import IndexModel

from events.contracts.marketing import LeadCaptured, LeadDisqualified, LeadQualified
from events.envelope import Event
from events.projection.view import Document, View

STATUSES = ("captured", "qualified", "disqualified")

_NEWEST = [("captured_at", -1), ("_id", -1), ("channel", 1)]

leads = View(
    "leads",
    indexes=[
        IndexModel(_NEWEST, name="captured"),
        IndexModel([("status", 1), *_NEWEST], name="status_captured"),
        IndexModel([("customer_id", 1), *_NEWEST], name="customer_captured"),
    ],
)


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
        campaign_id=data.get("campaign_id"),
        interest=data["interest"],
        raw=data.get("raw"),
        captured_at=event.occurred_at,
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
        horizon_days=data.get("horizon_days"),
    )
    if "budget" in data:
        doc["budget"] = {**data["budget"], "amount": Decimal(data["budget"]["amount"])}
    _stamp(doc, event)


@leads.on(LeadDisqualified, key=_lead)
def disqualified(doc: Document, event: Event) -> None:
    doc.update(
        status="disqualified", disqualified_at=event.occurred_at, reason=event.data["reason"]
    )
    _stamp(doc, event)


def _stamp(doc: Document, event: Event) -> None:
    """The version for If-Match, and where the lead belongs now."""
    doc.update(
        version=event.version,
        org_unit=event.scope.org_unit,
        team=event.scope.team,
        owner=event.scope.owner,
    )
