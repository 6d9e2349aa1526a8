"""Timeouts, trace context, host names, route templates, problems, the parts' verdict."""

import json

import pytest
from openapi_spec_validator import validate

from gateway.customers import MISSING, UNAVAILABLE, Part, verdict
from gateway.edge import addressed, host_name, is_open
from gateway.metrics import UNKNOWN, Routes
from gateway.openapi import document
from gateway.problems import Refusal
from gateway.timeouts import LONGEST_WAIT, Timeouts, wanted_wait
from gateway.tracing import correlation_id, new_traceparent, well_formed

TIMEOUTS = Timeouts(connect=1, command=10, read=15, part=1.5)


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("", 0),
        ("wait=3", 3),
        ("handling=strict, wait=3", 3),
        ("Wait = 3; foo", 3),
        ("respond-async,wait=2", 2),
        ("wait=99999", LONGEST_WAIT),
        ("wait=9999", LONGEST_WAIT),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("nowait=5", 0),
    ],
)
def test_the_wait_a_caller_prefers(prefer: str, seconds: float) -> None:
    assert wanted_wait(prefer) == seconds


@pytest.mark.parametrize(
    ("path", "open"),
    [
        ("/v1/own/a.b.c", True),
        ("/v1/platform/own/a.b.c", True),
        ("/v1/platform/openapi.json", True),
        ("/v1/sales/openapi.json", True),
        ("/v1/own", False),
        ("/v1/platform/owner/x", False),
        ("/v1/platform/customers/own/links", False),
        ("/v1/platform/links/own/revoke", False),
        ("/v1/sales/own/a.b.c", False),
        ("/v1/events", False),
        ("/v1/sales/orders/openapi.json", False),
    ],
)
def test_what_is_asked_for_without_a_sign_in(path: str, open: bool) -> None:
    assert is_open(*addressed(path)) is open


def test_timeouts_by_kind() -> None:
    assert TIMEOUTS.answer("POST", "wait=5") == 10
    assert TIMEOUTS.answer("GET", "") == 15
    assert TIMEOUTS.answer("GET", "wait=5") == 20
    assert TIMEOUTS.part_answer("wait=5") == 6.5


@pytest.mark.parametrize(("prefer", "seconds"), [("", 3.5), ("wait=1", 2.5), ("wait=5", 6.5)])
def test_a_part_has_the_time_that_a_service_waits_for_a_token(prefer: str, seconds: float) -> None:
    assert TIMEOUTS.part_answer(prefer, has_token=True) == seconds


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01,x",
    ],
)
def test_malformed_trace_context(traceparent: str) -> None:
    assert not well_formed(traceparent)


def test_new_trace_context_is_well_formed_and_new() -> None:
    made = {new_traceparent() for _ in range(100)}
    assert len(made) == 100
    assert all(map(well_formed, made))


def test_correlation_ids() -> None:
    assert correlation_id("order-7:retry") == "order-7:retry"
    for strange in ("", "a b", "-x", "x" * 129, 'x"'):
        assert correlation_id(strange) != strange
        assert correlation_id(strange) != correlation_id(strange)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:80", "localhost"),
        ("[::1]:80", "::1"),
        ("A.example", "a.example"),
        ("", ""),
        ("a:b", None),
        ("a/b", None),
        ("u@a", None),
        ("[::1", None),
        ("a?b", None),
    ],
)
def test_host_names(host: str, name: str | None) -> None:
    assert host_name(host) == name


def test_routes_are_learnt_from_answers_that_show_they_exist() -> None:
    routes = Routes()
    assert routes.name("sales", "orders/0190/complete", 404) == UNKNOWN
    assert routes.name("sales", "orders/0190/complete", 200) == "/v1/sales/orders/{id}/complete"
    assert routes.name("sales", "orders/0191/complete", 404) == "/v1/sales/orders/{id}/complete"
    assert routes.name("sales", "openapi.json", 200) == "/v1/sales/openapi.json"
    assert routes.name("sales", "X-123/a", 200) == "/v1/sales/{id}/{id}"


def test_the_number_of_routes_is_bounded() -> None:
    routes = Routes(most=3)
    names = {routes.name("sales", f"word{chr(97 + n)}", 200) for n in range(20)}
    assert len(names) == 4
    assert UNKNOWN in names


def test_a_problem_has_the_common_shape() -> None:
    refusal = Refusal(503, "service-away", "gone", {"Retry-After": "1"}, service="sales")
    assert json.loads(refusal.problem("/v1/sales/orders", "abc")) == {
        "type": "urn:throughline:problem:service-away",
        "title": "Service away",
        "status": 503,
        "detail": "gone",
        "instance": "/v1/sales/orders",
        "trace": "abc",
        "service": "sales",
    }


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([Part("current", {}), MISSING, UNAVAILABLE], 200),
        ([Part("stale", {}), UNAVAILABLE], 200),
        ([MISSING, MISSING], 404),
        ([MISSING, UNAVAILABLE], 503),
        ([UNAVAILABLE, UNAVAILABLE], 503),
    ],
)
def test_the_verdict_on_the_parts(parts: list[Part], status: int) -> None:
    assert verdict({str(place): part for place, part in enumerate(parts)}) == status


def test_the_description_is_valid_openapi() -> None:
    described = document(("marketing", "sales"))
    validate(described)
    assert described["x-services"]["sales"] == "/v1/sales/openapi.json"
