"""Leads: capture, qualify, disqualify, look up, list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError, fields, validates_schema

from events.commands import Done
from events.contracts.fields import (
    Code,
    Count,
    Id,
    ListOf,
    Money,
    Nested,
    OneOf,
    Scope,
    Text,
    Time,
)
from events.contracts.marketing import TOUCHES
from events.deciding import Scope as ScopeValue
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create
from events.http.commands import NEW, origin_of_request
from events.http.documents import found, listed
from events.http.guard import reach, scope_or_own
from events.http.masking import personal
from events.http.runtime import runtime
from events.types import ConsistencyToken, CustomerId, new_id
from services.marketing.api.customers import RegisterCustomerBody, registration
from services.marketing.domain.customer import CUSTOMER
from services.marketing.domain.lead import LEAD, CaptureLead, DisqualifyLead, QualifyLead
from services.marketing.views.leads import FILTERS, SORTS, STATUSES

leads = Routes("leads", "/v1/leads", description="Who might buy")


class CaptureLeadBody(Schema):
    """A sign of interest, of a known customer or of a new one."""

    customer_id = Id(required=False)
    customer = Nested(
        RegisterCustomerBody, required=False, description="a new one, registered with the lead"
    )
    touch = OneOf(*TOUCHES)
    channel = Code()
    campaign_id = Id(required=False)
    interest = ListOf(
        Id(), required=False, longest=20, description="products or product lines asked for"
    )
    raw = Text(required=False, pii=True, description="the inquiry in the customer's own words")
    scope = Scope(required=False)

    @validates_schema
    def check_customer(self, data: dict[str, Any], **_: Any) -> None:
        if ("customer_id" in data) == ("customer" in data):
            raise ValidationError("either customer_id or customer, not both", "customer_id")


class QualifyLeadBody(Schema):
    """Why the lead is worth a seller's time; without a scope the lead keeps its own."""

    need = Text(pii=True, shortest=1, longest=1000)
    product_line = Code()
    budget = Money(required=False)
    horizon_days = Count(required=False, most=3650, description="days until the planned purchase")
    scope = Scope(required=False)


class DisqualifyLeadBody(Schema):
    """Why the lead leads nowhere."""

    reason = Code()


class LeadAnswer(Schema):
    """A lead, and what was found out about it."""

    id = Id()
    customer_id = Id()
    status = OneOf(*STATUSES)
    touch = OneOf(*TOUCHES)
    channel = Code()
    campaign_id = Id(required=False)
    interest = ListOf(Id())
    raw = fields.String(metadata=personal())
    captured_at = Time()
    need = fields.String(metadata=personal())
    product_line = Code(required=False)
    budget = Money(required=False)
    horizon_days = Count(required=False)
    qualified_at = Time(required=False)
    disqualified_at = Time(required=False)
    reason = Code(required=False)
    version = Count()
    org_unit = Id()
    team = Id(required=False)
    owner = Id(required=False)


class LeadParams(PageParams):
    """Which leads."""

    status = OneOf(*STATUSES, required=False)
    channel = Code(required=False)
    customer_id = Id(required=False)
    sort = Sorted(*SORTS, default="-captured_at")


@leads.create("", CaptureLeadBody, right="lead.capture")
def capture_lead(body: dict[str, Any]) -> Response:
    """Capture a lead.

    A new customer is registered first; the Consistency-Token then names both.
    """
    registered = _register(body) if "customer" in body else None
    lead_id = new_id()
    response = answer_create(
        LEAD,
        lead_id,
        lambda origin: CaptureLead(
            lead_id=lead_id,
            at=origin.occurred_at,
            customer_id=CustomerId(registered.stream.id if registered else body["customer_id"]),
            touch=body["touch"],
            channel=body["channel"],
            campaign_id=body.get("campaign_id"),
            interest=body.get("interest", ()),
            raw=body.get("raw"),
            scope=scope_or_own(body.get("scope")),
        ),
    )
    if registered:
        token = ConsistencyToken(registered.stream, registered.version)
        response.headers["Consistency-Token"] += f", {token}"
    return response


@leads.command("/<id:lead_id>/qualify", QualifyLeadBody, right="lead.qualify")
def qualify_lead(lead_id: str, body: dict[str, Any]) -> Response:
    """Qualify a lead: from here on it is the business of sales."""
    scope = ScopeValue(**body["scope"]) if "scope" in body else None
    return answer_change(
        LEAD,
        lead_id,
        lambda origin: QualifyLead(
            **{**body, "lead_id": lead_id, "at": origin.occurred_at, "scope": scope}
        ),
    )


@leads.command("/<id:lead_id>/disqualify", DisqualifyLeadBody, right="lead.qualify")
def disqualify_lead(lead_id: str, body: dict[str, Any]) -> Response:
    """Disqualify a lead for good."""
    return answer_change(
        LEAD,
        lead_id,
        lambda origin: DisqualifyLead(
            lead_id=lead_id, at=origin.occurred_at, reason=body["reason"]
        ),
    )


@leads.query("", LeadAnswer, LeadParams, many=True, right="lead.read")
def list_leads(params: dict[str, Any]) -> Page:
    """List leads."""
    return listed("leads", LeadAnswer, params, FILTERS, SORTS)


@leads.query("/<id:lead_id>", LeadAnswer, tagged=True, right="lead.read")
def get_lead(lead_id: str) -> dict[str, Any]:
    """Look up a lead."""
    return found("leads", lead_id, LeadAnswer, "lead")


def _register(body: dict[str, Any]) -> Done:
    """Registers the lead's new customer, who belongs where the lead does unless told otherwise.

    Two streams are two commits. When the second one fails, the customer stays; the same request
    with the same Idempotency-Key finds him again. A key holds no line feed, so none is like ours.
    """
    origin = origin_of_request()
    if origin.command_id is not None:
        origin = replace(origin, command_id=f"{origin.command_id}\ncustomer")
    customer_id = CustomerId(new_id())
    inherited = {"scope": body["scope"]} if "scope" in body else {}
    command = registration(customer_id, origin.occurred_at, {**inherited, **body["customer"]})
    return runtime().commands.execute(
        CUSTOMER, customer_id, command, origin, expected=NEW, permit=reach().covers
    )
