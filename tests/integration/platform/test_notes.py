"""Notes as a house: who writes and reads them, and what a mention gives to whom."""

from __future__ import annotations

from typing import Any

import pytest

from events.access.caller import Caller
from tests.access import a_caller
from tests.house import House

SAM = a_caller("seller", subject="sam", org_unit="north-1", team="north-1-a")
TOM = a_caller("seller", subject="tom", org_unit="south-1")
MIA = a_caller("marketer", subject="mia")


@pytest.fixture(autouse=True)
def people(platform: House) -> None:
    for id in ("ada", "sam", "tom", "mia"):
        role = "administrator" if id == "ada" else "seller"
        body = {"login": f"{id}@example.org", "org_unit": "root", "roles": [role]}
        assert platform.post(f"/v1/users/{id}", body).status_code == 200


def note(platform: House, by: Caller, *mentions: str, **more: Any) -> Any:
    platform.client = platform.client_of(by)
    body = {"customer_id": "c1", "text": "Call her back.", "mentions": list(mentions), **more}
    return platform.post("/v1/notes", body)


def seen(platform: House, by: Caller, path: str, **params: Any) -> list[Any]:
    answer = platform.client_of(by).get(path, query_string=params)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json["items"]
    return items


def test_a_note_belongs_where_its_author_stands_or_where_he_says(platform: House) -> None:
    own = note(platform, SAM).json["id"]
    elsewhere = note(platform, MIA, scope={"org_unit": "south-1"}).json["id"]
    assert {one["id"] for one in seen(platform, MIA, "/v1/notes")} == {own, elsewhere}
    assert [one["id"] for one in seen(platform, SAM, "/v1/notes")] == [own]
    assert [one["id"] for one in seen(platform, TOM, "/v1/notes", customer_id="c1")] == [elsewhere]
    assert seen(platform, TOM, "/v1/notes", customer_id="c2") == []

    shown = platform.client_of(MIA).get(f"/v1/notes/{own}").json
    assert (shown["author"], shown["text"]) == ("sam", "Call her back.")
    assert platform.client_of(TOM).get(f"/v1/notes/{own}").status_code == 404
    assert note(platform, SAM, scope={"org_unit": "south-1"}).status_code == 403


def test_a_mention_is_his_whom_it_names_and_gives_him_no_right(platform: House) -> None:
    first = note(platform, SAM, "tom").json["id"]
    second = note(platform, SAM, "tom", "mia").json["id"]
    told = seen(platform, TOM, "/v1/mentions")
    assert [(one["note_id"], one["author"], one["unread"]) for one in told] == [
        (second, "sam", True),
        (first, "sam", True),
    ]
    assert platform.client_of(TOM).get(f"/v1/notes/{first}").status_code == 404
    assert [one["note_id"] for one in seen(platform, MIA, "/v1/mentions")] == [second]
    assert seen(platform, SAM, "/v1/mentions") == []
    everything = a_caller("director", "auditor", "administrator", subject="dora")
    assert seen(platform, everything, "/v1/mentions") == []


def test_a_mention_is_read_by_his_user_alone(platform: House) -> None:
    note(platform, SAM, "tom")
    (told,) = seen(platform, TOM, "/v1/mentions")
    path = f"/v1/mentions/{told['id']}/read"
    for other in (SAM, MIA, a_caller("director", subject="dora")):
        assert platform.client_of(other).post(path).status_code == 404

    platform.client = platform.client_of(TOM)
    assert platform.post(path).status_code == 200
    assert platform.post(path).json["version"] == 1
    assert seen(platform, TOM, "/v1/mentions", unread="true") == []
    (told,) = seen(platform, TOM, "/v1/mentions", unread="false")
    assert told["read_at"]
    assert platform.post("/v1/mentions/nothing/read").status_code == 404


def test_a_user_is_mentioned_as_soon_as_he_was_let_in_and_no_longer(platform: House) -> None:
    answer = note(platform, SAM, "mia", "new")
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == ["/mentions/1"]

    platform.client = platform.client_of(a_caller("administrator", subject="ada"))
    # Neither relayed nor projected: the directory itself is asked.
    platform.client.post("/v1/users/new", json={"login": "n", "org_unit": "root", "roles": []})
    assert note(platform, SAM, "new").status_code == 201
    platform.client_of(a_caller("administrator")).post("/v1/users/new/deactivate")
    assert note(platform, SAM, "new").status_code == 422


def test_the_text_is_personal_and_an_auditor_writes_nothing(platform: House) -> None:
    id = note(platform, SAM).json["id"]
    shown = platform.client_of(a_caller("analyst")).get(f"/v1/notes/{id}").json
    assert shown["text"] == "•••"
    assert note(platform, a_caller("auditor")).status_code == 403
    assert platform.client_of(a_caller("administrator")).get("/v1/notes").status_code == 403
