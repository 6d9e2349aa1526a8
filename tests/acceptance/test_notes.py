"""Colleagues tell each other about a customer, and it becomes part of his story everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from tests.acceptance.api import Api, eventually
from tests.acceptance.stories import customer
from tests.acceptance.system import System

NOTES, MENTIONS = "/v1/platform/notes", "/v1/platform/mentions"


def of_note(api: Api, note_id: str) -> list[Any]:
    """The caller's mentions in the note."""
    return [one for one in api.pages(MENTIONS) if one["note_id"] == note_id]


@pytest.mark.feature("S83")
def test_a_note_is_told_to_whom_it_mentions_and_stands_in_every_timeline(system: System) -> None:
    sam, ann, sue, dora = map(system.api_of, ("sam", "ann", "sue", "dora"))
    someone = customer(dora, scope={"org_unit": "north-1"})
    body = {"customer_id": someone.id, "text": "Asks for a quiet pump.", "mentions": ["ann"]}
    done = sam.create(NOTES, body)

    (mention,) = eventually(lambda: of_note(ann, done.id))
    assert (mention["author"], mention["customer_id"], mention["unread"]) == (
        "sam",
        someone.id,
        True,
    )
    assert ann.read(f"{NOTES}/{done.id}", [done])["text"] == "Asks for a quiet pump."
    for other in (sam, sue, dora):
        assert of_note(other, done.id) == []

    read = ann.create(f"{MENTIONS}/{mention['id']}/read")
    ann.read(MENTIONS, [read])
    (mention,) = of_note(ann, done.id)
    assert not mention["unread"]

    for service in SERVICES:
        story = dora.read(f"/v1/{service}/customers/{someone.id}/timeline", [done])["items"]
        told = {one["type"]: one for one in story if one["source"] == "platform"}
        assert set(told) == {
            "crm.platform.note.added.v1",
            "crm.platform.note.user_mentioned.v1",
        }, service
        assert {one["actor"] for one in told.values()} == {"sam"}
        assert told["crm.platform.note.added.v1"]["data"]["text"] == "Asks for a quiet pump."


def test_a_stranger_cannot_be_mentioned(system: System) -> None:
    sam = system.api_of("sam")
    body = {"customer_id": "c1", "text": "Look at this.", "mentions": ["sue", "nobody"]}
    answer = sam.post(NOTES, body)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/mentions/1"]
    body["mentions"] = ["sue"]
    assert system.api_of("otto").post(NOTES, body).status_code == 403
