"""What became of the messages of a subscription, and what can be done about it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Count, Flag, Id, Text, Time
from events.errors import NotFound
from events.http import Page, PageParams, Routes, Sort, page_of
from events.http.documents import shown
from events.http.encoding import to_json
from events.http.masking import personal
from events.http.runtime import runtime
from events.types import utc_now
from gateway.platform.domain.subscription import DELETED, SUBSCRIPTION, Subscription
from gateway.platform.equipment import desk
from gateway.platform.webhooks.spool import DEAD

MANAGE = "subscription.manage"

deliveries = Routes("deliveries", "/v1/subscriptions", description="What became of webhooks")


class RedriveBody(Schema):
    """Which dead letters."""

    event_id = Id(required=False, description="only this one; absent: all")


class OutcomeAnswer(Schema):
    """What came of one try; without `status` there was no answer."""

    status = Count(required=False, description="the receiver's answer")
    error = Text(required=False, description="why there is none, in a word")
    ms = Count()
    excerpt = fields.String(metadata=personal("the beginning of what the receiver said"))


class DeliveryAnswer(OutcomeAnswer):
    """One try."""

    id = Id()
    event_id = Id()
    type = Text()
    at = Time()
    attempt = Count(least=1)
    replay = Flag()


class DeadLetterAnswer(Schema):
    """An event that was given up; it can be redriven for 30 days."""

    id = Id(description="the event's")
    type = Text()
    key = Id(description="its customer, else its stream")
    attempts = Count()
    status = Count(required=False)
    error = Text(required=False)
    dead_at = Time()


class RedrivenAnswer(Schema):
    """How many dead letters wait to be sent again."""

    redriven = Count()


class DeliveryParams(PageParams):
    """Which tries; the newest first."""

    event_id = Id(required=False)


class DeadLetterParams(PageParams):
    """A page of dead letters."""


# --- at once


@deliveries.act("/<id:subscription_id>/test", OutcomeAnswer, right=MANAGE)
def test_subscription(subscription_id: str) -> Response:
    """Send a test event now, and tell what came of it."""
    outcome = desk().test(_existing(subscription_id))
    told = {"status": outcome.status, "error": outcome.error, "ms": outcome.ms,
            "excerpt": outcome.excerpt}  # fmt: skip
    return _json({name: value for name, value in told.items() if value is not None})


@deliveries.act(
    "/<id:subscription_id>/dead-letters/redrive", RedrivenAnswer, RedriveBody, right=MANAGE
)
def redrive_dead_letters(subscription_id: str, body: dict[str, Any]) -> Response:
    """Try dead letters again, from the first pause on."""
    _existing(subscription_id)
    count = desk().stores.spool.redrive(subscription_id, utc_now(), body.get("event_id"))
    return _json({"redriven": count})


# --- reads


@deliveries.query(
    "/<id:subscription_id>/deliveries", DeliveryAnswer, DeliveryParams, many=True, right=MANAGE
)
def list_deliveries(subscription_id: str, params: dict[str, Any]) -> Page:
    """List tries of the last 30 days and what came of them."""
    chosen = {"subscription": _existing(subscription_id).id}
    if "event_id" in params:
        chosen["event_id"] = params["event_id"]
    return page_of(
        desk().stores.deliveries.tries,
        chosen,
        sort=Sort.by("-at"),
        cursor=params["cursor"],
        limit=params["limit"],
        projection=shown(DeliveryAnswer),
    )


@deliveries.query(
    "/<id:subscription_id>/dead-letters",
    DeadLetterAnswer,
    DeadLetterParams,
    many=True,
    right=MANAGE,
)
def list_dead_letters(subscription_id: str, params: dict[str, Any]) -> Page:
    """List events that were given up."""
    page = page_of(
        desk().stores.spool.entries,
        {"subscription": _existing(subscription_id).id, "state": DEAD},
        sort=Sort.by("_id"),
        cursor=params["cursor"],
        limit=params["limit"],
        projection=["event_id", *shown(DeadLetterAnswer)],
    )
    return replace(page, items=[_of_event(one) for one in page.items])


def _of_event(letter: dict[str, Any]) -> dict[str, Any]:
    """Known by its event: the same event is once in the spool of a subscription's line."""
    told = {name: value for name, value in letter.items() if name not in ("_id", "event_id")}
    return {"_id": letter["event_id"], **told}


def _existing(id: str) -> Subscription:
    """As the store has it. Raises NotFound, also for one that was deleted."""
    state: Subscription
    state, _ = runtime().commands.state(SUBSCRIPTION, id)
    if state.status in (None, DELETED):
        raise NotFound("subscription", id)
    return state


def _json(told: dict[str, Any]) -> Response:
    return Response(to_json(told), content_type="application/json")
