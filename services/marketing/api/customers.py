"""Customers: register, update the profile, look up, list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Id, ListOf, Nested, OneOf, Scope, Text, Time
from events.contracts.marketing import (
    CUSTOMER_KINDS,
    CUSTOMER_ROLES,
    ContactPointSchema,
    ProfileSchema,
)
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create, views
from events.http.documents import GLANCE, found, glance, listed
from events.http.guard import scope_or_own
from events.http.masking import personal
from events.types import CustomerId, new_id
from services.marketing.domain.customer import (
    ALWAYS_THERE,
    CUSTOMER,
    RegisterCustomer,
    UpdateProfile,
)
from services.marketing.views.customers import FILTERS, SORTS, STATUSES

customers = Routes("customers", "/v1/customers", description="Who the customers are")


class RegisterCustomerBody(Schema):
    """A person or an organization; an organization needs a name."""

    kind = OneOf(*CUSTOMER_KINDS)
    source = Code(description="where we learned of the customer")
    roles = ListOf(OneOf(*CUSTOMER_ROLES), required=False, shortest=1, longest=len(CUSTOMER_ROLES))
    name = Text(required=False, pii=True, shortest=1, longest=200)
    contact_points = ListOf(Nested(ContactPointSchema), required=False, longest=20)
    locale = Text(required=False, shortest=2, longest=35, description="BCP 47, such as zh-CN")
    member_no = Text(
        required=False, pii=True, shortest=1, longest=60, description="of one customer only"
    )
    scope = Scope(required=False)


class ProfileValues(ProfileSchema):
    """New values by field; null makes a field unknown."""

    # Declared anew in words that OpenAPI has; the domain checks that the day exists.
    birth_date = Text(  # type: ignore[assignment]
        required=False, pii=True, shortest=10, longest=10, description="year-month-day"
    )

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.allow_none = field_name not in ALWAYS_THERE


class UpdateProfileBody(Schema):
    """Values that one source gave at one time."""

    values = Nested(ProfileValues)
    source = Code(description="from where the values come")
    actor = Id(required=False, description="who vouches for them")


class SourcedValue(Schema):
    """A value of the profile, and where it came from."""

    value = fields.Raw(required=True, metadata={"description": "its type depends on the field"})
    source = Code()
    actor = Id(required=False)
    at = Time()


class LeadCounts(Schema):
    """How many leads of the customer there were, and how many are undecided."""

    open = Count()
    captured = Count()
    qualified = Count()
    disqualified = Count()


class LastTouch(Schema):
    """The latest sign of interest."""

    at = Time()
    touch = Code()
    channel = Code()
    lead_id = Id()


class UnknownParty(Schema):
    """The contact by which a provisional customer came to be."""

    interaction_id = Id()
    contact_point = Nested(ContactPointSchema, required=False)
    at = Time()


class CustomerItem(Schema):
    """A customer in a list."""

    id = Id()
    status = OneOf(*STATUSES)
    kind = OneOf(*CUSTOMER_KINDS, required=False)
    name = fields.String(metadata=personal())
    roles = fields.List(fields.String())
    source = Code(required=False)
    member_no = fields.String(metadata=personal())
    registered_at = Time(required=False)
    tier = Code(required=False)
    leads = Nested(LeadCounts)


class CustomerSummary(Schema):
    """What marketing knows of a customer at a glance; profile by field."""

    id = Id()
    status = OneOf(*STATUSES)
    kind = OneOf(*CUSTOMER_KINDS, required=False)
    name = fields.String(metadata=personal())
    roles = fields.List(fields.String())
    profile = fields.Dict(
        keys=fields.String(), values=fields.Nested(SourcedValue), metadata=personal()
    )
    leads = Nested(LeadCounts)
    last_touch = Nested(LastTouch, required=False)
    unknown_party = Nested(UnknownParty, required=False)
    tier = Code(required=False, description="what analytics said last")
    tier_since = Time(required=False)


class LeadGlance(Schema):
    """An undecided lead, in a few words."""

    id = Id()
    touch = Code()
    channel = Code()
    captured_at = Time()
    owner = Id(required=False)


class CustomerGlance(CustomerSummary):
    """What marketing knows of a customer, with what is going on."""

    open_leads = ListOf(Nested(LeadGlance), longest=GLANCE, description="captured last")


class CustomerAnswer(CustomerSummary):
    """A customer; without a version while marketing has not registered it."""

    source = Code(required=False)
    member_no = fields.String(metadata=personal())
    registered_at = Time(required=False)
    version = Count(required=False)
    org_unit = Id(required=False)
    team = Id(required=False)
    owner = Id(required=False)


class CustomerParams(PageParams):
    """Which customers."""

    status = OneOf(*STATUSES, required=False)
    kind = OneOf(*CUSTOMER_KINDS, required=False)
    source = Code(required=False)
    member_no = Text(required=False, pii=True, shortest=1, longest=60)
    sort = Sorted(*SORTS, default="-registered_at")


def registration(customer_id: CustomerId, at: datetime, body: dict[str, Any]) -> RegisterCustomer:
    """The command from a `RegisterCustomerBody`."""
    scope = scope_or_own(body.get("scope"))
    return RegisterCustomer(**{**body, "customer_id": customer_id, "at": at, "scope": scope})


@customers.create("", RegisterCustomerBody, right="customer.register")
def register_customer(body: dict[str, Any]) -> Response:
    """Register a customer."""
    customer_id = CustomerId(new_id())
    return answer_create(
        CUSTOMER,
        customer_id,
        lambda origin: registration(customer_id, origin.occurred_at, body),
    )


@customers.command("/<id:customer_id>/profile", UpdateProfileBody, right="customer.change")
def update_profile(customer_id: str, body: dict[str, Any]) -> Response:
    """Update the profile.

    Values that the profile has already are left alone, and keep their provenance.
    """
    return answer_change(
        CUSTOMER,
        customer_id,
        lambda origin: UpdateProfile(
            customer_id=CustomerId(customer_id), at=origin.occurred_at, **body
        ),
    )


@customers.query("", CustomerItem, CustomerParams, many=True, right="customer.read")
def list_customers(params: dict[str, Any]) -> Page:
    """List customers."""
    return listed("customers", CustomerItem, params, FILTERS, SORTS)


@customers.query("/<id:customer_id>", CustomerAnswer, tagged=True, right="customer.read")
def get_customer(customer_id: str) -> dict[str, Any]:
    """Look up a customer."""
    return found("customers", customer_id, CustomerAnswer, "customer")


@customers.query("/<id:customer_id>/summary", CustomerGlance, right="customer.read")
def get_customer_summary(customer_id: str) -> dict[str, Any]:
    """What marketing knows of a customer at a glance."""
    known = found("customers", customer_id, CustomerSummary, "customer")
    leads = views("lead.read").collection("leads")
    open_ones = {"customer_id": customer_id, "status": "captured"}
    return {**known, "open_leads": glance(leads, open_ones, "captured_at", LeadGlance)}
