"""Reads with a consistency token wait, but never in vain and never for ever."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

import pytest

from events.http.consistency import MAX_TOKENS, parse_preference
from tests.unit.http.depot import Depot, is_problem


def read(depot: Depot, token: str, prefer: str = "wait=0") -> Any:
    headers = {"Consistency-Token": token, "Prefer": prefer}
    return depot.client.get("/v1/parcels", headers=headers)


def test_without_a_token_nothing_is_said(depot: Depot) -> None:
    response = depot.client.get("/v1/parcels")
    assert response.status_code == 200
    assert "Consistency" not in response.headers
    assert depot.views.polls == 0


def test_a_view_that_holds_the_write_is_current(depot: Depot) -> None:
    depot.views.held = {"parcel-1@1", "parcel-2@3"}
    response = read(depot, "parcel-1@1, parcel-2@3", "wait=5")
    assert response.status_code == 200
    assert response.headers["Consistency"] == "current"
    assert response.headers["Preference-Applied"] == "wait=5"


def test_a_read_waits_until_the_write_arrives(depot: Depot) -> None:
    depot.views.coming, depot.views.late = {"parcel-1@1"}, 3
    response = read(depot, "parcel-1@1", "wait=10")
    assert response.headers["Consistency"] == "current"
    assert depot.views.polls == 4


def test_a_token_that_is_held_is_not_asked_for_again(depot: Depot) -> None:
    depot.views.held, depot.views.coming = {"parcel-1@1"}, {"parcel-2@1"}
    depot.views.late = 4
    assert read(depot, "parcel-1@1,parcel-2@1", "wait=10").headers["Consistency"] == "current"
    assert depot.views.polls == 5


def test_late_is_stale(depot: Depot) -> None:
    depot.views.held = {"parcel-1@1"}
    response = read(depot, "parcel-1@1,parcel-1@2")
    assert response.status_code == 200
    assert response.get_json()["items"]
    assert response.headers["Consistency"] == "stale"
    assert response.headers["Preference-Applied"] == "wait=0"


def test_all_writes_must_be_there(depot: Depot) -> None:
    depot.views.coming, depot.views.late = {"parcel-1@1"}, 3
    response = read(depot, "parcel-1@1,parcel-2@1", "wait=0.1")
    assert response.headers["Consistency"] == "stale"


def test_late_is_unavailable_under_strict(depot: Depot) -> None:
    response = read(depot, "parcel-1@1", "wait=0, handling=strict")
    is_problem(response, 503, "not-yet-consistent")
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Preference-Applied"] == "wait=0, handling=strict"


def test_a_parked_stream_is_not_waited_for(depot: Depot) -> None:
    depot.views.parked = {"parcel-1"}
    started = monotonic()
    assert read(depot, "parcel-1@2", "wait=10").headers["Consistency"] == "stale"
    assert monotonic() - started < 8


def test_a_draining_process_does_not_wait(depot: Depot) -> None:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(read(depot, "parcel-1@2", "wait=10")))
    started = monotonic()
    thread.start()
    depot.health.draining.set()
    thread.join(9)
    assert answers[0].headers["Consistency"] == "stale"
    assert monotonic() - started < 9


@pytest.mark.parametrize(
    "token",
    [
        "",
        ",",
        "parcel",
        "parcel-1",
        "parcel-1@",
        "parcel-1@x",
        "parcel-1@-1",
        "parcel-1@0",
        "parcel-1@12345678901",
        "parcel-1@1,",
        "parcel-1@1,,parcel-2@1",
        "parcel-1@1;parcel-2@1",
        "p" * 300 + "-1@1",
        ",".join(["parcel-1@1"] * (MAX_TOKENS + 1)),
    ],
)
def test_a_malformed_token_is_refused(depot: Depot, token: str) -> None:
    body = is_problem(read(depot, token), 400, "bad-header")
    assert body["errors"][0]["header"] == "Consistency-Token"


@pytest.mark.parametrize(
    ("text", "seconds", "strict"),
    [
        ("", 2, False),
        ("wait=5", 5, False),
        ('wait="5"', 5, False),
        ("Wait = 0.5", 0.5, False),
        ("wait=99999", 10, False),
        ("wait=1e9", 2, False),
        ("wait=-1", 2, False),
        ("wait=１", 2, False),
        ("wait=5, handling=strict", 5, True),
        ("handling=strict,respond-async", 2, True),
        ("handling=lenient", 2, False),
    ],
)
def test_preferences_are_read_leniently(text: str, seconds: float, strict: bool) -> None:
    preference = parse_preference(text)
    assert (preference.wait_seconds, preference.strict) == (seconds, strict)


def test_the_wait_is_capped(depot: Depot) -> None:
    depot.views.parked = {"parcel-1"}
    assert read(depot, "parcel-1@2", "wait=99").headers["Preference-Applied"] == "wait=10"
