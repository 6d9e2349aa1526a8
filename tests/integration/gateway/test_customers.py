"""`GET /v1/customers/{id}`: four parts side by side, each with its state."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.gateway.faulty import OVER, broken, endless, failing, no_json, silent
from tests.integration.gateway.little import (
    Call,
    GatewayProcess,
    LittleService,
    Reply,
    Route,
    free_port,
    gateway,
)

NAMES = ("marketing", "sales", "service", "analytics")


def current(call: Call) -> None:
    call.answer(200, json.dumps({"from": call.server.service.port}).encode())


def stale(call: Call) -> None:
    call.answer(200, b'{"old": true}', ("Consistency", "stale"))


def unknown(call: Call) -> None:
    call.answer(404, b'{"status": 404}')


def owing(call: Call) -> None:
    """Its body is still to come when the head has said enough."""
    call.send_response_only(404)
    call.send_header("Content-Length", "5")
    call.end_headers()
    OVER.wait(10)


def no_object(call: Call) -> None:
    call.answer(200, b"[1]")


def objecting(call: Call) -> None:
    problem = {"type": "urn:throughline:problem:bad-header", "status": 400, "detail": "no token"}
    call.answer(400, json.dumps(problem).encode())


@pytest.fixture
def ask(edge: GatewayProcess, services: dict[str, LittleService]) -> object:
    def ask(*routes: Route, id: str = "c-1", **headers: str) -> Reply:
        for service, route in zip(services.values(), routes, strict=True):
            service.routes = {f"/v1/customers/{id}/summary": route}
            service.seen.clear()
        return edge.get(f"/v1/customers/{id}", **headers)

    return ask


def states(reply: Reply) -> list[str]:
    return [reply.json["parts"][name]["status"] for name in NAMES]


def test_all_parts_come(ask, services) -> None:
    reply = ask(current, current, current, current)
    assert (reply.status, reply.json["id"]) == (200, "c-1")
    assert states(reply) == ["current"] * 4
    assert {name: part["data"] for name, part in reply.json["parts"].items()} == {
        name: {"from": service.port} for name, service in services.items()
    }
    assert reply.values("Consistency") == []


@pytest.mark.parametrize("route", [broken, silent, failing, no_object, no_json, endless])
def test_a_part_that_does_not_come_is_unavailable(ask, route: Route) -> None:
    reply = ask(current, route, unknown, current)
    assert reply.status == 200
    assert states(reply) == ["current", "unavailable", "missing", "current"]
    assert reply.json["parts"]["sales"]["data"] is None


@pytest.mark.parametrize("route", [failing, owing, no_json, endless])
def test_a_part_that_did_not_come_may_come_the_next_time(ask, route: Route) -> None:
    ask(route, route, route, route)
    assert states(ask(current, current, current, current)) == ["current"] * 4


def test_a_stale_part_is_said_to_be_stale(ask) -> None:
    reply = ask(current, stale, current, current)
    assert states(reply) == ["current", "stale", "current", "current"]
    assert reply.json["parts"]["sales"]["data"] == {"old": True}
    assert reply.value("Consistency") == "stale"


def test_not_found_needs_all_four_to_say_so(ask) -> None:
    reply = ask(unknown, unknown, unknown, unknown)
    assert reply.status == 404
    assert reply.json["type"] == "urn:throughline:problem:not-found"
    reply = ask(unknown, unknown, unknown, broken)
    assert reply.status == 503
    assert int(reply.value("Retry-After")) >= 1
    assert states(reply) == ["missing", "missing", "missing", "unavailable"]


def test_nobody_there(ask) -> None:
    assert ask(broken, broken, silent, failing).status == 503


def test_a_fault_of_the_question_is_the_askers(ask) -> None:
    reply = ask(current, objecting, current, current)
    assert reply.status == 400
    assert reply.value("Content-Type") == "application/problem+json"
    assert reply.json["detail"] == "no token"


def test_what_the_parts_are_told(ask, services) -> None:
    token = "order-1@2"
    ask(current, current, current, current, Consistency_Token=token, Prefer="wait=1",
        If_None_Match='"1"', Range="bytes=0-1", Accept_Encoding="gzip", X_Actor="u")  # fmt: skip
    traces, passes = set(), set()
    for service in services.values():
        (seen,) = service.seen
        traces.update(seen.values("Traceparent"))
        assert seen.values("Consistency-Token") == [token]
        assert seen.values("Prefer") == ["wait=1"]
        assert seen.values("X-Actor") == []
        passes.update(seen.values("Authorization"))
        assert seen.values("If-None-Match") + seen.values("Range") == []
        assert seen.values("Accept-Encoding") == ["identity"]
    assert len(traces) == 1
    assert len(passes) == len(services)  # each has a pass of its own


def test_a_wait_that_is_preferred_is_given(ask) -> None:
    """The part comes only after the parts' own time is over, which another question shows."""
    own_time_is_over = threading.Event()

    def patient(call: Call) -> None:
        if call.headers["Prefer"]:
            own_time_is_over.wait(10)
            current(call)
        else:
            OVER.wait(10)

    waiting: list[Reply] = []
    asking = threading.Thread(
        target=lambda: waiting.append(ask(patient, current, current, current, Prefer="wait=8"))
    )
    asking.start()
    assert states(ask(patient, current, current, current))[0] == "unavailable"
    own_time_is_over.set()
    asking.join()
    assert states(waiting[0])[0] == "current"


def test_ids_pass_as_they_came(ask) -> None:
    reply = ask(current, current, current, current, id="a%20b")
    assert (reply.status, reply.json["id"]) == (200, "a b")


@contextmanager
def dead() -> Iterator[GatewayProcess]:
    with gateway({name: f"http://127.0.0.1:{free_port()}" for name in NAMES}) as process:
        yield process


def test_all_services_dead() -> None:
    with dead() as process:
        reply = process.get("/v1/customers/c-1")
        assert reply.status == 503
        assert states(reply) == ["unavailable"] * 4
        ready = process.get("/readyz")
        assert (ready.status, ready.json["services"]) == (200, dict.fromkeys(NAMES, False))
