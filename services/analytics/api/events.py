"""Events: why one happened, and what came of it, over all services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Count, Flag, Id, ListOf, Nested, OneOf, Text, Time
from events.errors import NotFound
from events.http import Page, PageParams, Params, Routes, Sort, page_of, views
from services.analytics.api.drawing import MEDIA_TYPE, drawing
from services.analytics.domain.causes import ENVELOPE, Happening, Link, happening
from services.analytics.domain.walk import MOST, Walk, first_touch, walk
from services.analytics.views.causes import Causes

events = Routes("events", "/v1/events", description="Single events of all services")

KINDS = ("causation", "decision", "stream", "reference")
MOST_LINKS = 100_000


class TraceParams(PageParams):
    """Which trace."""

    correlation_id = Text(shortest=1, longest=128, description="as `X-Correlation-Id` said")


class WhyParams(Params):
    """In which form."""

    form = OneOf("json", "mermaid", required=False, description="mermaid: a drawing, as text")


class EventItem(Schema):
    """An event without its data; (`stream`, `version`) and `event_id` are the same everywhere."""

    event_id = Id()
    stream = fields.String(required=True)
    version = Count(least=1)
    type = fields.String(required=True)
    source = Id(description="the context that decided it")
    customer_id = Id(required=False)
    at = Time(description="when it happened")
    actor = fields.String(required=True)
    correlation_id = fields.String(required=True)


class LinkItem(Schema):
    """One event led to another.

    `causation`: named as the cause; `decision`: named as evidence of a decision; `stream`: came
    before in the same aggregate; `reference`: was the last of the aggregate that is referred to.
    """

    class Meta:
        include = {"from": Id()}

    to = Id()
    kind = OneOf(*KINDS)


class WhyAnswer(Schema):
    """Causes and effects, the nearest first."""

    event = Nested(EventItem)
    causes = ListOf(Nested(EventItem), longest=MOST)
    effects = ListOf(Nested(EventItem), longest=MOST)
    links = ListOf(Nested(LinkItem), longest=MOST_LINKS)
    first = Id(description="the earliest of the causes about the same customer; else the event")
    truncated = Flag(description="true: there is more than was followed")


@events.query("", EventItem, TraceParams, many=True, right="event.read")
def list_events(params: dict[str, Any]) -> Page:
    """List what belongs together by its correlation id, oldest first."""
    page = page_of(
        views().timeline,
        {"correlation_id": params["correlation_id"]},
        sort=Sort.by("at"),
        cursor=params["cursor"],
        limit=params["limit"],
        projection=ENVELOPE,
    )
    return replace(page, items=[_item(happening(one)) for one in page.items])


@events.query("/<id:event_id>/why", WhyAnswer, WhyParams, text=MEDIA_TYPE, right="event.read")
def get_why(event_id: str, params: dict[str, Any]) -> dict[str, Any] | Response:
    """The causes of an event back to the first touch, and its effects onward."""
    look = Causes(views().timeline)
    event = look.event(event_id)
    if event is None:
        raise NotFound("event", event_id)
    causes, effects = walk(event, look.causes), walk(event, look.effects)
    links = list(dict.fromkeys([*causes.links, *effects.links]))
    cut = look.cut or causes.cut or effects.cut
    if params.get("form") == "mermaid":
        others = list(dict.fromkeys([*causes.events, *effects.events]))
        return Response(drawing(event, others, links, cut=cut), content_type=_TEXT)
    return _answer(event, causes, effects, links, cut=cut)


_TEXT = f"{MEDIA_TYPE}; charset=utf-8"


def _answer(
    event: Happening, causes: Walk, effects: Walk, links: Sequence[Link], *, cut: bool
) -> dict[str, Any]:
    return {
        "event": _item(event),
        "causes": [_item(one) for one in causes.events],
        "effects": [_item(one) for one in effects.events],
        "links": [{"from": one.cause, "to": one.effect, "kind": one.kind} for one in links],
        "first": first_touch(event, causes.events).id,
        "truncated": cut,
    }


def _item(event: Happening) -> dict[str, Any]:
    item = {
        "event_id": event.id,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "source": event.source,
        "customer_id": event.customer_id,
        "at": event.at,
        "actor": event.actor,
        "correlation_id": event.correlation_id,
    }
    return {name: value for name, value in item.items() if value is not None}
