"""Subscriptions: events sent to a URL of the enterprise's own, or of somebody it works with.

A subscription sends what its owner may see: whoever creates it answers for it. Its secret is in
the answer that makes it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Count, Id, ListOf, OneOf, Text, Time
from events.errors import FieldFault, Invalid
from events.http import (
    Page,
    PageParams,
    Routes,
    Sorted,
    answer_change,
    answer_create,
)
from events.http.commands import CommandAnswer
from events.http.documents import found, listed
from events.http.encoding import to_json
from events.http.guard import caller
from events.types import new_id, parse_time, utc_now
from gateway.platform.domain.subscription import (
    ACTIVE,
    DELETED,
    DISABLED,
    PAUSED,
    SUBSCRIPTION,
    CreateSubscription,
    DeleteSubscription,
    PauseSubscription,
    RequestReplay,
    ResumeSubscription,
    RotateSecret,
)
from gateway.platform.equipment import desk
from gateway.platform.feed.wanted import MAX_TYPE_CHARS, MAX_TYPES, TYPE_PATTERN
from gateway.platform.views.subscriptions import FILTERS, SORTS
from gateway.platform.webhooks.target import MAX_CHARS

MANAGE = "subscription.manage"
STATUSES = (ACTIVE, PAUSED, DISABLED, DELETED)

subscriptions = Routes("subscriptions", "/v1/subscriptions", description="Webhooks")


class SubscriptionBody(Schema):
    """What to send where, from now on."""

    url = Text(
        shortest=1,
        longest=MAX_CHARS,
        description="https, port 443 or 8443, a host with public addresses",
    )
    types = ListOf(
        Text(shortest=1, longest=MAX_TYPE_CHARS),
        longest=MAX_TYPES,
        description="event types, or beginnings of them: `crm.sales.*`; empty: all",
    )
    customer = Id(required=False, description="only events about this customer")
    description = Text(
        required=False,
        shortest=1,
        longest=200,
        description="what the receiver is for",
    )


class ReplayBody(Schema):
    """A period of the past, by the time at which events were recorded."""

    since = Time()
    until = Time(description="before this")


class SecretAnswer(CommandAnswer):
    """A command's answer with the secret: keep it, it is not shown again."""

    secret = fields.String(required=True, metadata={"description": "whsec_… of Standard Webhooks"})


class SubscriptionAnswer(Schema):
    """A subscription."""

    id = Id()
    url = Text(longest=MAX_CHARS)
    types = ListOf(Text(), longest=MAX_TYPES)
    customer = Id(required=False)
    description = Text(required=False)
    owner = Id(description="the user whose rights count")
    status = OneOf(*STATUSES)
    cause = OneOf("gone", "failing", required=False, description="why it was disabled")
    replay = Id(required=False, description="the replay that runs")
    created_at = Time()
    version = Count()


class SubscriptionParams(PageParams):
    """Which subscriptions."""

    status = OneOf(*STATUSES, required=False)
    owner = Id(required=False)
    sort = Sorted(*SORTS, default="-created_at")


# --- commands


@subscriptions.create("", SubscriptionBody, right=MANAGE, answer=SecretAnswer)
def create_subscription(body: dict[str, Any]) -> Response:
    """Send events to a URL from now on; the answer holds the secret that signs them."""
    id, url, types = new_id(), desk().check(body["url"]), _types(body["types"])
    response = answer_create(
        SUBSCRIPTION,
        id,
        lambda origin: CreateSubscription(
            id,
            url,
            types,
            caller().subject,
            origin.occurred_at,
            body.get("customer"),
            body.get("description"),
        ),
    )
    done = orjson.loads(response.get_data())
    return _with_secret(response, done, desk().keys.make(done["id"], done["version"]))


@subscriptions.command("/<id:subscription_id>/pause", right=MANAGE)
def pause_subscription(subscription_id: str) -> Response:
    """Stop sending for a while; what happens meanwhile is sent afterwards."""
    return answer_change(
        SUBSCRIPTION, subscription_id, lambda _: PauseSubscription(subscription_id)
    )


@subscriptions.command("/<id:subscription_id>/resume", right=MANAGE)
def resume_subscription(subscription_id: str) -> Response:
    """Go on where it was, after a pause or after it was disabled."""
    desk().stores.book.forgive(subscription_id)
    return _change(ResumeSubscription(subscription_id))


@subscriptions.command("/<id:subscription_id>/rotate-secret", right=MANAGE, answer=SecretAnswer)
def rotate_secret(subscription_id: str) -> Response:
    """Make a new secret; for 24 hours the one before it signs too."""
    response = answer_change(
        SUBSCRIPTION,
        subscription_id,
        lambda origin: RotateSecret(subscription_id, origin.occurred_at),
    )
    done = orjson.loads(response.get_data())
    secret = desk().keys.rotate(subscription_id, done["version"], utc_now())
    return _with_secret(response, done, secret)


@subscriptions.command("/<id:subscription_id>/replays", ReplayBody, right=MANAGE)
def replay_events(subscription_id: str, body: dict[str, Any]) -> Response:
    """Send the events of a period once more, marked by the header `webhook-replay`."""
    since, until = parse_time(body["since"]), parse_time(body["until"])
    return answer_change(
        SUBSCRIPTION,
        subscription_id,
        lambda origin: RequestReplay(subscription_id, new_id(), since, until, origin.occurred_at),
    )


@subscriptions.command("/<id:subscription_id>/delete", right=MANAGE)
def delete_subscription(subscription_id: str) -> Response:
    """Send nothing any more, and throw away what waits and the secrets."""
    response = _change(DeleteSubscription(subscription_id))
    desk().drop(subscription_id)
    return response


def _types(given: Sequence[str]) -> tuple[str, ...]:
    says = "must be a type, or the beginning of one that ends with .*"
    wrong = [
        FieldFault(f"/types/{place}", says)
        for place, one in enumerate(given)
        if not TYPE_PATTERN.fullmatch(one)
    ]
    if wrong:
        raise Invalid("no event types", wrong)
    return tuple(given)


def _change(command: PauseSubscription | ResumeSubscription | DeleteSubscription) -> Response:
    return answer_change(SUBSCRIPTION, command.subscription_id, lambda _: command)


# --- reads


@subscriptions.query("", SubscriptionAnswer, SubscriptionParams, many=True, right=MANAGE)
def list_subscriptions(params: dict[str, Any]) -> Page:
    """List subscriptions."""
    return listed("subscriptions", SubscriptionAnswer, params, FILTERS, SORTS)


@subscriptions.query("/<id:subscription_id>", SubscriptionAnswer, tagged=True, right=MANAGE)
def get_subscription(subscription_id: str) -> dict[str, Any]:
    """Look up a subscription."""
    return found("subscriptions", subscription_id, SubscriptionAnswer, "subscription")


def _with_secret(response: Response, done: dict[str, Any], secret: str) -> Response:
    response.set_data(to_json({**done, "secret": secret}))
    return response
