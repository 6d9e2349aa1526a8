"""Contacts with customers: one document an interaction, written by service alone."""

from __future__ import annotations

from events.contracts.service import InteractionEnded, InteractionStarted, UnknownPartyIdentified
from events.envelope import Event
from events.projection.folding import move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

STATUSES = ("started", "ended")

FILTERS = ("status", "channel", "customer_id")
SORTS = {"started_at": "started_at"}

interactions = View("interactions", list_indexes(FILTERS, list(SORTS.values())))


def _interaction(event: Event) -> str:
    return str(event.data["interaction_id"])


@interactions.on(InteractionStarted, key=_interaction)
def started(doc: Document, event: Event) -> None:
    doc.update(
        customer_id=event.data["customer_id"],
        provisional=False,
        channel=event.data["channel"],
        direction=event.data["direction"],
        status="started",
        started_at=event.occurred_at,
    )
    _stamp(doc, event)


@interactions.on(UnknownPartyIdentified, key=_interaction)
def identified(doc: Document, event: Event) -> None:
    doc["provisional"] = True
    _stamp(doc, event)


@interactions.on(InteractionEnded, key=_interaction)
def ended(doc: Document, event: Event) -> None:
    doc.update(status="ended", ended_at=event.occurred_at, disposition=event.data["disposition"])
    _stamp(doc, event)


def _stamp(doc: Document, event: Event) -> None:
    """The version for If-Match, and where the interaction belongs now."""
    move(doc, event)
    doc["version"] = event.version
