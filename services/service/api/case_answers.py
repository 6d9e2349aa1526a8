"""How a case looks in answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Decision, Flag, Id, ListOf, Nested, OneOf, Time
from events.contracts.service import METRICS, PRIORITIES, DueSchema
from events.http.masking import personal
from services.service.views.cases import STATUSES


class Breach(Schema):
    """A due time that was missed."""

    metric = OneOf(*METRICS)
    late_by_seconds = Count()


class CaseAnswer(Schema):
    """A case; `due_at` is until when the next step is due."""

    id = Id()
    customer_id = Id()
    kind = Code()
    subject = fields.String(required=True, metadata=personal())
    interaction_id = Id(required=False)
    order_id = Id(required=False)
    status = OneOf(*STATUSES)
    priority = OneOf(*PRIORITIES)
    asked_priority = OneOf(*PRIORITIES)
    priority_cause = Code(required=False, description="why the priority moved last")
    decision = Decision(required=False)
    tier = Code(required=False, description="the one that was followed")
    process_version = Count()
    opened_at = Time()
    due = Nested(DueSchema)
    due_at = Time()
    responded_at = Time(required=False)
    response_late = Flag(required=False)
    resolved_at = Time(required=False)
    cause_code = Code(required=False)
    resolution = fields.String(metadata=personal())
    contacts = Count(required=False)
    reopenings = Count()
    reopened_because = Code(required=False)
    closed_at = Time(required=False)
    breaches = ListOf(Nested(Breach))
    version = Count()
    org_unit = Id()
    team = Id(required=False)
    owner = Id(required=False)
