"""Links to customers' own areas: who made which, and until when it leads anywhere."""

from __future__ import annotations

from events.contracts.platform import LinkCreated, LinkRevoked
from events.envelope import Event
from events.projection.folding import move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View
from events.types import parse_time

FILTERS = ("customer_id",)
SORTS = {"created_at": "created_at"}

links = View("links", list_indexes(FILTERS, list(SORTS.values())))


def _link(event: Event) -> str:
    return str(event.data["link_id"])


@links.on(LinkCreated, key=_link)
def created(doc: Document, event: Event) -> None:
    doc.update(
        customer_id=event.data["customer_id"],
        expires_at=parse_time(event.data["expires_at"]),
        author=event.actor,
        created_at=event.occurred_at,
        revoked=False,
        version=event.version,
    )
    move(doc, event)


@links.on(LinkRevoked, key=_link)
def revoked(doc: Document, event: Event) -> None:
    doc.update(revoked=True, version=event.version)
