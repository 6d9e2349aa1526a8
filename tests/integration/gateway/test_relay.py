"""Requests and answers through a real gateway process: what arrives is what was meant."""

from __future__ import annotations

import http.client
import json

import pytest

from gateway.tracing import well_formed
from tests.integration.gateway.conftest import Stage
from tests.integration.gateway.little import Call, Seen

MIB = 1024 * 1024


def only(stage: Stage) -> Seen:
    (seen,) = stage.sales.seen
    return seen


def test_the_prefix_goes_and_the_query_stays(stage: Stage) -> None:
    reply = stage.gateway.get("/v1/sales/orders/a%20b?limit=5&after=x%2Fy")
    assert reply.status == 200
    assert reply.json["target"] == "/v1/orders/a%20b?limit=5&after=x%2Fy"
    assert stage.marketing.seen == []


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_pass(stage: Stage, method: str) -> None:
    assert stage.gateway.ask(method, "/v1/sales/orders").json["method"] == method


def test_head_has_the_length_and_no_body(stage: Stage) -> None:
    reply = stage.gateway.ask("HEAD", "/v1/sales/orders")
    assert int(reply.value("Content-Length")) > 0
    assert reply.body == b""


def test_the_services_see_whom_they_serve(stage: Stage) -> None:
    stage.gateway.get("/v1/sales/orders", X_Forwarded_For="1.2.3.4", X_Internal_User="root")
    seen = only(stage)
    assert seen.values("X-Forwarded-For") == ["127.0.0.1"]
    assert seen.values("X-Forwarded-Host") == [f"127.0.0.1:{stage.gateway.port}"]
    assert seen.values("X-Forwarded-Proto") == ["http"]
    assert seen.values("X-Internal-User") == []
    assert seen.values("Host") == [f"127.0.0.1:{stage.sales.port}"]


def test_a_scheme_claimed_from_outside_is_not_believed(stage: Stage) -> None:
    stage.gateway.get("/v1/sales/orders", X_Forwarded_Proto="https")
    assert only(stage).values("X-Forwarded-Proto") == ["http"]


def test_underscores_do_not_smuggle_a_header_in(stage: Stage) -> None:
    stage.gateway.ask("GET", "/v1/sales/orders", {"X_Forwarded_For": "1.2.3.4"})
    assert only(stage).values("X-Forwarded-For") == ["127.0.0.1"]


def test_conditions_and_keys_pass(stage: Stage) -> None:
    headers = {
        "If-Match": '"7"',
        "Idempotency-Key": "k1",
        "Consistency-Token": "order-1@2",
        "Prefer": "wait=1",
        "Tracestate": "a=b",
        "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "X-Correlation-Id": "corr-7",
    }
    stage.gateway.ask("POST", "/v1/sales/orders", headers, b"{}")
    for name, value in headers.items():
        assert only(stage).values(name) == [value]


def test_trace_and_correlation_are_made_when_absent(stage: Stage) -> None:
    reply = stage.gateway.get("/v1/sales/orders", Traceparent="nonsense")
    (traceparent,) = only(stage).values("Traceparent")
    assert well_formed(traceparent)
    assert only(stage).values("X-Correlation-Id") == reply.values("X-Correlation-Id") != [""]


def test_etags_are_never_weakened(stage: Stage) -> None:
    stage.sales.routes["/v1/orders/1"] = lambda call: call.answer(200, b"x", ("ETag", '"7"'))
    assert stage.gateway.get("/v1/sales/orders/1").value("ETag") == '"7"'


def test_not_modified_passes(stage: Stage) -> None:
    def conditional(call: Call) -> None:
        same = call.headers["If-None-Match"] == '"7"'
        call.answer(304 if same else 200, b"x", ("ETag", '"7"'))

    stage.sales.routes["/v1/orders/1"] = conditional
    reply = stage.gateway.get("/v1/sales/orders/1", If_None_Match='"7"')
    assert (reply.status, reply.value("ETag"), reply.body) == (304, '"7"', b"")


def test_lines_of_one_name_stay_lines(stage: Stage) -> None:
    lines = [("Link", "<a>"), ("X-Other", "1"), ("Link", "<b>")]
    stage.sales.routes["/v1/two"] = lambda call: call.answer(200, b"", *lines)
    assert stage.gateway.get("/v1/sales/two").values("Link") == ["<a>", "<b>"]


def test_the_services_connection_is_not_the_clients(stage: Stage) -> None:
    lines = [("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Server", "secret")]
    stage.sales.routes["/v1/hop"] = lambda call: call.answer(200, b"", *lines)
    reply = stage.gateway.get("/v1/sales/hop")
    assert reply.values("X-Hop") == []
    assert reply.value("Server") != "secret"


@pytest.mark.parametrize("base", ["", "http://127.0.0.1:{port}", "http://127.0.0.1:{gateway}"])
def test_locations_lead_back_through_the_gateway(stage: Stage, base: str) -> None:
    base = base.format(port=stage.sales.port, gateway=stage.gateway.port)
    created = ("Location", f"{base}/v1/orders/7")
    stage.sales.routes["/v1/orders"] = lambda call: call.answer(201, b"", created)
    reply = stage.gateway.ask("POST", "/v1/sales/orders")
    assert (reply.status, reply.value("Location")) == (201, "/v1/sales/orders/7")


def test_redirects_are_not_followed(stage: Stage) -> None:
    elsewhere = ("Location", "http://169.254.169.254/latest")
    stage.sales.routes["/v1/away"] = lambda call: call.answer(302, b"", elsewhere)
    assert stage.gateway.get("/v1/sales/away").status == 302


def test_the_services_errors_pass(stage: Stage) -> None:
    problem = json.dumps({"type": "urn:x", "status": 405}).encode()
    lines = [("Content-Type", "application/problem+json"), ("Allow", "GET")]
    stage.sales.routes["/v1/orders"] = lambda call: call.answer(405, problem, *lines)
    reply = stage.gateway.ask("POST", "/v1/sales/orders")
    assert (reply.status, reply.value("Allow"), reply.body) == (405, "GET", problem)


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, MIB])
def test_bodies_of_every_size_arrive(stage: Stage, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    stage.gateway.ask("POST", "/v1/sales/orders", body=body[:size])
    assert only(stage).body == body[:size]
    assert only(stage).values("Content-Length") == [str(size)]


@pytest.mark.parametrize("size", [0, 10, 200_000])
def test_chunked_bodies_arrive(stage: Stage, size: int) -> None:
    pieces = [b"x" * min(1000, size - start) for start in range(0, size, 1000)]
    stage.gateway.ask("POST", "/v1/sales/orders", body=iter(pieces))
    assert only(stage).body == b"x" * size


@pytest.mark.parametrize("chunked", [False, True])
def test_larger_bodies_are_refused(stage: Stage, chunked: bool) -> None:
    body = iter([b"x" * 65536] * 17) if chunked else b"x" * (MIB + 1)
    try:
        reply = stage.gateway.ask("POST", "/v1/sales/orders", body=body)
    except (BrokenPipeError, ConnectionResetError):
        assert not chunked  # refused before it was sent in full
    else:
        assert (reply.status, reply.json["limit"]) == (413, MIB)
    assert stage.sales.seen == []
    assert stage.gateway.get("/livez").status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_fifty_megabytes_pass_in_little_memory(stage: Stage, chunked: bool) -> None:
    piece, count = b"0123456789abcdef" * 4096, 800

    def large(call: Call) -> None:
        call.send_response_only(200)
        framing = ("Transfer-Encoding", "chunked") if chunked else (
            "Content-Length", str(len(piece) * count)
        )  # fmt: skip
        call.send_header(*framing)
        call.end_headers()
        for _ in range(count):
            call.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            call.wfile.write(b"0\r\n\r\n")

    stage.sales.routes["/v1/large"] = large
    before = stage.gateway.peak_memory()
    connection = stage.gateway.connect()
    signed = {"Authorization": stage.gateway.sign()}
    connection.request("GET", "/v1/sales/large", headers=signed)
    response = connection.getresponse()
    for _ in range(count):
        assert response.read(len(piece)) == piece
    assert response.read() == b""
    connection.close()
    assert stage.gateway.peak_memory() - before < 8 * MIB


def test_pieces_are_passed_on_as_they_come(stage: Stage) -> None:
    """The second piece is sent only when the client has read the first."""
    import threading

    read = threading.Event()

    def trickle(call: Call) -> None:
        call.send_response_only(200)
        call.send_header("Transfer-Encoding", "chunked")
        call.end_headers()
        call.wfile.write(b"3\r\none\r\n")
        read.wait(10)
        call.wfile.write(b"3\r\ntwo\r\n0\r\n\r\n")

    stage.sales.routes["/v1/trickle"] = trickle
    connection = stage.gateway.connect()
    signed = {"Authorization": stage.gateway.sign()}
    connection.request("GET", "/v1/sales/trickle", headers=signed)
    response = connection.getresponse()
    assert response.read1(100) == b"one"
    read.set()
    assert response.read() == b"two"
    connection.close()


def test_one_connection_carries_many_requests(stage: Stage) -> None:
    connection = stage.gateway.connect()
    signed = {"Authorization": stage.gateway.sign()}
    for number in range(30):
        connection.request("POST", f"/v1/sales/orders/{number}", b"x" * number, signed)
        told = json.loads(connection.getresponse().read())
        assert told == {"method": "POST", "target": f"/v1/orders/{number}", "length": number}
    connection.close()


def test_an_answer_cut_off_is_seen_as_cut_off(stage: Stage) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    stage.sales.routes["/v1/cut"] = lambda call: call.raw(head + b"x" * 200_000)
    with pytest.raises(http.client.IncompleteRead):
        stage.gateway.get("/v1/sales/cut")
