"""Opportunities: open, advance, win, lose, look up, list.

Lists and single ones show the customer's tier and the discount band that goes with it now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Id, ListOf, Money, Nested, OneOf, Scope, Time
from events.contracts.money import Money as MoneyValue
from events.contracts.sales import Evidence as EvidenceSchema
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create, views
from events.http.documents import found, listed
from events.http.guard import scope_or_own
from events.http.masking import personal
from events.types import new_id, parse_time
from services.sales.api.customers import band_of, known_customers
from services.sales.domain.opportunity import (
    OPPORTUNITY,
    AdvanceStage,
    Evidence,
    LoseOpportunity,
    OpenOpportunity,
    WinOpportunity,
)
from services.sales.views.assignments import assignment_id
from services.sales.views.opportunities import FILTERS, SORTS

opportunities = Routes("opportunities", "/v1/opportunities", description="Who may buy")

STATUSES = ("open", "won", "lost")


class OpenOpportunityBody(Schema):
    """Somebody may buy; it starts in the first stage of the newest version of the pipeline."""

    customer_id = Id()
    amount = Money()
    pipeline = Code(required=False)
    expected_close = Time(required=False)
    scope = Scope(required=False)


class AdvanceBody(Schema):
    """The next stage, and what shows that this one's exit criteria are met."""

    to = Code(description="the stage that the caller believes to be next")
    evidence = ListOf(Nested(EvidenceSchema), required=False, longest=50)


class WinBody(Schema):
    """Why the customer decided for us."""

    reason = Code()


class LoseBody(Schema):
    """Why the customer decided against us, and for whom."""

    reason = Code()
    competitor_id = Id(required=False)


class StageReached(Schema):
    """A stage, since when, and what was shown to leave it."""

    stage = Code()
    since = Time()
    evidence = ListOf(Nested(EvidenceSchema), required=False, longest=50)


class LeadBehind(Schema):
    """The lead from which the opportunity came."""

    lead_id = Id()
    pool_id = Id()
    product_line = Code(required=False)
    need = fields.String(metadata=personal())


class OpportunityItem(Schema):
    """An opportunity in a list."""

    id = Id()
    customer_id = Id()
    status = OneOf(*STATUSES)
    pipeline = Code()
    stage = Code()
    amount = Money()
    opened_at = Time()
    expected_close = Time(required=False)
    owner = Id(required=False)
    tier = Code(required=False, description="of the customer, as analytics said last")
    discount_band_pct = Count(description="allowed without approval, by the tier")
    discount_band_version = Count()
    version = Count()


class OpportunityAnswer(OpportunityItem):
    """A whole opportunity."""

    pipeline_version = Count()
    stages = ListOf(Nested(StageReached))
    lead_id = Id(required=False)
    pool_id = Id(required=False)
    lead = Nested(LeadBehind, required=False)
    closed_at = Time(required=False)
    reason = Code(required=False)
    competitor_id = Id(required=False)
    org_unit = Id()
    team = Id(required=False)


class OpportunityParams(PageParams):
    """Which opportunities."""

    customer_id = Id(required=False)
    owner = Id(required=False)
    status = OneOf(*STATUSES, required=False)
    stage = Code(required=False)
    pipeline = Code(required=False)
    sort = Sorted(*SORTS, default="-opened_at")


@opportunities.create("", OpenOpportunityBody, right="opportunity.work")
def open_opportunity(body: dict[str, Any]) -> Response:
    """Open an opportunity."""
    opportunity_id = new_id()
    return answer_create(
        OPPORTUNITY,
        opportunity_id,
        lambda origin: _opening(opportunity_id, origin.occurred_at, body),
    )


def _opening(opportunity_id: str, at: datetime, body: dict[str, Any]) -> OpenOpportunity:
    close = body.get("expected_close")
    command = OpenOpportunity(
        opportunity_id,
        body["customer_id"],
        at,
        MoneyValue.from_data(body["amount"]),
        expected_close=parse_time(close) if close else None,
        scope=scope_or_own(body.get("scope")),
    )
    return replace(command, pipeline=body.get("pipeline", command.pipeline))


@opportunities.command("/<id:opportunity_id>/advance", AdvanceBody, right="opportunity.work")
def advance_opportunity(opportunity_id: str, body: dict[str, Any]) -> Response:
    """Advance to the next stage; the exit criteria of this one must be met."""
    evidence = tuple(Evidence(**one) for one in body.get("evidence", ()))
    return answer_change(
        OPPORTUNITY,
        opportunity_id,
        lambda origin: AdvanceStage(opportunity_id, origin.occurred_at, body["to"], evidence),
    )


@opportunities.command("/<id:opportunity_id>/win", WinBody, right="opportunity.work")
def win_opportunity(opportunity_id: str, body: dict[str, Any]) -> Response:
    """The customer decided for us; only in the last stage."""
    return answer_change(
        OPPORTUNITY,
        opportunity_id,
        lambda origin: WinOpportunity(opportunity_id, origin.occurred_at, **body),
    )


@opportunities.command("/<id:opportunity_id>/lose", LoseBody, right="opportunity.work")
def lose_opportunity(opportunity_id: str, body: dict[str, Any]) -> Response:
    """The customer decided against us; in any stage."""
    return answer_change(
        OPPORTUNITY,
        opportunity_id,
        lambda origin: LoseOpportunity(opportunity_id, origin.occurred_at, **body),
    )


@opportunities.query("", OpportunityItem, OpportunityParams, many=True, right="opportunity.read")
def list_opportunities(params: dict[str, Any]) -> Page:
    """List opportunities."""
    page = listed("opportunities", OpportunityItem, params, FILTERS, SORTS)
    known = known_customers([one["customer_id"] for one in page.items])
    items = [_with_tier(one, known.get(one["customer_id"], {})) for one in page.items]
    return replace(page, items=items)


@opportunities.query(
    "/<id:opportunity_id>", OpportunityAnswer, tagged=True, right="opportunity.read"
)
def get_opportunity(opportunity_id: str) -> dict[str, Any]:
    """Look up an opportunity, with the lead behind it."""
    document = found("opportunities", opportunity_id, OpportunityAnswer, "opportunity")
    customer_id = document["customer_id"]
    customer = known_customers([customer_id]).get(customer_id, {})
    return {**_with_tier(document, customer), **_lead_behind(document)}


def _with_tier(document: dict[str, Any], customer: dict[str, Any]) -> dict[str, Any]:
    tier = {"tier": customer["tier"]} if "tier" in customer else {}
    return {**document, **tier, **band_of(customer)}


def _lead_behind(document: dict[str, Any]) -> dict[str, Any]:
    """Found by its id, for the lead's own words stay where they were first written."""
    if "lead_id" not in document or "pool_id" not in document:
        return {}
    lead = (
        views()
        .collection("assignments")
        .find_one(
            {"_id": assignment_id(document["pool_id"], document["lead_id"])},
            {"_id": 0, "lead_id": 1, "pool_id": 1, "product_line": 1, "need": 1},
        )
    )
    return {"lead": lead} if lead else {}
