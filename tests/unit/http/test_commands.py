"""Commands over HTTP: answers, If-Match, Idempotency-Key, the envelope."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from events.access.rights import ROLES
from events.deciding import Origin
from events.errors import Corrupt, Fenced, TooLarge, Transient, VersionConflict
from tests.access import a_caller, client_of
from tests.unit.http.depot import Depot, is_problem

UUID = "0190b6c2-7d5e-7c3a-9b1f-3f0c2a1b4d5e"


def raises(error: Exception) -> Any:
    def deciding(_: Origin) -> None:
        raise error

    return deciding


def test_a_create_names_what_it_made(depot: Depot) -> None:
    response = depot.send()

    assert response.status_code == 201
    body = response.get_json()
    event = depot.store.commits[0].events[0]
    assert body == {
        "id": event.stream.id,
        "stream": event.stream,
        "version": 1,
        "events": [event.id],
    }
    assert response.headers["Location"] == f"/v1/parcels/{body['id']}"
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Consistency-Token"] == f"{body['stream']}@1"
    assert "Idempotency-Replayed" not in response.headers
    assert depot.client.get(response.headers["Location"]).status_code == 200


def test_a_change_moves_the_etag(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]

    response = depot.move(parcel_id, If_Match='"1"')

    assert response.status_code == 200
    assert response.get_json()["version"] == 2
    assert response.headers["ETag"] == '"2"'
    assert response.headers["Consistency-Token"] == f"parcel-{parcel_id}@2"
    assert "Location" not in response.headers


def test_a_command_with_nothing_to_do_says_so(depot: Depot) -> None:
    path = f"/v1/parcels/{depot.send().get_json()['id']}/deliver"
    depot.client.post(path, headers={"If-Match": "*"})

    response = depot.client.post(path, headers={"If-Match": "*"})

    assert (response.status_code, response.get_json()["events"]) == (200, [])
    assert response.headers["ETag"] == '"2"'


# --- If-Match


def test_if_match_is_required_on_what_exists(depot: Depot) -> None:
    response = depot.move(depot.send().get_json()["id"])
    is_problem(response, 428, "precondition-required")
    assert len(depot.store.commits) == 1


@pytest.mark.parametrize(
    "tag", ["1", 'W/"1"', '"1", "2"', '""', '"x"', '"-1"', '"1.0"', '"12345678901"', '"１"', "**"]
)
def test_a_malformed_if_match_is_refused(depot: Depot, tag: str) -> None:
    parcel_id = depot.send().get_json()["id"]
    body = is_problem(
        depot.move(parcel_id, If_Match=tag.encode().decode("latin-1")), 400, "bad-header"
    )
    assert body["errors"][0]["header"] == "If-Match"
    assert len(depot.store.commits) == 1


def test_an_old_etag_gets_the_current_one(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    depot.move(parcel_id, If_Match='"1"')

    response = depot.move(parcel_id, "Bern", If_Match='"1"')

    is_problem(response, 412, "precondition-failed")
    assert response.headers["ETag"] == '"2"'
    assert depot.move(parcel_id, "Bern", If_Match=response.headers["ETag"]).status_code == 200


def test_a_star_takes_whatever_is_current(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    depot.move(parcel_id, If_Match='"1"')
    assert depot.move(parcel_id, If_Match="*").get_json()["version"] == 3


@pytest.mark.parametrize("tag", ['"1"', '"7"', "*"])
def test_what_does_not_exist_is_not_found(depot: Depot, tag: str) -> None:
    is_problem(depot.move(UUID, If_Match=tag), 404, "not-found")


# --- Idempotency-Key


def test_a_repeated_create_is_answered_again(depot: Depot) -> None:
    first = depot.send(Idempotency_Key="k 1")
    again = depot.send(Idempotency_Key="k 1")

    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    for header in ("Location", "ETag", "Consistency-Token"):
        assert again.headers[header] == first.headers[header]
    assert len(depot.store.commits) == 1


def test_a_repeated_change_is_answered_again_although_its_etag_is_old(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    first = depot.move(parcel_id, If_Match='"1"', Idempotency_Key="k")
    depot.move(parcel_id, "Bern", If_Match='"2"')

    again = depot.move(parcel_id, If_Match='"1"', Idempotency_Key="k")

    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(depot.store.commits) == 3


def test_a_repeated_change_is_answered_again_although_nothing_is_left_to_do(depot: Depot) -> None:
    path = f"/v1/parcels/{depot.send().get_json()['id']}/deliver"
    headers = {"If-Match": "*", "Idempotency-Key": "k"}
    first = depot.client.post(path, headers=headers)

    again = depot.client.post(path, headers=headers)

    assert first.get_json()["events"]
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    eve = client_of(depot.app, "depot", a_caller(*ROLES, subject="eve"))
    is_problem(eve.post(path, headers=headers), 422, "idempotency-key-reused")


@pytest.mark.parametrize("changed", ["body", "actor", "path"])
def test_a_key_belongs_to_one_request(depot: Depot, changed: str) -> None:
    here, there = (depot.send().get_json()["id"] for _ in range(2))
    depot.move(here, If_Match="*", Idempotency_Key="k")

    if changed == "actor":
        depot.client = client_of(depot.app, "depot", a_caller(*ROLES, subject="eve"))
    response = depot.move(
        there if changed == "path" else here,
        "Bern" if changed == "body" else "Oslo",
        If_Match="*",
        Idempotency_Key="k",
    )

    is_problem(response, 422, "idempotency-key-reused")
    assert len(depot.store.commits) == 3


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "schlüssel", "\x7f"])
def test_a_malformed_key_is_refused(depot: Depot, key: str) -> None:
    body = is_problem(depot.send(Idempotency_Key=key), 400, "bad-header")
    assert body["errors"][0]["header"] == "Idempotency-Key"
    assert depot.store.commits == []


def test_the_longest_key_is_taken(depot: Depot) -> None:
    assert depot.send(Idempotency_Key="x" * 200).status_code == 201


def test_a_key_in_flight_is_a_conflict_and_is_let_go(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    entered, leave = threading.Event(), threading.Event()

    def deciding(_: Origin) -> None:
        entered.set()
        assert leave.wait(10)

    depot.deciding = deciding
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(depot.move(parcel_id, If_Match="*", Idempotency_Key="k"))
    )
    thread.start()
    assert entered.wait(10)
    try:
        response = depot.send(Idempotency_Key="k")
        other = depot.send(Idempotency_Key="other")
    finally:
        leave.set()
        thread.join(10)

    is_problem(response, 409, "in-flight")
    assert response.headers["Retry-After"] == "1"
    assert other.status_code == 201
    assert answers[0].status_code == 200
    again = depot.move(parcel_id, If_Match="*", Idempotency_Key="k")
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_failed_command_lets_its_key_go(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    depot.deciding = raises(RuntimeError("secret"))
    is_problem(depot.move(parcel_id, If_Match="*", Idempotency_Key="k"), 500, "internal")
    depot.deciding = lambda _: None
    assert depot.move(parcel_id, If_Match="*", Idempotency_Key="k").status_code == 200


# --- the envelope


def test_the_envelope_reaches_the_event(depot: Depot) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    response = depot.send(
        X_Correlation_Id="cor-1",
        X_Causation_Id="cau-1",
        traceparent=trace,
    )
    event = depot.store.commits[0].events[0]
    assert (event.actor, event.correlation_id, event.causation_id, event.traceparent) == (
        "tester",
        "cor-1",
        "cau-1",
        trace,
    )
    assert response.headers["X-Correlation-Id"] == "cor-1"


def test_without_headers_there_is_an_envelope_too(depot: Depot) -> None:
    first, second = depot.send(), depot.send()
    one, two = (commit.events[0] for commit in depot.store.commits)
    assert one.actor == "tester"
    assert one.correlation_id == first.headers["X-Correlation-Id"]
    assert one.correlation_id != two.correlation_id == second.headers["X-Correlation-Id"]
    assert one.causation_id is None


@pytest.mark.parametrize(
    "trace",
    [
        "nonsense",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ],
)
def test_an_unreadable_traceparent_starts_a_new_trace(depot: Depot, trace: str) -> None:
    depot.send(traceparent=trace)
    written = depot.store.commits[0].events[0].traceparent
    assert written is not None
    assert written != trace
    assert len(written) == 55


@pytest.mark.parametrize("header", ["X-Correlation-Id", "X-Causation-Id"])
@pytest.mark.parametrize("value", ["", "a b", "-x", "x" * 129, "ü", "a,b"])
def test_a_malformed_envelope_is_refused(depot: Depot, header: str, value: str) -> None:
    body = is_problem(depot.send(**{header: value}), 400, "bad-header")
    assert body["errors"] == [{"header": header, "detail": body["errors"][0]["detail"]}]
    assert depot.store.commits == []


# --- what deciding and storing may say


def test_a_broken_rule_is_a_conflict_with_its_code(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    depot.client.post(f"/v1/parcels/{parcel_id}/deliver", headers={"If-Match": "*"})
    body = is_problem(depot.move(parcel_id, If_Match="*"), 409, "parcel-delivered")
    assert body["facts"] == {"place": "Riga"}
    assert body["title"] == "Parcel delivered"
    assert body["instance"] == f"/v1/parcels/{parcel_id}/move"


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (TooLarge("101 events"), 413, "too-large", None),
        (VersionConflict("parcel-1", 2), 409, "version-conflict", "1"),
        (Transient("somebody is away"), 503, "unavailable", "2"),
        (Fenced("secret"), 500, "internal", None),
        (Corrupt("secret"), 500, "internal", None),
    ],
)
def test_each_error_has_its_status(
    depot: Depot, error: Exception, status: int, code: str, retry_after: str | None
) -> None:
    parcel_id = depot.send().get_json()["id"]
    depot.deciding = raises(error)
    response = depot.move(parcel_id, If_Match="*")
    is_problem(response, status, code)
    assert response.headers.get("Retry-After") == retry_after
    assert b"secret" not in response.data
