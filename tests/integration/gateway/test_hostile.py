"""What no well-behaved client sends: answered with a clear 4xx, never passed on, never a 500."""

from __future__ import annotations

import json
import re
import socket

import pytest

from tests.integration.gateway.conftest import Stage

POST = b"POST /v1/sales/orders HTTP/1.1\r\nHost: localhost\r\n"
HOST = b"Host: localhost\r\nConnection: close\r\n"
SMUGGLED = b"GET /v1/sales/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def only_status(received: bytes) -> int:
    (status,) = statuses(received)
    return status


def assert_refused(stage: Stage, request: bytes, expected: set[int]) -> None:
    received = stage.gateway.raw(request)
    assert only_status(received) in expected
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] in expected
    assert stage.sales.seen == []
    assert stage.gateway.get("/livez").status == 200


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"Content-Length: 5, 5\r\n\r\nhello",
        b"Content-Length: +5\r\n\r\nhello",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 0x5\r\n\r\nhello",
        b"Content-Length: \xb2\r\n\r\nhello",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: identity\r\n\r\nhello",
        b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5;a=\x01\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
    ],
)
def test_ambiguous_framing_is_refused_and_nothing_follows(stage: Stage, framing: bytes) -> None:
    assert_refused(stage, POST + framing + SMUGGLED, {400})


@pytest.mark.parametrize("coding", [b"xchunked", b"chunked;q=1", b'"chunked"'])
def test_unknown_codings_are_refused(stage: Stage, coding: bytes) -> None:
    request = POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n" + SMUGGLED
    assert_refused(stage, request, {400, 501})


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET http://169.254.169.254/latest HTTP/1.1",
        b"GET //169.254.169.254/latest HTTP/1.1",
        b"GET /v1/sales/../../metrics HTTP/1.1",
        b"GET /v1/sales/%2e%2e/livez HTTP/1.1",
        b"GET /v1/sales/a%2fb HTTP/1.1",
        b"GET /v1/sales//orders HTTP/1.1",
        b"GET /v1/sales/a%00 HTTP/1.1",
        b"GET /v1/sales/\xff HTTP/1.1",
        b"GET /v1/customers/%ff HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET HTTP/1.1",
        b"GET /v1/sales/orders HTTP/9.9",
        b"GET /v1/sales/orders",
        b"get /v1/sales/orders HTTP/1.1",
        b"\x16\x03\x01\x02\x00 / HTTP/1.1",
    ],
)
def test_malformed_request_lines(stage: Stage, request_line: bytes) -> None:
    assert_refused(stage, request_line + b"\r\n" + HOST + b"\r\n", {400})


def test_http_2_is_not_spoken(stage: Stage) -> None:
    assert_refused(stage, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400})


@pytest.mark.parametrize("method", [b"TRACE", b"PROPFIND", b"BREW"])
def test_other_methods_are_refused_with_what_is_allowed(stage: Stage, method: bytes) -> None:
    received = stage.gateway.raw(method + b" /v1/sales/orders HTTP/1.1\r\n" + HOST + b"\r\n")
    assert only_status(received) == 405
    assert b"Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" in received


def test_connect_opens_no_tunnel(stage: Stage) -> None:
    received = stage.gateway.raw(b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert only_status(received) == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", 400),
        (b"Host: a/b\r\n", 400),
        (b"Host: localhost\r\nHost: evil.example\r\n", 400),
        (b"Host: evil.example\r\n", 421),
        (b"Host: localhost\r\nX: a\x00b\r\n", 400),
        (b"Host: localhost\r\nX: a\nb\r\n", 400),
        (b"Host: localhost\r\nX\r\n", 400),
        (b"Host: localhost\r\nX: 1\r\n folded\r\n", 400),
        (b"Host: localhost\r\nExpect: miracles\r\n", 417),
        (b"Host: localhost\r\nX: " + b"x" * 9000 + b"\r\n", 431),
        (b"Host: localhost\r\n" + b"X: 1\r\n" * 100, 431),
    ],
)
def test_malformed_heads(stage: Stage, headers: bytes, status: int) -> None:
    assert_refused(
        stage,
        b"GET /v1/sales/orders HTTP/1.1\r\nConnection: close\r\n" + headers + b"\r\n",
        {status},
    )


def test_a_request_line_too_long(stage: Stage) -> None:
    request = b"GET /v1/sales/" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert_refused(stage, request, {414})


def test_a_body_that_never_comes_gives_its_thread_back(stage: Stage) -> None:
    assert_refused(stage, POST + b"Content-Length: 100\r\n\r\nhalf", {408})


def test_a_body_that_breaks_off_is_not_passed_on(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.gateway.port), timeout=5) as client:
        signed = f"Authorization: {stage.gateway.sign()}\r\n".encode()
        client.sendall(POST + signed + b"Content-Length: 100\r\n\r\nhalf")
        client.shutdown(socket.SHUT_WR)
        assert only_status(client.recv(65536)) == 400
    assert stage.sales.seen == []


def test_pipelined_requests_are_answered_in_order(stage: Stage) -> None:
    head = f"Host: localhost\r\nAuthorization: {stage.gateway.sign()}\r\n".encode()
    first = b"POST /v1/sales/one HTTP/1.1\r\n" + head + b"Content-Length: 3\r\n\r\nabc"
    last = b"GET /v1/sales/two HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n"
    received = stage.gateway.raw(first + last)
    assert statuses(received) == [200, 200]
    assert [seen.target for seen in stage.sales.seen] == ["/v1/one", "/v1/two"]
    assert stage.sales.seen[0].body == b"abc"


@pytest.mark.parametrize("path", ["/nothing", "/v1/unknown/x", "/v1", "/v1/sales", "/v2/sales/x"])
def test_unknown_paths(stage: Stage, path: str) -> None:
    reply = stage.gateway.get(path)
    assert reply.status == 404
    assert reply.json["type"] == "urn:throughline:problem:no-such-path"


def test_the_gateways_own_routes_say_what_they_allow(stage: Stage) -> None:
    reply = stage.gateway.ask("POST", "/v1/customers/x", body=b"{}")
    assert reply.status == 405
    assert "GET" in reply.value("Allow")
    assert reply.value("Content-Type") == "application/problem+json"
