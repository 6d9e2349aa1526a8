"""What an installation records of customers in its own words: events and fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from events.contracts.fields import Count, Id, Scope, Time
from events.contracts.platform import CustomRecorded
from events.errors import FieldFault, Invalid
from events.http import Routes, answer_create, answer_either, views
from events.http.documents import shown
from events.http.masking import personal
from events.http.paging import MAX_TIME_MS, Document
from events.http.runtime import runtime
from events.types import CustomerId, new_id, parse_time, utc_now
from gateway.platform.api.places import with_the_customer
from gateway.platform.domain.custom import CUSTOM_EVENT, CUSTOM_FIELDS, RecordCustom, SetFields
from gateway.platform.domain.own_types import FIELDS, ON_CUSTOMERS, TYPE

custom = Routes("custom", "/v1/customers", description="Own events and own fields of customers")

CLOCKS_DIFFER = timedelta(minutes=1)
"""Somebody's now may be ahead of ours by this."""


class CustomEventBody(Schema):
    """What happened, in the form that its type was registered with."""

    type = Id(description="a registered type")
    data = fields.Dict(required=True, metadata=personal("as the type's form wants it"))
    occurred_at = Time(required=False, description="when it happened; now unless told otherwise")
    scope = Scope(required=False)


class CustomFieldsBody(Schema):
    """New values; fields that are not named stay as they are."""

    values = fields.Dict(
        keys=fields.String(),
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata=personal("by field, as its form wants it; null takes the value away"),
    )
    scope = Scope(required=False)


class CustomFieldsAnswer(Schema):
    """A customer's own fields; version 0 when he never had any."""

    id = Id()
    values = fields.Dict(required=True, metadata=personal("by field"))
    changed_at = Time(required=False)
    version = Count()


@custom.create("/<id:customer_id>/custom-events", CustomEventBody, right="custom.record")
def record_custom_event(customer_id: str, body: dict[str, Any]) -> Response:
    """Record an event of an own type; it shows in the customer's timeline everywhere."""
    form, _ = runtime().commands.state(TYPE, body["type"])
    command = RecordCustom(
        new_id(),
        CustomerId(customer_id),
        body["type"],
        form,
        body["data"],
        with_the_customer(customer_id, body.get("scope")),
    )
    return answer_create(
        CUSTOM_EVENT,
        command.record_id,
        lambda _origin: command,
        location=f"/v1/customers/{customer_id}/timeline?type={CustomRecorded.TYPE}",
        occurred_at=_moment(body.get("occurred_at")),
    )


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    now, moment = utc_now(), parse_time(given)
    if moment > now + CLOCKS_DIFFER:
        raise Invalid("that can't be", [FieldFault("/occurred_at", "must not lie in the future")])
    return min(moment, now)


@custom.either("/<id:customer_id>/custom-fields", CustomFieldsBody, right="custom.record")
def set_custom_fields(customer_id: str, body: dict[str, Any]) -> Response:
    """Set own fields of a customer."""
    known, _ = runtime().commands.state(FIELDS, ON_CUSTOMERS)
    scope = with_the_customer(customer_id, body.get("scope"))
    command = SetFields(CustomerId(customer_id), body["values"], known, scope)
    return answer_either(CUSTOM_FIELDS, customer_id, lambda _origin: command)


@custom.query(
    "/<id:customer_id>/custom-fields", CustomFieldsAnswer, tagged=True, right="customer.read"
)
def get_custom_fields(customer_id: str) -> Document:
    """Look up the own fields of a customer; none for one who never had any."""
    known = (
        views()
        .collection("custom_values")
        .find_one({"_id": customer_id}, shown(CustomFieldsAnswer), max_time_ms=MAX_TIME_MS)
    )
    return known or {"_id": customer_id, "values": {}, "version": 0}
