"""A note about a customer: written once, and meant for those whom it mentions.

Whom it mentions is checked against the directory as it stands, so that nobody waits for an answer
from somebody who is gone. A mention tells somebody that the note is there; it gives him no right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from events.contracts.base import Fact, fact
from events.contracts.platform import NoteAdded, UserMentioned
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, RuleBroken
from events.types import CustomerId
from gateway.platform.domain.people import People


@dataclass(frozen=True, slots=True)
class AddNote:
    """`mentions` are ids of users, `people` the directory that knows them."""

    note_id: str
    customer_id: CustomerId
    text: str
    mentions: tuple[str, ...]
    people: People
    scope: Scope


@dataclass(frozen=True, slots=True)
class Note:
    """Whose it is and where it belongs; without a customer it was not written yet."""

    customer_id: CustomerId | None = None
    scope: Scope = field(default_factory=Scope)


def decide(note: Note, command: AddNote) -> Sequence[Fact]:
    """Raises Invalid naming each mention of somebody who is not there."""
    if note.customer_id is not None:
        raise RuleBroken("note-exists", "a note is written once: add another one")
    _check_mentions(command)
    of_note = {"note_id": command.note_id, "customer_id": command.customer_id}
    mentioned = tuple(dict.fromkeys(command.mentions))
    return [
        fact(
            NoteAdded,
            **of_note,
            text=command.text,
            mentions=list(mentioned),
            scope=command.scope.to_data(),
        ),
        *(
            fact(UserMentioned, mention_id=f"{command.note_id}.{place}", **of_note, user_id=user_id)
            for place, user_id in enumerate(mentioned, start=1)
        ),
    ]


def _check_mentions(command: AddNote) -> None:
    users = command.people.users
    faults = [
        FieldFault(f"/mentions/{place}", "must be an active user of the directory")
        for place, user_id in enumerate(command.mentions)
        if (user := users.get(user_id)) is None or not user.active
    ]
    if faults:
        raise Invalid("nobody of that name can be told", faults)


def evolve(note: Note, one: Fact) -> Note:
    if one.type == NoteAdded.TYPE:
        return Note(one.data["customer_id"], Scope(**one.data["scope"]))
    return note


NOTE: Decider[Note, AddNote] = Decider(
    aggregate="note",
    initial=Note(),
    decide=decide,
    evolve=evolve,
    subject=lambda note: note.customer_id,
    scope=lambda note: note.scope,
)
