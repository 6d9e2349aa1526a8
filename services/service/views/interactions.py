"""Contacts with customers: one document an interaction, written by service alone.

Indexes: the sort alone, with status, and with customer_id; channel stands behind the sort, so
that it is tested in the index. Other combinations of filters use one of these.
"""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.service import InteractionEnded, InteractionStarted, UnknownPartyIdentified
from events.envelope import Event
from events.projection.view import Document, View

STATUSES = ("started", "ended")

_NEWEST = [("started_at", -1), ("_id", -1), ("channel", 1)]

interactions = View(
    "interactions",
    indexes=[
        IndexModel(_NEWEST, name="started"),
        IndexModel([("status", 1), *_NEWEST], name="status_started"),
        IndexModel([("customer_id", 1), *_NEWEST], name="customer_started"),
    ],
)


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
        ended_at=None,
        disposition=None,
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
    doc.update(
        version=event.version,
        org_unit=event.scope.org_unit,
        team=event.scope.team,
        owner=event.scope.owner,
    )
