"""Notes about customers, and who was mentioned in them."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Flag, Id, ListOf, Scope, Text, Time
from events.contracts.platform import MAX_MENTIONS
from events.http import Page, PageParams, Routes, Sorted, answer_create, answer_either
from events.http.documents import found, listed
from events.http.guard import caller, scope_or_own
from events.http.runtime import runtime
from events.types import new_id
from gateway.platform.domain.directory import DIRECTORY, MAIN
from gateway.platform.domain.mention import MENTION, ReadMention
from gateway.platform.domain.note import NOTE, AddNote
from gateway.platform.domain.people import People
from gateway.platform.views.notes import (
    MENTION_FILTERS,
    MENTION_SORTS,
    NOTE_FILTERS,
    NOTE_SORTS,
)

notes = Routes("notes", "/v1/notes", description="What colleagues should know about a customer")
mentions = Routes("mentions", "/v1/mentions", description="Notes that are meant for the caller")


class NoteBody(Schema):
    """What others should know, and who is to be told of it."""

    customer_id = Id()
    text = Text(pii=True, shortest=1)
    mentions = ListOf(
        Id(), required=False, longest=MAX_MENTIONS, description="users of the directory"
    )
    scope = Scope(required=False)


class NoteAnswer(Schema):
    """A note."""

    id = Id()
    customer_id = Id()
    text = Text(pii=True)
    mentions = ListOf(Id())
    author = Id(description="the user who wrote it")
    at = Time()


class MentionAnswer(Schema):
    """That a note is meant for the caller; whether he may read it is another question."""

    id = Id()
    note_id = Id()
    customer_id = Id()
    author = Id(description="the user who wrote the note")
    at = Time()
    unread = Flag()
    read_at = Time(required=False)


class NoteParams(PageParams):
    """Which notes."""

    customer_id = Id(required=False)
    mentions = Id(required=False, description="that mention this user")
    sort = Sorted(*NOTE_SORTS, default="-at")


class MentionParams(PageParams):
    """Which of the caller's mentions."""

    unread = fields.Boolean(required=False, metadata={"description": "only unread, or only read"})
    sort = Sorted(*MENTION_SORTS, default="-at")


@notes.create("", NoteBody, right="note.write")
def add_note(body: dict[str, Any]) -> Response:
    """Write a note about a customer; whom it mentions is told."""
    note_id = new_id()
    command = AddNote(
        note_id,
        body["customer_id"],
        body["text"],
        tuple(body.get("mentions", ())),
        _people(),
        scope_or_own(body.get("scope")),
    )
    return answer_create(NOTE, note_id, lambda _origin: command)


def _people() -> People:
    """The directory as the store has it now: who was let in a moment ago can be mentioned."""
    people: People = runtime().commands.state(DIRECTORY, MAIN)[0]
    return people


@notes.query("", NoteAnswer, NoteParams, many=True, right="note.read")
def list_notes(params: dict[str, Any]) -> Page:
    """List notes, newest first."""
    return listed("notes", NoteAnswer, params, NOTE_FILTERS, NOTE_SORTS)


@notes.query("/<id:note_id>", NoteAnswer, right="note.read")
def get_note(note_id: str) -> dict[str, Any]:
    """Look up a note."""
    return found("notes", note_id, NoteAnswer, "note")


@mentions.query("", MentionAnswer, MentionParams, many=True, right="mention.read")
def list_mentions(params: dict[str, Any]) -> Page:
    """List the caller's mentions, newest first; nobody has a right to those of others."""
    return listed("mentions", MentionAnswer, params, MENTION_FILTERS, MENTION_SORTS)


@mentions.either("/<id:mention_id>/read", right="mention.read")
def read_mention(mention_id: str) -> Response:
    """Say that the caller has read what he was mentioned in."""
    found("mentions", mention_id, MentionAnswer, "mention")
    command = ReadMention(mention_id, caller().subject)
    return answer_either(MENTION, mention_id, lambda _origin: command)
