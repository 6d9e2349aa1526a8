"""Every error is a problem document, whatever raised it."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    Gone,
    NotAcceptable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)

from events.errors import FieldFault, Invalid, Rejected, TooLarge
from events.http.problem import MAX_ERRORS, Problem
from tests.unit.http.depot import Depot, is_problem


def reading(depot: Depot, error: Exception) -> Any:
    def fail() -> None:
        raise error

    depot.reading = fail
    return depot.client.get("/v1/parcels/p-1")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AutoReconnect("host:27017 secret"), 503, "unavailable"),
        (ServerSelectionTimeoutError("secret"), 503, "unavailable"),
        (NetworkTimeout("secret"), 503, "unavailable"),
        (NotPrimaryError("secret"), 503, "unavailable"),
        (WaitQueueTimeoutError("secret"), 503, "unavailable"),
        (ExecutionTimeout("secret", 50), 503, "too-slow"),
        (OperationFailure("secret", 13), 500, "internal"),
        (ConfigurationError("secret"), 500, "internal"),
        (ValueError("secret"), 500, "internal"),
        (RecursionError("secret"), 500, "internal"),
        (BadRequest(), 400, "bad-request"),
        (Unauthorized(), 401, "unauthorized"),
        (Forbidden(), 403, "forbidden"),
        (NotAcceptable(), 406, "not-acceptable"),
        (Gone(), 410, "gone"),
        (TooManyRequests(), 429, "too-many-requests"),
        (ServiceUnavailable(), 503, "service-unavailable"),
        (TooLarge("big", most=3), 413, "too-large"),
        (Rejected("no-such-thing", "no"), 422, "no-such-thing"),
        (Problem(418, "teapot", "short and stout"), 418, "teapot"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_exception_has_its_problem(
    depot: Depot, error: Exception, status: int, code: str
) -> None:
    response = reading(depot, error)
    is_problem(response, status, code)
    assert b"secret" not in response.data
    assert ("Retry-After" in response.headers) == (status in (429, 503))
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_an_exceptions_own_headers_are_kept(depot: Depot) -> None:
    assert reading(depot, TooManyRequests(retry_after=17)).headers["Retry-After"] == "17"


def test_faults_of_the_domain_carry_pointers(depot: Depot) -> None:
    faults = [FieldFault("/a/0", "no"), FieldFault("/b", "neither")]
    body = is_problem(reading(depot, Invalid("it is wrong", faults)), 422, "invalid")
    assert body["errors"] == [
        {"pointer": "/a/0", "detail": "no"},
        {"pointer": "/b", "detail": "neither"},
    ]


def test_a_flood_of_faults_is_cut(depot: Depot) -> None:
    faults = [FieldFault(f"/{'x' * 9999}", "no")] * 5000
    response = reading(depot, Invalid("it is wrong", faults))
    assert len(response.get_json(force=True)["errors"]) == MAX_ERRORS
    assert len(response.data) < 100_000


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/parcels/",
        "/v1//parcels",
        "/v1/parcels/a b",
        "/v1/parcels/%00",
        "/v1/parcels/" + "x" * 101,
        "/v1/parcels/..%2f",
        "/v1/parcels/\N{SNOWMAN}",
        "/v1/parcels/%ff",
    ],
)
def test_an_unknown_path_is_not_found(depot: Depot, path: str) -> None:
    is_problem(depot.client.get(path), 404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "BREW"])
def test_a_wrong_method_says_which_are_right(depot: Depot, method: str) -> None:
    response = depot.client.open("/v1/parcels/p-1", method=method)
    is_problem(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_trace_of_a_problem_is_the_callers(depot: Depot) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert depot.client.get("/nowhere", headers=headers).get_json(force=True)["trace"] == trace


def test_answers_are_not_stored_by_anyone(depot: Depot) -> None:
    for response in (depot.send(), depot.client.get("/nowhere")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
