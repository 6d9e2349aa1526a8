"""The pages of the APIs, through a real gateway process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.gateway.little import Reply, Route
from tests.integration.gateway.watched import (
    BROWSER,
    HOSTILE,
    System,
    answering,
    assert_stays_here,
    parsed,
    text,
    watched,
)

API = {
    "openapi": "3.1.0",
    "info": {"title": "Sales", "version": "1"},
    "paths": {
        "/v1/orders": {
            "post": {
                "operationId": "placeOrder",
                "summary": HOSTILE,
                "tags": [HOSTILE],
                "parameters": [{"name": HOSTILE, "in": "query", "description": HOSTILE}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}}
                    }
                },
                "responses": {"201": {"description": HOSTILE}},
            }
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["channel"],
                "properties": {"channel": {"type": "string", "description": HOSTILE}},
            }
        }
    },
}


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with watched() as system:
        yield system


def docs(system: System, service: str) -> Reply:
    return system.gateway.ask("GET", f"/docs/{service}", BROWSER)


def test_an_api_is_a_page_and_what_a_service_writes_can_do_nothing(running: System) -> None:
    running.web.routes["/v1/openapi.json"] = answering(API)
    page = docs(running, "sales").body.decode()
    assert_stays_here(page, own=f"127.0.0.1:{running.gateway.port}")
    shown = text(page)
    assert "POST /v1/sales/orders" in shown
    assert "channel string yes" in shown
    assert HOSTILE in shown
    assert f"curl -i -X POST http://127.0.0.1:{running.gateway.port}/v1/sales/orders" in shown


def test_the_status_page_leads_to_every_api(running: System) -> None:
    running.web.routes["/readyz"] = answering({})
    running.web.routes["/v1/openapi.json"] = answering(API)
    links = {str(one["href"]) for one in parsed(running.page()).all("a")}
    assert {"/docs/gateway", "/docs/sales", "/docs/service", "/metrics", "/v1/openapi.json",
            "/v1/sales/openapi.json"} <= links  # fmt: skip
    for link in links - {link for link in links if "service" in link} - {"#main"}:
        assert running.gateway.get(link).status == 200, link


def test_the_gateways_own_api(running: System) -> None:
    page = docs(running, "gateway").body.decode()
    assert_stays_here(page, own=f"127.0.0.1:{running.gateway.port}")
    assert "/v1/customers/{id}" in page


@pytest.mark.parametrize(
    ("service", "route", "status"),
    [
        ("unknown", None, 404),
        ("service", None, 503),
        ("sales", answering([]), 502),
        ("sales", answering({}, 500), 502),
        ("sales", lambda call: call.answer(200, b"<html>"), 502),
        ("sales", lambda call: call.raw(b"nonsense\r\n\r\n"), 502),
    ],
)
def test_an_api_that_cannot_be_shown(
    running: System, service: str, route: Route | None, status: int
) -> None:
    if route is not None:
        running.web.routes["/v1/openapi.json"] = route
    reply = docs(running, service)
    assert reply.status == status
    assert reply.value("Content-Type") == "application/problem+json"
