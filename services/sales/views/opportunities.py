"""Opportunities: one document each, with the stages it went through and what was shown for them.

The customer's tier and discount band are no part of it: they move without it (customers.py).
"""

from __future__ import annotations

from events.contracts.sales import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityStageAdvanced,
    OpportunityWon,
)
from events.envelope import Event
from events.projection.folding import exact, known
from events.projection.indexes import list_indexes
from events.projection.view import Document, View
from events.types import parse_time

FILTERS = ("customer_id", "owner", "status", "stage", "pipeline")
SORTS = {"opened_at": "opened_at", "amount": "amount.amount", "expected_close": "expected_close"}

opportunities = View("opportunities", list_indexes(FILTERS, list(SORTS.values())))


def _opportunity(event: Event) -> str:
    return str(event.data["opportunity_id"])


@opportunities.on(OpportunityOpened, key=_opportunity)
def opened(doc: Document, event: Event) -> None:
    data = event.data
    close = data.get("expected_close")
    doc.update(
        customer_id=data["customer_id"],
        status="open",
        pipeline=data["pipeline"],
        pipeline_version=data["pipeline_version"],
        stage=data["stage"],
        stages=[{"stage": data["stage"], "since": event.occurred_at}],
        amount=exact(data["amount"]),
        opened_at=event.occurred_at,
        version=event.version,
        **event.scope.to_data(),
        **known(
            expected_close=parse_time(close) if close else None,
            lead_id=data.get("lead_id"),
            pool_id=data.get("pool_id"),
        ),
    )


@opportunities.on(OpportunityStageAdvanced, key=_opportunity)
def advanced(doc: Document, event: Event) -> None:
    """No stage comes twice, so the list is as long as the pipeline at most."""
    data = event.data
    doc["stages"][-1]["evidence"] = data["evidence"]
    doc["stages"].append({"stage": data["to"], "since": event.occurred_at})
    doc.update(stage=data["to"], version=event.version)


@opportunities.on(OpportunityWon, key=_opportunity)
def won(doc: Document, event: Event) -> None:
    _close(doc, event, "won")


@opportunities.on(OpportunityLost, key=_opportunity)
def lost(doc: Document, event: Event) -> None:
    _close(doc, event, "lost")
    doc.update(known(competitor_id=event.data.get("competitor_id")))


def _close(doc: Document, event: Event, status: str) -> None:
    doc.update(
        status=status,
        closed_at=event.occurred_at,
        reason=event.data["reason"],
        version=event.version,
    )
