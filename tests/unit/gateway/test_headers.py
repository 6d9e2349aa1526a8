"""What of a message's head passes the gateway."""

from typing import Any

import pytest

from gateway.headers import relocated, request_headers, response_headers

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
AUTHORITIES = frozenset({"10.0.0.7:7002", "crm.example"})


def inbound(**keys: Any) -> dict[str, str]:
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8000",
        "HTTP_TRACEPARENT": TRACE,
        **keys,
    }
    return request_headers(environ, TRACE, "corr-1")


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("HTTP_IF_MATCH", "If-Match", '"7"'),
        ("HTTP_IF_NONE_MATCH", "If-None-Match", 'W/"7"'),
        ("HTTP_IDEMPOTENCY_KEY", "Idempotency-Key", "k1"),
        ("HTTP_CONSISTENCY_TOKEN", "Consistency-Token", "order-1@2,case-1@1"),
        ("HTTP_PREFER", "Prefer", "wait=2, handling=strict"),
        ("HTTP_TRACESTATE", "Tracestate", "a=b"),
        ("HTTP_ACCEPT_ENCODING", "Accept-Encoding", "gzip"),
        ("CONTENT_TYPE", "Content-Type", "application/json"),
    ],
)
def test_what_the_services_need_passes(key: str, name: str, value: str) -> None:
    assert inbound(**{key: value})[name] == value


@pytest.mark.parametrize(
    "name",
    ["CONNECTION", "KEEP_ALIVE", "PROXY_AUTHORIZATION", "PROXY_CONNECTION", "TE", "TRAILER",
     "TRANSFER_ENCODING", "UPGRADE", "EXPECT", "FORWARDED", "X_REAL_IP", "X_INTERNAL_USER",
     "X_FORWARDED_USER", "X_FORWARDED_PREFIX", "PROXY", "X_ACTOR", "AUTHORIZATION", "COOKIE"],
)  # fmt: skip
def test_hop_by_hop_and_claimed_identity_do_not_pass(name: str) -> None:
    assert "mine" not in inbound(**{f"HTTP_{name}": "mine"}).values()


def test_forwarding_headers_are_the_gateways_own() -> None:
    headers = inbound(
        HTTP_X_FORWARDED_FOR="1.2.3.4", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="x"
    )
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Forwarded-Host"] == "localhost:8000"
    assert "Host" not in headers


def test_headers_named_by_connection_go_but_ours_stay() -> None:
    headers = inbound(
        HTTP_CONNECTION="close, X-Secret-Hop, X-Forwarded-For, X-Correlation-Id",
        HTTP_X_SECRET_HOP="1",
    )
    assert "X-Secret-Hop" not in headers
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Correlation-Id"] == "corr-1"


def test_tracestate_goes_with_the_trace_it_belongs_to() -> None:
    headers = inbound(HTTP_TRACEPARENT="broken", HTTP_TRACESTATE="a=b")
    assert headers["Traceparent"] == TRACE
    assert "Tracestate" not in headers


def outbound(*lines: tuple[str, str]) -> list[tuple[str, str]]:
    return response_headers(lines, "sales", AUTHORITIES)


def test_every_line_of_an_answer_is_kept_in_order() -> None:
    lines = [("Link", "a"), ("ETag", '"7"'), ("Link", "b")]
    assert outbound(*lines) == lines


@pytest.mark.parametrize("name", ["Set-Cookie", "X-Internal-Accessed"])
def test_what_a_service_tells_the_gateway_alone_goes_no_further(name: str) -> None:
    """A service that could set a cookie could sign its caller in as somebody else."""
    assert outbound((name, "a=1"), ("ETag", '"7"')) == [("ETag", '"7"')]


def test_the_connection_of_the_service_is_not_the_clients() -> None:
    lines = outbound(
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Server", "gunicorn"),
        ("Date", "now"),
        ("Content-Length", "2"),
        ("Content-Encoding", "gzip"),
    )
    assert lines == [("Content-Length", "2"), ("Content-Encoding", "gzip")]


def test_a_chunked_answer_has_no_length() -> None:
    assert outbound(("Content-Length", "2"), ("Transfer-Encoding", "chunked")) == []


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v1/orders/x", "/v1/sales/orders/x"),
        ("/v1/orders/x?a=1#b", "/v1/sales/orders/x?a=1#b"),
        ("http://10.0.0.7:7002/v1/orders/x", "/v1/sales/orders/x"),
        ("https://crm.example/v1/orders/x", "/v1/sales/orders/x"),
        ("https://elsewhere.example/v1/orders/x", "https://elsewhere.example/v1/orders/x"),
        ("/docs", "/docs"),
        ("x", "x"),
    ],
)
def test_locations_are_told_in_the_gateways_paths(location: str, expected: str) -> None:
    assert relocated(location, "sales", AUTHORITIES) == expected
    assert outbound(("Location", location)) == [("Location", expected)]
