"""The timeline: one entry for every event of every context. It is also the watermark.

Entries are never changed. Those with a `customer_id` are that customer's story, ordered by
(at, _id): a stream's name determines its source, so this is one order in all services.
"""

from __future__ import annotations

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from events.envelope import Event

NAME = "timeline"

INDEXES = (
    IndexModel(
        [("customer_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)],
        name="customer_at",
        partialFilterExpression={"customer_id": {"$exists": True}},
    ),
)


def entry_of(event: Event) -> dict[str, Any]:
    """The entry's document. Scope travels with it, because rights are applied to rows."""
    entry = {
        "_id": event.entry,
        "customer_id": event.subject,
        "at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "source": event.source,
        "type": event.type,
        "stream": event.stream,
        "version": event.version,
        "event_id": event.id,
        "actor": event.actor,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "backfilled": event.backfilled,
        "org_unit": event.scope.org_unit,
        "team": event.scope.team,
        "owner": event.scope.owner,
        "data": event.data,
    }
    return {name: value for name, value in entry.items() if value is not None}
