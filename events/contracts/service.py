"""The events of the service context: contacts with customers, and the cases that come of them.

Due times are decided when they are written, so that every reader sees the same ones; the process
version on a case says by which rules they were found.
"""

from __future__ import annotations

from marshmallow import Schema

from events.contracts.base import Contract, contract
from events.contracts.fields import (
    Code,
    Count,
    Decision,
    Flag,
    Id,
    Nested,
    OneOf,
    Scope,
    Text,
    Time,
)
from events.contracts.marketing import ContactPointSchema

CHANNELS = ("voice", "web", "branch", "field", "mail", "fax", "chat")
DIRECTIONS = ("inbound", "outbound")
PRIORITIES = ("low", "normal", "high", "urgent")
"""From the least to the most pressing."""
METRICS = ("first_response", "resolution")


class DueSchema(Schema):
    """Until when a case must be answered, and until when solved."""

    first_response = Time()
    resolution = Time()


@contract("crm.service.interaction.started", version=1, aggregate="interaction")
class InteractionStarted(Contract):
    """A contact began; the customer may be a provisional one."""

    interaction_id = Id()
    customer_id = Id()
    channel = OneOf(*CHANNELS)
    direction = OneOf(*DIRECTIONS)
    address_hash = Id(required=False, description="keyed hash of the number or address used")
    scope = Scope()


@contract("crm.service.interaction.unknown_party_identified", version=1, aggregate="interaction")
class UnknownPartyIdentified(Contract):
    """Nobody known called: `customer_id` is provisional until marketing confirms or links it."""

    interaction_id = Id()
    customer_id = Id()
    contact_point = Nested(
        ContactPointSchema, required=False, description="absent when the caller withheld it"
    )


@contract("crm.service.interaction.ended", version=1, aggregate="interaction")
class InteractionEnded(Contract):
    """The contact is over; the disposition says with what result."""

    interaction_id = Id()
    customer_id = Id()
    disposition = Code()


@contract("crm.service.case.opened", version=1, aggregate="case")
class CaseOpened(Contract):
    """Something must be done for a customer, by rules fixed for the life of the case."""

    case_id = Id()
    customer_id = Id()
    kind = Code()
    subject = Text(pii=True, shortest=1, longest=200)
    interaction_id = Id(required=False)
    order_id = Id(required=False)
    process_version = Count(least=1)
    priority = OneOf(*PRIORITIES)
    asked_priority = OneOf(*PRIORITIES, description="the priority before the tier raised it")
    tier = Code(required=False, description="the customer's tier as far as service knew it")
    opened_at = Time(description="all due times count from here")
    due = Nested(DueSchema)
    scope = Scope()


@contract("crm.service.case.prioritized", version=1, aggregate="case")
class CasePrioritized(Contract):
    """The case became more or less pressing, and its due times moved."""

    class Meta(Contract.Meta):
        # `from` is a keyword of Python, so the field can't be declared like the others.
        include = {"from": OneOf(*PRIORITIES)}

    case_id = Id()
    customer_id = Id()
    to = OneOf(*PRIORITIES)
    cause = Code()
    tier = Code(required=False, description="given when a change of tier is the cause")
    due = Nested(DueSchema)
    decision = Decision()


@contract("crm.service.case.first_response_sent", version=1, aggregate="case")
class FirstResponseSent(Contract):
    """The customer heard from us for the first time since the case was opened."""

    case_id = Id()
    customer_id = Id()
    elapsed_seconds = Count()
    late = Flag()


@contract("crm.service.case.sla_breached", version=1, aggregate="case")
class SlaBreached(Contract):
    """A due time was missed; at most once for each metric of a case."""

    case_id = Id()
    customer_id = Id()
    metric = OneOf(*METRICS)
    late_by_seconds = Count(least=1, description="started seconds count in full")


@contract("crm.service.case.resolved", version=1, aggregate="case")
class CaseResolved(Contract):
    """The work is done; the customer may still disagree."""

    case_id = Id()
    customer_id = Id()
    cause_code = Code()
    resolution = Text(pii=True, shortest=1)
    contacts = Count(most=10_000, description="contacts that it took; 1 is solved at first contact")


@contract("crm.service.case.reopened", version=1, aggregate="case")
class CaseReopened(Contract):
    """The solution did not hold."""

    case_id = Id()
    customer_id = Id()
    reason = Code()


@contract("crm.service.case.closed", version=1, aggregate="case")
class CaseClosed(Contract):
    """Nothing more will be done unless the case is reopened."""

    case_id = Id()
    customer_id = Id()
