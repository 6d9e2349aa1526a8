"""A service that is away, late, broken or overrun fails alone, and says so."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.gateway.conftest import Stage
from tests.integration.gateway.little import Call, Reply, until


def assert_problem(reply: Reply, status: int, code: str) -> None:
    assert reply.status == status
    assert reply.value("Content-Type") == "application/problem+json"
    assert reply.json["type"] == f"urn:throughline:problem:{code}"
    assert reply.json["status"] == status
    assert reply.json["trace"]
    if status == 503:
        assert int(reply.value("Retry-After")) >= 1


def test_a_dead_service_is_named_and_the_others_work(stage: Stage) -> None:
    reply = stage.gateway.ask("POST", "/v1/service/cases", body=b"{}")
    assert_problem(reply, 503, "service-away")
    assert reply.json["service"] == "service"
    assert reply.json["instance"] == "/v1/service/cases"
    assert stage.gateway.get("/v1/sales/orders").status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_late_service_is_given_up(stage: Stage, method: str) -> None:
    over = threading.Event()
    stage.sales.routes["/v1/late"] = lambda call: over.wait(10)
    assert_problem(stage.gateway.ask(method, "/v1/sales/late"), 504, "service-late")
    over.set()
    assert len(stage.sales.seen) == 1


def test_a_read_that_prefers_to_wait_has_longer(stage: Stage) -> None:
    """The answer comes when another request has run into its own, shorter time."""
    impatient_is_over = threading.Event()

    def patient(call: Call) -> None:
        impatient_is_over.wait(10)
        call.answer(200, b"patient")

    stage.sales.routes["/v1/patient"] = patient
    stage.sales.routes["/v1/late"] = lambda call: impatient_is_over.wait(10)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stage.gateway.get, "/v1/sales/patient", Prefer="wait=8")
        until(lambda: stage.sales.seen)
        assert stage.gateway.get("/v1/sales/late").status == 504
        impatient_is_over.set()
        assert waiting.result().body == b"patient"


@pytest.mark.parametrize(("method", "body"), [("POST", b"{}"), ("POST", None), ("DELETE", None)])
def test_a_command_on_a_broken_connection_is_not_repeated(
    stage: Stage, method: str, body: bytes | None
) -> None:
    stage.sales.routes["/v1/orders"] = lambda call: call.raw(b"")
    reply = stage.gateway.ask(method, "/v1/sales/orders", body=body)
    assert_problem(reply, 503, "service-away")
    assert "Idempotency-Key" in reply.json["detail"]
    assert len(stage.sales.seen) == 1


def test_a_read_on_a_stale_connection_is_repeated_once(stage: Stage) -> None:
    def closes_kept_ones(call: Call) -> None:
        if call.served > 1:
            call.raw(b"")
        else:
            call.answer(200, b"fresh")

    stage.sales.routes["/v1/stale"] = closes_kept_ones
    stage.gateway.get("/v1/sales/warm-up")
    assert stage.gateway.get("/v1/sales/stale").body == b"fresh"
    assert [seen.target for seen in stage.sales.seen] == ["/v1/warm-up", "/v1/stale", "/v1/stale"]


def test_a_read_is_repeated_only_once(stage: Stage) -> None:
    stage.sales.routes["/v1/broken"] = lambda call: call.raw(b"")
    assert_problem(stage.gateway.get("/v1/sales/broken"), 503, "service-away")
    assert len(stage.sales.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        b"HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\n" + b"A: 1\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_that_is_not_http_is_not_passed(stage: Stage, answer: bytes) -> None:
    stage.sales.routes["/v1/garbled"] = lambda call: call.raw(answer)
    assert_problem(stage.gateway.ask("POST", "/v1/sales/garbled"), 502, "service-garbled")


def test_interim_answers_are_for_the_gateway(stage: Stage) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    stage.sales.routes["/v1/hints"] = lambda call: call.raw(interim + final)
    reply = stage.gateway.get("/v1/sales/hints")
    assert (reply.status, reply.body, reply.values("Link")) == (200, b"ok", [])


def test_a_slow_service_does_not_take_the_threads_of_the_others(stage: Stage) -> None:
    slots = 16 - 8
    over = threading.Event()

    def slow(call: Call) -> None:
        over.wait(10)
        call.answer(200, b"slow")

    stage.sales.routes["/v1/slow"] = slow
    with ThreadPoolExecutor(slots) as pool:
        held = [
            pool.submit(stage.gateway.get, "/v1/sales/slow", Prefer="wait=9") for _ in range(slots)
        ]
        until(lambda: len(stage.sales.seen) == slots)
        assert_problem(stage.gateway.get("/v1/sales/orders"), 503, "service-busy")
        assert stage.gateway.get("/v1/marketing/leads").status == 200
        over.set()
        assert [reply.result().body for reply in held] == [b"slow"] * slots
    assert stage.gateway.get("/v1/sales/orders").status == 200


def test_clients_that_break_off_leave_no_slot_taken(stage: Stage) -> None:
    def endless(call: Call) -> None:
        call.send_response_only(200)
        call.send_header("Content-Length", str(2**40))
        call.end_headers()
        while True:
            call.wfile.write(b"x" * 65536)

    stage.sales.routes["/v1/endless"] = endless
    for _ in range(20):
        connection = stage.gateway.connect()
        connection.request(
            "GET", "/v1/sales/endless", headers={"Authorization": stage.gateway.sign()}
        )
        connection.getresponse().read(10)
        connection.close()
    until(lambda: in_flight(stage) == 0)
    assert stage.gateway.get("/v1/sales/orders").status == 200


def in_flight(stage: Stage) -> float:
    lines = stage.gateway.get("/metrics").body.decode().splitlines()
    (line,) = [x for x in lines if x.startswith('throughline_gateway_in_flight{upstream="sales"}')]
    return float(line.split()[-1])
