"""Ada, who is a person; Analytical Engines, who are an organization; and Ada's lead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from events.contracts.base import Fact, fact
from events.contracts.marketing import (
    CustomerProfileUpdated,
    CustomerRegistered,
    LeadCaptured,
    LeadDisqualified,
    LeadQualified,
)
from events.deciding import Scope
from events.types import CustomerId
from services.marketing.domain.customer import RegisterCustomer, UpdateProfile
from services.marketing.domain.lead import CaptureLead, DisqualifyLead, QualifyLead

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ADA = CustomerId("01934f7e-8a00-7000-8000-000000000ada")
LEAD_ID = "01934f7e-8a00-7000-8000-00000000001e"
NORTH = Scope("north", team="north-1")
SOUTH = Scope("south", owner="sam")
EMAIL = {"kind": "email", "value": "ada@example.com"}


def register(**changes: Any) -> RegisterCustomer:
    """Ada herself, unless the changes say otherwise."""
    usual: dict[str, Any] = {
        "customer_id": ADA,
        "at": NOON,
        "kind": "person",
        "source": "web_form",
        "name": "Ada Lovelace",
        "contact_points": (EMAIL,),
        "locale": "en-GB",
        "scope": NORTH,
    }
    return RegisterCustomer(**{**usual, **changes})


def registered(**changes: Any) -> Fact:
    usual: dict[str, Any] = {
        "customer_id": ADA,
        "kind": "person",
        "roles": ["end_customer"],
        "name": "Ada Lovelace",
        "contact_points": [EMAIL],
        "locale": "en-GB",
        "source": "web_form",
        "scope": {"org_unit": "north", "team": "north-1"},
    }
    return fact(CustomerRegistered, **{**usual, **changes})


def update(actor: str | None = "agent-7", **values: Any) -> UpdateProfile:
    return UpdateProfile(customer_id=ADA, at=NOON, values=values, source="phone_call", actor=actor)


def change(field: str, old: Any, new: Any) -> dict[str, Any]:
    provenance = {"source": "phone_call", "actor": "agent-7", "at": "2026-01-31T12:00:00.000Z"}
    return {"field": field, "old": old, "new": new, "provenance": provenance}


def updated(*changes: dict[str, Any]) -> Fact:
    return fact(CustomerProfileUpdated, customer_id=ADA, changes=list(changes))


def capture(**changes: Any) -> CaptureLead:
    usual: dict[str, Any] = {
        "lead_id": LEAD_ID,
        "at": NOON,
        "customer_id": ADA,
        "touch": "fair",
        "channel": "booth",
        "interest": ("engines",),
        "raw": "Call me about the engine.",
        "scope": NORTH,
    }
    return CaptureLead(**{**usual, **changes})


def captured() -> Fact:
    return fact(
        LeadCaptured,
        lead_id=LEAD_ID,
        customer_id=ADA,
        touch="fair",
        channel="booth",
        interest=["engines"],
        raw="Call me about the engine.",
        scope={"org_unit": "north", "team": "north-1"},
    )


def qualify(**changes: Any) -> QualifyLead:
    usual: dict[str, Any] = {
        "lead_id": LEAD_ID,
        "at": NOON,
        "need": "a difference engine",
        "product_line": "engines",
        "budget": {"amount": "17000.00", "currency": "GBP"},
        "horizon_days": 90,
    }
    return QualifyLead(**{**usual, **changes})


def qualified(**changes: Any) -> Fact:
    usual: dict[str, Any] = {
        "lead_id": LEAD_ID,
        "customer_id": ADA,
        "need": "a difference engine",
        "budget": {"amount": "17000.00", "currency": "GBP"},
        "horizon_days": 90,
        "product_line": "engines",
        "scope": {"org_unit": "north", "team": "north-1"},
    }
    return fact(LeadQualified, **{**usual, **changes})


def disqualify() -> DisqualifyLead:
    return DisqualifyLead(lead_id=LEAD_ID, at=NOON, reason="no_budget")


def disqualified() -> Fact:
    return fact(LeadDisqualified, lead_id=LEAD_ID, customer_id=ADA, reason="no_budget")
