"""Notes where their customers' records belong, and mentions with those whom they are meant for."""

from __future__ import annotations

from events.contracts.platform import MentionAcknowledged, NoteAdded, UserMentioned
from events.envelope import Event
from events.projection.folding import move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View

NOTE_FILTERS = ("customer_id", "mentions")
NOTE_SORTS = {"at": "at"}
MENTION_FILTERS = ("unread",)
MENTION_SORTS = {"at": "at"}

notes = View("notes", list_indexes(NOTE_FILTERS, list(NOTE_SORTS.values())))
mentions = View("mentions", list_indexes(("owner",), ["at"]))
"""A mention's place is its user alone: `owner`. It has no text; that is the note's."""


@notes.on(NoteAdded, key=lambda event: str(event.data["note_id"]))
def added(doc: Document, event: Event) -> None:
    doc.update(
        customer_id=event.data["customer_id"],
        text=event.data["text"],
        mentions=event.data["mentions"],
        author=event.actor,
        at=event.occurred_at,
    )
    move(doc, event)


def _mention(event: Event) -> str:
    return str(event.data["mention_id"])


@mentions.on(UserMentioned, key=_mention)
def mentioned(doc: Document, event: Event) -> None:
    doc.update(
        owner=event.data["user_id"],
        note_id=event.data["note_id"],
        customer_id=event.data["customer_id"],
        author=event.actor,
        at=event.occurred_at,
    )
    doc.setdefault("unread", True)


@mentions.on(MentionAcknowledged, key=_mention)
def read(doc: Document, event: Event) -> None:
    """Of another stream: it may come before the mention itself."""
    doc.update(unread=False, read_at=event.occurred_at)
