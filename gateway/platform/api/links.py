"""Links to customers' own areas: make one for a customer, list them, take one back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Count, Flag, Id, Time
from events.deciding import Origin
from events.errors import NotFound
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create
from events.http.commands import CommandAnswer
from events.http.documents import listed
from events.http.runtime import runtime
from events.types import CustomerId, format_time, new_id
from gateway.platform.api.places import place_of
from gateway.platform.domain.link import LINK, CreateLink, RevokeLink
from gateway.platform.equipment import link_tokens
from gateway.platform.links import Named
from gateway.platform.views.links import FILTERS, SORTS

customer_links = Routes("customer_links", "/v1/customers", description="A customer's own area")
links = Routes("links", "/v1/links", description="Links to customers' own areas")

MOST_HOURS = 720
OWN_AREA = "/v1/own"


class CustomerLinkBody(Schema):
    """For how long."""

    hours = Count(least=1, most=MOST_HOURS)


class CustomerLinkCreated(CommandAnswer):
    """The only answer that holds the link: whoever has it sees the area."""

    link_id = Id()
    url = fields.String(
        required=True,
        metadata={"format": "uri-reference", "description": "below the address of the gateway"},
    )
    expires_at = Time()


class CustomerLinkAnswer(Schema):
    """That a link was made; not where it leads."""

    id = Id()
    customer_id = Id()
    author = Id(description="the user who made it")
    created_at = Time()
    expires_at = Time()
    revoked = Flag()
    version = Count()


class CustomerLinkParams(PageParams):
    """Whose links."""

    customer_id = Id(required=False)
    sort = Sorted(*SORTS, default="-created_at")


@customer_links.create(
    "/<id:customer_id>/links", CustomerLinkBody, right="customer.share", answer=CustomerLinkCreated
)
def create_link(customer_id: str, body: dict[str, Any]) -> Response:
    """Make a link by which a customer sees his own area without signing in."""
    scope = place_of(customer_id)
    if scope is None:
        raise NotFound("customer", customer_id)
    link_id = new_id()

    def build(origin: Origin) -> CreateLink:
        expires_at = origin.occurred_at.replace(microsecond=0) + timedelta(hours=body["hours"])
        return CreateLink(link_id, CustomerId(customer_id), expires_at, scope)

    return answer_create(LINK, link_id, build, location="/v1/links", more=_told)


def _told(link_id: str) -> dict[str, Any]:
    link, _ = runtime().commands.state(LINK, link_id)
    token = link_tokens().token(Named(link_id, link.customer_id), link.expires_at)
    expires_at = format_time(link.expires_at)
    return {"link_id": link_id, "url": f"{OWN_AREA}/{token}", "expires_at": expires_at}


@links.command("/<id:link_id>/revoke", right="customer.share")
def revoke_link(link_id: str) -> Response:
    """Take a link back: it leads nowhere from the answer on."""
    return answer_change(LINK, link_id, lambda _origin: RevokeLink(link_id))


@links.query("", CustomerLinkAnswer, CustomerLinkParams, many=True, right="customer.share")
def list_links(params: dict[str, Any]) -> Page:
    """List links."""
    return listed("links", CustomerLinkAnswer, params, FILTERS, SORTS)
