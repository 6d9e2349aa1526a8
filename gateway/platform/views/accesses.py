"""Who read personal data: one document a record of it, for a supervisor's questions."""

from __future__ import annotations

from events.contracts.platform import AccessRecorded
from events.envelope import Event
from events.projection.folding import known
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

FILTERS = ("actor", "record", "what")
SORTS = {"at": "at"}

accesses = View("accesses", list_indexes(FILTERS, list(SORTS.values())), open=True)


@accesses.on(AccessRecorded, key=lambda event: event.stream.id)
def recorded(doc: Document, event: Event) -> None:
    doc.update(
        actor=event.actor,
        at=event.occurred_at,
        what=event.data["what"],
        correlation_id=event.correlation_id,
        **known(record=event.data.get("record")),
    )
