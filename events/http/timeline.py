"""The customer's timeline over HTTP: the same routes in every service, from its own projection.

`as_of` selects by when things happened, `known_at` by when they were recorded: together they give
what this service would have said at a moment about a moment.
"""

from __future__ import annotations

import hashlib
from typing import Any

from marshmallow import Schema, fields

from events.contracts.fields import Id
from events.http.masking import EVENT_DATA
from events.http.paging import MAX_TIME_MS, Document, Page, Sort, page_of
from events.http.params import Moment, PageParams, Params
from events.http.routes import Routes
from events.http.runtime import views

NEWEST_FIRST = Sort.by("-at")
OLDEST_FIRST = [("at", 1), ("_id", 1)]
DIGEST_TIME_MS = 10 * MAX_TIME_MS
"""A digest reads every entry of the customer, which for the largest is 100,000."""


class PastParams(Params):
    """Which past is asked for."""

    as_of = Moment(description="only what had happened by then")
    known_at = Moment(description="only what had been recorded by then")


class TimelineParams(PastParams, PageParams):
    """A page of a timeline."""

    source = Id(required=False, description="only events of this context")
    type = Id(required=False, description="only events of this type")


class TimelineEntry(Schema):
    """One event, as it stands in the timeline."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time", "description": "happened"})
    recorded_at = fields.String(required=True, metadata={"format": "date-time"})
    source = fields.String(required=True)
    type = fields.String(required=True)
    stream = fields.String(required=True)
    version = fields.Integer(required=True)
    event_id = fields.String(required=True)
    actor = fields.String(required=True)
    correlation_id = fields.String()
    causation_id = fields.String(allow_none=True)
    backfilled = fields.Boolean(required=True)
    org_unit = fields.String()
    team = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    data = fields.Dict(required=True, metadata={EVENT_DATA: True})


class TimelineDigest(Schema):
    """Equal digests mean equal timelines."""

    customer_id = fields.String(required=True)
    count = fields.Integer(required=True)
    digest = fields.String(required=True, metadata={"description": "SHA-256, hexadecimal"})


def timeline_routes() -> Routes:
    """`/v1/customers/<id>/timeline` and its digest.

    A customer that this service has not heard of yet has an empty timeline, not a 404.
    """
    routes = Routes("timeline", "/v1/customers", description="Everything about one customer")

    @routes.query(
        "/<id:customer_id>/timeline",
        TimelineEntry,
        TimelineParams,
        many=True,
        right="timeline.read",
    )
    def get_timeline(customer_id: str, params: dict[str, Any]) -> Page:
        """What happened with a customer, newest first."""
        return page_of(
            views().timeline,
            past_filter(customer_id, params),
            sort=NEWEST_FIRST,
            cursor=params["cursor"],
            limit=params["limit"],
        )

    @routes.query(
        "/<id:customer_id>/timeline/digest", TimelineDigest, PastParams, right="timeline.read"
    )
    def get_timeline_digest(customer_id: str, params: dict[str, Any]) -> Document:
        """A fingerprint of the timeline: equal in all services once none lags."""
        count, digest = _digest(past_filter(customer_id, params))
        return {"customer_id": customer_id, "count": count, "digest": digest}

    return routes


def past_filter(customer_id: str, params: dict[str, Any]) -> Document:
    """The query for a customer's entries.

    The type is named because the index is partial: MongoDB takes it only for a query that says
    in the index's own words that it asks for nothing else.
    """
    chosen: Document = {"customer_id": {"$eq": customer_id, "$type": "string"}}
    if "as_of" in params:
        chosen["at"] = {"$lte": params["as_of"]}
    if "known_at" in params:
        chosen["recorded_at"] = {"$lte": params["known_at"]}
    chosen.update((name, params[name]) for name in ("source", "type") if name in params)
    return chosen


def _digest(chosen: Document) -> tuple[int, str]:
    """(count, SHA-256 over `<entry id> <event id>\\n`, oldest first)."""
    total, count = hashlib.sha256(), 0
    entries = (
        views()
        .timeline.find(chosen, ["event_id"])
        .sort(OLDEST_FIRST)
        .batch_size(5_000)
        .max_time_ms(DIGEST_TIME_MS)
    )
    for entry in entries:
        total.update(f"{entry['_id']} {entry['event_id']}\n".encode())
        count += 1
    return count, total.hexdigest()
