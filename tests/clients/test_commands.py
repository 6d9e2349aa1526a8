"""Commands of the Python client against a real service whose gateway fails on purpose."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from events.deciding import Origin
from events.errors import InFlight, Transient
from tests.clients.house import Fault, House, cut_after, cut_before, refuses, says
from throughline import (
    Conflict,
    Event,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    NotSignedIn,
    Patience,
    PreconditionFailed,
    Problem,
    Throughline,
    TooManyRequests,
    Unavailable,
    Unreachable,
)

BODY = {"customer_id": "c-1", "place": "Riga"}
HURRIED = Patience(0.05, first_pause=0.001, last_pause=0.01)


def test_the_answer_is_all_that_the_next_command_needs(house: House, crm: Throughline) -> None:
    sent = crm.send("depot", "parcels", BODY)
    assert (sent.version, sent.etag, sent.token) == (1, '"1"', f"{sent.stream}@1")
    assert len(sent.events) == 1
    assert not sent.replayed
    assert sent.location == f"/v1/parcels/{sent.id}"
    moved = crm.send("depot", f"parcels/{sent.id}/move", {"place": "Oslo"}, if_match=sent)
    assert moved.version == 2
    crm.send("depot", f"parcels/{sent.id}/move", {"place": "Rome"}, if_match=2)
    crm.send("depot", f"parcels/{sent.id}/move", {"place": "Bonn"}, if_match='"3"')
    delivered = crm.send("depot", f"parcels/{sent.id}/deliver", if_match="*")
    assert delivered.version == 5
    assert house.heard("If-Match") == [None, '"1"', '"2"', '"3"', "*"]


@pytest.mark.parametrize(
    ("fault", "replayed"),
    [
        (cut_before, False),
        (cut_after, True),
        (refuses(503, "service-away", Retry_After="0"), False),
        (refuses(502, "service-garbled"), False),
        (refuses(504, "service-late"), False),
        (refuses(429, "too-many-requests", Retry_After="0"), False),
        (refuses(409, "in-flight", Retry_After="0"), False),
        (refuses(409, "version-conflict"), False),
        (says(200, b"<html>", Content_Type="text/html"), False),
    ],
)
def test_a_command_that_is_tried_again_is_done_once(
    house: House, crm: Throughline, fault: Fault, replayed: bool
) -> None:
    house.faults = [fault, fault]
    done = crm.send("depot", "parcels", BODY)
    assert [commit.events[0].stream for commit in house.depot.store.commits] == [done.stream]
    assert done.replayed is replayed
    keys = house.heard("Idempotency-Key")
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_each_command_has_a_key_of_its_own_unless_it_is_given_one(
    house: House, crm: Throughline
) -> None:
    first, second = crm.send("depot", "parcels", BODY), crm.send("depot", "parcels", BODY)
    assert first.id != second.id
    third, again = (crm.send("depot", "parcels", BODY, key="mine") for _ in range(2))
    assert third.id == again.id
    assert again.replayed
    with pytest.raises(Invalid) as refused:
        crm.send("depot", "parcels", {**BODY, "place": "Oslo"}, key="mine")
    assert refused.value.code == "idempotency-key-reused"


def test_real_refusals_that_pass_are_outlasted(house: House, crm: Throughline) -> None:
    """As the service itself says them: with Retry-After of a second and more."""
    errors: list[Exception] = [Transient(), InFlight()]
    parcel = crm.send("depot", "parcels", BODY)

    def deciding(_: Origin) -> None:
        if errors:
            raise errors.pop()

    house.depot.deciding = deciding
    assert crm.send("depot", f"parcels/{parcel.id}/move", {"place": "Oslo"}, if_match="*").events
    assert not errors


def test_a_rule_of_the_domain_is_said_once(house: House, crm: Throughline) -> None:
    parcel = crm.send("depot", "parcels", BODY)
    crm.send("depot", f"parcels/{parcel.id}/deliver", if_match="*")
    house.asked.clear()
    with pytest.raises(Conflict) as refused:
        crm.send("depot", f"parcels/{parcel.id}/move", {"place": "Oslo"}, if_match="*")
    assert refused.value.code == "parcel-delivered"
    assert refused.value.facts == {"place": "Riga"}
    assert len(house.asked) == 1


def test_a_version_that_is_over_names_the_one_that_is(crm: Throughline) -> None:
    parcel = crm.send("depot", "parcels", BODY)
    path, body = f"parcels/{parcel.id}/move", {"place": "Oslo"}
    crm.send("depot", path, body, if_match=parcel)
    with pytest.raises(PreconditionFailed) as refused:
        crm.send("depot", path, body, if_match=parcel)
    assert refused.value.etag == '"2"'
    with pytest.raises(Problem) as missing:
        crm.send("depot", path, body)
    assert (missing.value.status, missing.value.code) == (428, "precondition-required")


def test_what_is_wrong_is_named(crm: Throughline) -> None:
    with pytest.raises(Invalid) as refused:
        crm.send("depot", "parcels", {"customer_id": "c-1", "place": 7})
    problem = refused.value
    assert [one["pointer"] for one in problem.errors] == ["/place"]
    assert "/place" in str(problem)
    assert len(problem.trace) == 32


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Problem),
        (401, NotSignedIn),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (412, PreconditionFailed),
        (422, Invalid),
        (500, Problem),
        (302, Problem),
    ],
)
def test_each_status_has_its_error_and_is_final(
    house: House, crm: Throughline, status: int, kind: type[Problem]
) -> None:
    house.faults = [refuses(status, "some-code", Location="http://127.0.0.1:9/")]
    with pytest.raises(Problem) as refused:
        crm.send("depot", "parcels", BODY)
    assert type(refused.value) is kind
    assert (refused.value.status, refused.value.code) == (status, "some-code")
    assert len(house.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, TooManyRequests), (503, Unavailable)])
def test_patience_ends(house: House, status: int, kind: type[Problem]) -> None:
    house.faults = [refuses(status, "busy", Retry_After="0")] * 1000
    with pytest.raises(kind):
        Throughline(house.url, patience=HURRIED).send("depot", "parcels", BODY)
    assert len(house.asked) > 1


def test_a_time_beyond_patience_is_not_waited_for(house: House) -> None:
    house.faults = [refuses(503, "busy", Retry_After="3600")]
    with pytest.raises(Unavailable) as refused:
        Throughline(house.url, patience=HURRIED).send("depot", "parcels", BODY)
    assert refused.value.retry_after == 3600
    assert len(house.asked) == 1


def test_nobody_there() -> None:
    with pytest.raises(Unreachable):
        Throughline("http://127.0.0.1:9", patience=HURRIED).send("depot", "parcels", BODY)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b'{"type": 7, "errors": "x"}', b"null"])
def test_a_problem_that_is_none_is_told_by_its_status(
    house: House, crm: Throughline, body: bytes
) -> None:
    """A proxy answered, or something is broken."""
    house.faults = [says(404, body, Content_Type="text/html")]
    with pytest.raises(NotFound) as refused:
        crm.send("depot", "parcels", BODY)
    assert refused.value.type == "about:blank"
    assert not refused.value.errors


def test_an_event_that_led_to_a_command_is_named(house: House, crm: Throughline) -> None:
    raw = {"id": "e-1", "type": "t", "time": "2026-01-01T00:00:00Z", "correlationid": "co-1"}
    crm.send("depot", "parcels", BODY, because_of=Event.of("7", raw))
    crm.send("depot", "parcels", BODY, because_of=Event.of("7", {**raw, "correlationid": None}))
    origins = [commit.events[0] for commit in house.depot.store.commits]
    assert [one.causation_id for one in origins] == ["e-1", "e-1"]
    assert [one.correlation_id for one in origins] == ["co-1", "e-1"]


@pytest.mark.parametrize("path", ["../orders", "parcels/../x", "parcels//x", "parcels/.", "/", ""])
def test_a_path_that_would_lead_elsewhere_is_refused(
    house: House, crm: Throughline, path: str
) -> None:
    with pytest.raises(ValueError, match="no path"):
        crm.send("depot" if path else "", path, BODY)
    assert not house.asked


def test_what_is_no_plain_segment_is_quoted(house: House, crm: Throughline) -> None:
    with pytest.raises(NotFound):
        crm.get("depot", "parcels/a b?c#d%2F")
    assert house.asked[0]["RAW_URI"] == "/v1/depot/parcels/a%20b%3Fc%23d%252F"


@pytest.mark.parametrize("url", ["crm.example.com", "ftp://x", "http://", "https://me:word@x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url must be"):
        Throughline(url)


def test_threads_share_it(house: House, crm: Throughline) -> None:
    house.faults = [cut_after, cut_before] * 10

    def send(number: int) -> Any:
        return crm.send("depot", "parcels", {**BODY, "place": str(number)}).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(send, range(40)))
    assert len(set(ids)) == len(house.depot.store.commits) == 40
