"""The way of a lead through sales: dealt when qualified, opened when accepted, released at the end.

Which pool: that of the lead's org unit. A lead of the whole enterprise (`root`) goes to the pool
`default`. A pool without sellers keeps its leads waiting until somebody sells there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from events.contracts.marketing import LeadQualified
from events.contracts.money import Money
from events.contracts.sales import LeadAccepted, OpportunityLost, OpportunityWon
from events.deciding import Scope
from events.envelope import Event
from events.projection.reader import Views
from events.reactions import Reaction, Reply
from services.sales.domain.opportunity import OPPORTUNITY, OpenOpportunity
from services.sales.domain.pool import POOL, AssignLead, ReleaseLead

WHOLE_ENTERPRISE = Scope().org_unit
DEFAULT_POOL = "default"

UNKNOWN_AMOUNT = Money.zero("USD")
"""What a deal is worth when the lead named no budget: nothing yet, to be found out."""


def pool_for(org_unit: str) -> str:
    """The pool that deals the leads of an org unit."""
    return DEFAULT_POOL if org_unit == WHOLE_ENTERPRISE else org_unit


def deal(event: Event, _views: Views, at: datetime) -> list[Reply]:
    """A qualified lead goes to exactly one seller, or waits."""
    data = event.data
    scope = Scope(**data["scope"])
    command = AssignLead(
        lead_id=data["lead_id"],
        customer_id=data["customer_id"],
        at=at,
        product_line=data["product_line"],
        cause_event_ids=(event.id,),
        need=data["need"],
        amount=_money(data.get("budget")),
        scope=scope,
    )
    return [Reply(POOL, pool_for(scope.org_unit), command)]


def open_deal(event: Event, _views: Views, at: datetime) -> list[Reply]:
    """An accepted lead becomes the opportunity whose id the acceptance named."""
    data = event.data
    command = OpenOpportunity(
        opportunity_id=data["opportunity_id"],
        customer_id=data["customer_id"],
        at=at,
        amount=_money(data.get("amount")) or UNKNOWN_AMOUNT,
        lead_id=data["lead_id"],
        pool_id=event.stream.id,
        scope=Scope(**data["scope"]),
    )
    return [Reply(OPPORTUNITY, data["opportunity_id"], command)]


def release(event: Event, _views: Views, at: datetime) -> list[Reply]:
    """The pool forgets the lead of a closed opportunity, so that it may come again."""
    data = event.data
    if "lead_id" not in data or "pool_id" not in data:
        return []
    command = ReleaseLead(data["lead_id"], data["opportunity_id"], at)
    return [Reply(POOL, data["pool_id"], command)]


def _money(data: dict[str, Any] | None) -> Money | None:
    return Money.from_data(data) if data else None


LEADS = (
    Reaction("deal-lead", {LeadQualified: deal}),
    Reaction("open-opportunity", {LeadAccepted: open_deal}),
    Reaction("release-lead", {OpportunityWon: release, OpportunityLost: release}),
)
