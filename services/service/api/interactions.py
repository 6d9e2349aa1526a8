"""Interactions: start, end, look up, list."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema

from events.contracts.fields import Code, Count, Flag, Id, Nested, OneOf, Scope, Time
from events.contracts.marketing import ContactPointSchema
from events.contracts.service import CHANNELS, DIRECTIONS
from events.deciding import Origin
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create
from events.http.documents import found, listed
from events.http.guard import scope_or_own
from events.types import CustomerId, new_id
from services.service.api.addresses import address_hash
from services.service.domain.interaction import INTERACTION, EndInteraction, StartInteraction
from services.service.views.interactions import FILTERS, SORTS, STATUSES

interactions = Routes("interactions", "/v1/interactions", description="Contacts with customers")


class StartInteractionBody(Schema):
    """A contact; without a customer_id it is with somebody unknown."""

    channel = OneOf(*CHANNELS)
    direction = OneOf(*DIRECTIONS)
    customer_id = Id(
        required=False, description="absent: nobody known; a provisional customer is made"
    )
    contact_point = Nested(
        ContactPointSchema,
        required=False,
        description="the address used; kept in the clear for unknown parties only",
    )
    scope = Scope(required=False)


class EndInteractionBody(Schema):
    """With what result the contact ended."""

    disposition = Code()


class InteractionAnswer(Schema):
    """A contact; `provisional` tells that nobody knew the customer when it began."""

    id = Id()
    customer_id = Id()
    provisional = Flag()
    channel = OneOf(*CHANNELS)
    direction = OneOf(*DIRECTIONS)
    status = OneOf(*STATUSES)
    started_at = Time()
    ended_at = Time(required=False)
    disposition = Code(required=False)
    version = Count()
    org_unit = Id()
    team = Id(required=False)
    owner = Id(required=False)


class InteractionParams(PageParams):
    """Which interactions."""

    status = OneOf(*STATUSES, required=False)
    channel = OneOf(*CHANNELS, required=False)
    customer_id = Id(required=False)
    sort = Sorted(*SORTS, default="-started_at")


@interactions.create("", StartInteractionBody, right="interaction.work")
def start_interaction(body: dict[str, Any]) -> Response:
    """Start an interaction.

    Somebody unknown gets a provisional customer, whom marketing confirms or links later.
    """
    interaction_id = new_id()

    def build(origin: Origin) -> StartInteraction:
        known = body.get("customer_id")
        return StartInteraction(
            interaction_id=interaction_id,
            at=origin.occurred_at,
            channel=body["channel"],
            direction=body["direction"],
            customer_id=known,
            provisional_id=None if known else CustomerId(new_id()),
            contact_point=body.get("contact_point"),
            address_hash=address_hash(body.get("contact_point")),
            scope=scope_or_own(body.get("scope")),
        )

    return answer_create(INTERACTION, interaction_id, build)


@interactions.command("/<id:interaction_id>/end", EndInteractionBody, right="interaction.work")
def end_interaction(interaction_id: str, body: dict[str, Any]) -> Response:
    """End an interaction."""
    return answer_change(
        INTERACTION,
        interaction_id,
        lambda origin: EndInteraction(
            interaction_id=interaction_id,
            at=origin.occurred_at,
            disposition=body["disposition"],
        ),
    )


@interactions.query("", InteractionAnswer, InteractionParams, many=True, right="interaction.read")
def list_interactions(params: dict[str, Any]) -> Page:
    """List interactions."""
    return listed("interactions", InteractionAnswer, params, FILTERS, SORTS)


@interactions.query(
    "/<id:interaction_id>", InteractionAnswer, tagged=True, right="interaction.read"
)
def get_interaction(interaction_id: str) -> dict[str, Any]:
    """Look up an interaction."""
    return found("interactions", interaction_id, InteractionAnswer, "interaction")
