"""Subscriptions as lists show them. What is sent is decided from the store, not from here."""

from __future__ import annotations

from events.contracts.platform import (
    SubscriptionCreated,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionPaused,
    SubscriptionReplayCompleted,
    SubscriptionReplayRequested,
    SubscriptionResumed,
    SubscriptionSecretRotated,
)
from events.envelope import Event
from events.projection.folding import known
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

FILTERS = ("status", "owner")
SORTS = {"created_at": "created_at"}

subscriptions = View("subscriptions", list_indexes(FILTERS, list(SORTS.values())), open=True)


def _id(event: Event) -> str:
    return str(event.data["subscription_id"])


@subscriptions.on(SubscriptionCreated, key=_id)
def created(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(
        url=data["url"],
        types=data["types"],
        owner=data["owner"],
        status="active",
        created_at=event.occurred_at,
        version=event.version,
        **known(customer=data.get("customer"), description=data.get("description")),
    )


@subscriptions.on(SubscriptionPaused, key=_id)
def paused(doc: Document, event: Event) -> None:
    doc.update(status="paused", version=event.version)


@subscriptions.on(SubscriptionResumed, key=_id)
def resumed(doc: Document, event: Event) -> None:
    doc.pop("cause", None)
    doc.update(status="active", version=event.version)


@subscriptions.on(SubscriptionSecretRotated, key=_id)
def secret_rotated(doc: Document, event: Event) -> None:
    doc.update(version=event.version)


@subscriptions.on(SubscriptionDisabled, key=_id)
def disabled(doc: Document, event: Event) -> None:
    doc.update(status="disabled", cause=event.data["cause"], version=event.version)


@subscriptions.on(SubscriptionReplayRequested, key=_id)
def replay_requested(doc: Document, event: Event) -> None:
    doc.update(replay=event.data["replay_id"], version=event.version)


@subscriptions.on(SubscriptionReplayCompleted, key=_id)
def replay_completed(doc: Document, event: Event) -> None:
    doc.pop("replay", None)
    doc.update(version=event.version)


@subscriptions.on(SubscriptionDeleted, key=_id)
def deleted(doc: Document, event: Event) -> None:
    doc.update(status="deleted", version=event.version)
