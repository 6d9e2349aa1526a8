"""What service knows of a customer at a glance."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Flag, Id, ListOf, Nested, OneOf, Time
from events.contracts.service import CHANNELS, DIRECTIONS, PRIORITIES
from events.http import Routes, views
from events.http.documents import found, shown
from events.http.encoding import public
from events.http.masking import personal
from events.mongodb import MAX_TIME_MS

customers = Routes("customers", "/v1/customers", description="Customers as service knows them")

SHOWN_CASES = 5
"""As many open cases as can be taken in at a glance; all of them are a page of `/v1/cases`."""


class CaseCounts(Schema):
    """How many cases the customer had, and how many are open."""

    open = Count()
    opened = Count()
    reopened = Count()
    breached = Count(description="due times missed")


class LastContact(Schema):
    """The latest contact, whoever began it."""

    at = Time()
    interaction_id = Id()
    channel = OneOf(*CHANNELS)
    direction = OneOf(*DIRECTIONS)


class CaseGlance(Schema):
    """An open case, in a few words."""

    id = Id()
    kind = Code()
    subject = fields.String(required=True, metadata=personal())
    priority = OneOf(*PRIORITIES)
    due_at = Time()


class _Known(Schema):
    """What the customer's one document tells."""

    id = Id()
    name = fields.String(metadata=personal())
    kind = Code(required=False)
    provisional = Flag(description="true until marketing registers the unknown party")
    tier = Code(required=False, description="what analytics said last")
    tier_since = Time(required=False)
    cases = Nested(CaseCounts)
    contacts = Count()
    last_contact = Nested(LastContact, required=False)


class CustomerSummary(_Known):
    """What service knows of a customer at a glance."""

    open_cases = ListOf(
        Nested(CaseGlance), longest=SHOWN_CASES, description="the ones that are due first"
    )


@customers.query("/<id:customer_id>/summary", CustomerSummary, right="customer.read")
def get_customer_summary(customer_id: str) -> dict[str, Any]:
    """What service knows of a customer at a glance."""
    known = found("customers", customer_id, _Known, "customer")
    return {**known, "open_cases": _due_first(customer_id)}


def _due_first(customer_id: str) -> list[dict[str, Any]]:
    cases = (
        views("case.read")
        .collection("cases")
        .find({"customer_id": customer_id, "status": "open"}, shown(CaseGlance))
        .sort([("due_at", 1), ("_id", 1)])
        .limit(SHOWN_CASES)
        .max_time_ms(MAX_TIME_MS)
    )
    return [public(case) for case in cases]
