"""A customer's own area: what he may see of his story, for whoever holds his link.

Nobody signs in here. The signature says that the link is ours, the store says that it was not taken
back; what is shown is picked by domain/own_area.py. Each hour in which a link is opened is on
record before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Id, ListOf, Money, Nested, OneOf, Time
from events.deciding import Origin
from events.http import Routes
from events.http.context import asked
from events.http.encoding import to_json
from events.http.masking import personal
from events.http.paging import MAX_TIME_MS
from events.http.problem import Problem
from events.http.runtime import runtime
from events.http.timeline import NEWEST_FIRST, past_filter
from events.types import utc_now
from gateway.platform.domain.access import ACCESS, RecordAccess
from gateway.platform.domain.link import LINK
from gateway.platform.domain.own_area import SAFE
from gateway.platform.domain.own_area import own_area as safe_area
from gateway.platform.equipment import link_tokens
from gateway.platform.links import Named
from gateway.platform.pages import HTML, POLICY, page

own_area = Routes("own_area", "/v1/own", description="A customer's own area")

MAX_ENTRIES = 2_000
"""The newest ones: many times what a customer reads."""

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Vary": "Accept",
}
"""The address is the key: it goes to no cache, no search engine and no other host."""


class OwnLine(Schema):
    """So many of one product."""

    product_id = Id()
    qty = Count(least=1)


class OwnOrder(Schema):
    """An order of the customer's."""

    id = Id()
    status = OneOf("placed", "completed", "cancelled")
    placed_at = Time()
    completed_at = Time(required=False)
    cancelled_at = Time(required=False)
    total = Money()
    lines = ListOf(Nested(OwnLine))


class OwnCase(Schema):
    """What the customer asked for, and how far it is."""

    id = Id()
    kind = Code()
    subject = fields.String(required=True, metadata=personal())
    status = OneOf("open", "resolved", "closed")
    opened_at = Time()
    answered_at = Time(required=False)
    resolved_at = Time(required=False)
    due_at = Time(description="until when it is to be resolved")


class OwnStep(Schema):
    """Something that happened, in words for the customer."""

    at = Time()
    what = fields.String(required=True)
    order_id = Id(required=False)
    case_id = Id(required=False)


class OwnAreaAnswer(Schema):
    """Newest first."""

    expires_at = Time(description="until when the link leads here")
    orders = ListOf(Nested(OwnOrder), longest=MAX_ENTRIES)
    cases = ListOf(Nested(OwnCase), longest=MAX_ENTRIES)
    happened = ListOf(Nested(OwnStep), longest=MAX_ENTRIES)


@own_area.public("/<token>", OwnAreaAnswer, text=HTML, why="the link is signed, and can be revoked")
def get_own_area(token: str) -> Response:
    """Show a customer his orders, his requests and what happened, by his link.

    A link that is over, was taken back, or never was one of ours is the same: 404.
    """
    named = link_tokens().read(token)
    link, _ = runtime().commands.state(LINK, named.link_id) if named else (None, 0)
    if named is None or link is None or not link.leads_to(named.customer_id, utc_now()):
        raise Problem(404, "not-found", "there is nothing here, or not any more", headers=HEADERS)
    _record(named)
    shown = safe_area(_entries(named.customer_id))
    document = {
        "expires_at": link.expires_at,
        "orders": shown.orders,
        "cases": shown.cases,
        "happened": shown.happened,
    }
    response = _as_page(document) if _wants_page() else _as_json(document)
    response.headers.update(HEADERS)
    return response


def _entries(customer_id: str) -> list[Mapping[str, Any]]:
    """Of the safe types only; nobody's reach bounds them, for the customer is nobody's caller."""
    chosen = {**past_filter(customer_id, {}), "type": {"$in": sorted(SAFE)}}
    return list(
        runtime()
        .views.timeline.find(chosen, ["at", "type", "stream", "version", "data"])
        .sort(list(NEWEST_FIRST.keys))
        .limit(MAX_ENTRIES)
        .max_time_ms(MAX_TIME_MS)
    )


def _record(named: Named) -> None:
    """Once an hour for each link, whichever process answers."""
    here, now = asked(), utc_now()
    origin = Origin(
        actor=f"link:{named.link_id}",
        occurred_at=now,
        correlation_id=here.correlation_id,
        traceparent=here.traceparent,
    )
    command = RecordAccess("platform.get_own_area", named.customer_id)
    runtime().commands.execute(ACCESS, f"{named.link_id}.{now:%Y%m%d%H}", command, origin)


def _wants_page() -> bool:
    accepted = request.accept_mimetypes
    return accepted[HTML] > accepted["application/json"]


def _as_json(document: Mapping[str, Any]) -> Response:
    return Response(to_json(document), content_type="application/json")


def _as_page(document: Mapping[str, Any]) -> Response:
    response = Response(page("own_area.html", **document), content_type=f"{HTML}; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    return response
