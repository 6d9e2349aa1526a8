"""The events of the marketing context: who the customer is, and which leads there are.

`CustomerRegistered` mints the customer whom every other context speaks of by id. Personal data is
marked in the schema and never part of an id.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError

from events.contracts.base import Contract, contract
from events.contracts.fields import (
    Anything,
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

CUSTOMER_KINDS = ("person", "organization")
CUSTOMER_ROLES = ("end_customer", "distributor", "partner")
CONTACT_KINDS = ("phone", "email", "post", "fax", "web", "chat")
TOUCHES = ("visit", "call", "web", "fair", "referral")


class ContactPointSchema(Schema):
    """One way to reach somebody: the kind of the address, and the address as it was given."""

    kind = OneOf(*CONTACT_KINDS)
    value = Text(pii=True, shortest=1, longest=320, description="320: the longest e-mail address")


class Day(Text):
    """A calendar day, `1984-02-29`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            known = date.fromisoformat(text).isoformat() == text
        except ValueError:
            known = False
        if not known:
            raise ValidationError("must be a day, year-month-day")
        return text


class FamilySchema(Schema):
    """The household, as far as it was told."""

    status = Code(required=False, pii=True)
    children = Count(required=False, most=50)
    household_size = Count(required=False, least=1, most=100)


class WorkSchema(Schema):
    """Where and as what somebody works."""

    employer = Text(required=False, pii=True, shortest=1, longest=200)
    occupation = Text(required=False, pii=True, shortest=1, longest=200)
    industry = Code(required=False)


class AddressSchema(Schema):
    """A postal address; `lines` holds what stands above the town, in order."""

    lines = ListOf(Text(pii=True, shortest=1, longest=200), required=False, longest=5)
    postal_code = Text(required=False, pii=True, shortest=1, longest=20)
    city = Text(required=False, pii=True, shortest=1, longest=100)
    region = Text(required=False, shortest=1, longest=100)
    country = Text(shortest=2, longest=2, description="ISO 3166-1 alpha-2")


class PurchasePreferenceSchema(Schema):
    """What somebody likes to buy, at which price level, and where."""

    categories = ListOf(Code(), required=False, longest=50)
    price_band = Code(required=False)
    channel = Code(required=False)


class ProfileSchema(Schema):
    """The profile's fields by name: the types of `old` and `new` in a `FieldChangeSchema`."""

    name = Text(required=False, pii=True, shortest=1, longest=200)
    birth_date = Day(required=False, pii=True)
    family = Nested(FamilySchema, required=False)
    work = Nested(WorkSchema, required=False)
    income = Money(required=False, description="per year, before taxes")
    address = Nested(AddressSchema, required=False)
    hobbies = ListOf(Text(pii=True, shortest=1, longest=60), required=False, longest=30)
    purchase_preference = Nested(PurchasePreferenceSchema, required=False)
    locale = Text(required=False, shortest=2, longest=35, description="BCP 47, such as zh-CN")
    contact_points = ListOf(Nested(ContactPointSchema), required=False, longest=20)
    roles = ListOf(OneOf(*CUSTOMER_ROLES), required=False, shortest=1, longest=len(CUSTOMER_ROLES))


class ProvenanceSchema(Schema):
    """From where a value came: the source always, the person who vouches for it when known."""

    source = Code()
    actor = Id(required=False)
    at = Time()


class FieldChangeSchema(Schema):
    """One field of a profile before and after; null stands for "not known"."""

    field = Code(description="name of the profile field")
    old = Anything(pii=True)
    new = Anything(pii=True)
    provenance = Nested(ProvenanceSchema)


@contract("crm.marketing.customer.registered", version=1, aggregate="customer")
class CustomerRegistered(Contract):
    """A person or an organization became known; an organization always has a name."""

    customer_id = Id()
    kind = OneOf(*CUSTOMER_KINDS)
    roles = ListOf(OneOf(*CUSTOMER_ROLES), shortest=1, longest=len(CUSTOMER_ROLES))
    name = Text(required=False, pii=True, shortest=1, longest=200)
    contact_points = ListOf(Nested(ContactPointSchema), longest=20)
    locale = Text(required=False, shortest=2, longest=35, description="BCP 47, such as zh-CN")
    source = Code(description="where we learned of the customer")
    member_no = Text(
        required=False, pii=True, shortest=1, longest=60, description="of one customer only"
    )
    scope = Scope()


@contract("crm.marketing.customer.profile_updated", version=1, aggregate="customer")
class CustomerProfileUpdated(Contract):
    """Fields of the profile took other values; each change says from where it comes."""

    customer_id = Id()
    changes = ListOf(Nested(FieldChangeSchema), shortest=1, longest=20)


@contract("crm.marketing.lead.captured", version=1, aggregate="lead")
class LeadCaptured(Contract):
    """A touch showed interest; whether it is worth a seller's time is not known yet."""

    lead_id = Id()
    customer_id = Id()
    touch = OneOf(*TOUCHES)
    channel = Code()
    campaign_id = Id(required=False)
    interest = ListOf(Id(), longest=20, description="products or product lines asked for")
    raw = Text(required=False, pii=True, description="the inquiry in the customer's own words")
    scope = Scope()


@contract("crm.marketing.lead.qualified", version=1, aggregate="lead")
class LeadQualified(Contract):
    """The lead is ready for a seller; sales answers by assigning exactly one."""

    lead_id = Id()
    customer_id = Id()
    need = Text(pii=True, shortest=1, longest=1000)
    budget = Money(required=False)
    horizon_days = Count(required=False, most=3650, description="days until the planned purchase")
    product_line = Code()
    scope = Scope()


@contract("crm.marketing.lead.disqualified", version=1, aggregate="lead")
class LeadDisqualified(Contract):
    """The lead leads nowhere; it never qualifies in this cycle."""

    lead_id = Id()
    customer_id = Id()
    reason = Code()
