"""Bad input changes nothing and is told clearly: problem documents for every kind of fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from deploy.local.endpoints import SERVICES
from events.config import CONTEXTS
from events.types import new_id
from tests.acceptance import stories
from tests.acceptance.api import Api
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

ORDERS = "/v1/sales/orders"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def nothing_happens(system: System) -> Iterator[None]:
    """Whatever is asked in these tests, no store takes anything."""
    stores = Stores(system)
    stores.settle()
    before = {context: stores.commits(context) for context in CONTEXTS}
    yield
    assert {context: stores.commits(context) for context in CONTEXTS} == before


@pytest.fixture(scope="module")
def order_id(system: System) -> str:
    return stories.order(system.api, stories.customer(system.api).id).id


def problem(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, after a look at its form (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:throughline:problem:{code}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told


def order(**changes: Any) -> dict[str, Any]:
    return {
        "customer_id": new_id(),
        "channel": "web",
        "lines": [stories.line("1.00")],
        **changes,
    }


LINE = stories.line("1.00")
STRANGE = {"amount": "1.0", "currency": "dollars"}
FAULTS: list[tuple[dict[str, Any], set[str]]] = [
    (order(customer_id=None), {"/customer_id"}),
    (order(lines=[]), {"/lines"}),
    (order(lines=[{**LINE, "qty": 0}]), {"/lines/0/qty"}),
    (order(lines=[LINE, {**LINE, "qty": "many"}]), {"/lines/1/qty"}),
    (order(lines=[{**LINE, "price": STRANGE}]), {"/lines/0/price/currency"}),
    (order(nonsense=1), {"/nonsense"}),
    (order(channel="not a code", customer_id=7), {"/channel", "/customer_id"}),
    (order(**{"a/b~c": 1}), {"/a~1b~0c"}),
]


@pytest.mark.parametrize(("body", "pointers"), FAULTS)
def test_a_fault_in_the_body_is_named_by_its_pointer(
    api: Api, body: dict[str, Any], pointers: set[str]
) -> None:
    told = problem(api.post(ORDERS, body), 422, "invalid")
    assert {one["pointer"] for one in told["errors"]} == pointers
    assert all(one["detail"] for one in told["errors"])


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "malformed-json"),
        (b"[1]", JSON, 400, "malformed-json"),
        (b'{"channel": "a", "channel": "b"}', JSON, 400, "duplicate-member"),
        (b"[" * 200 + b"]" * 200, JSON, 400, "malformed-json"),
        (b"<order/>", {"Content-Type": "application/xml"}, 415, "unsupported-media-type"),
        (b"{}", {**JSON, "Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
        (b'{"channel": "' + b"a" * 3_000_000 + b'"}', JSON, 413, "body-too-large"),
    ],
    ids=["cut", "no-object", "twice", "deep", "xml", "gzip", "huge"],
)
def test_what_cannot_be_read_is_refused(
    api: Api, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    problem(api.ask("POST", ORDERS, data=content, headers=headers), status, code)


@pytest.mark.parametrize("service", SERVICES)
def test_unknown_paths_and_methods_are_problems_too(api: Api, service: str) -> None:
    problem(api.get(f"/v1/{service}/nothing/here"), 404, "not-found")
    path = f"/v1/{service}/customers/{new_id()}/timeline"
    answer = api.ask("DELETE", path)
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]
    problem(api.get(path, {"limit": "many"}), 400, "bad-parameter")
    problem(api.get(path, {"as_off": "2026-01-01T00:00:00Z"}), 400, "bad-parameter")
    problem(api.get(path, {"cursor": "made-up"}), 400, "bad-parameter")
    problem(api.get(path, Consistency_Token="nonsense"), 400, "bad-header")


def test_a_change_says_which_version_it_saw(api: Api, order_id: str) -> None:
    path = f"{ORDERS}/{order_id}/complete"
    problem(api.post(path), 428, "precondition-required")
    problem(api.post(path, If_Match='W/"1"'), 400, "bad-header")
    problem(api.post(path, If_Match="1"), 400, "bad-header")
    stale = api.post(path, If_Match='"7"')
    problem(stale, 412, "precondition-failed")
    assert stale.headers["ETag"] == '"1"'
    problem(api.post(f"{ORDERS}/{new_id()}/complete", If_Match="*"), 404, "not-found")


def test_a_rule_of_the_business_is_a_conflict_with_a_code(api: Api, order_id: str) -> None:
    wrong = order(total=stories.dollars("9.99"))
    told = problem(api.post(ORDERS, wrong), 409, "total-mismatch")
    assert "1.00" in str(told)
    mixed = order(
        lines=[LINE, {**LINE, "price": {"amount": "1.00", "currency": "EUR"}}],
    )
    problem(api.post(ORDERS, mixed), 409, "mixed-currencies")
    body = {"pipeline": "no_such", "customer_id": new_id(), "amount": stories.dollars("1.00")}
    told = problem(api.post("/v1/sales/opportunities", body), 422, "invalid")
    assert [one["pointer"] for one in told["errors"]] == ["/pipeline"]


@pytest.mark.parametrize("key", ["", "x" * 201, "käse"])
def test_a_key_must_be_printable(api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = api.ask("POST", ORDERS, json=order(), headers=headers)
    problem(answer, 400, "bad-header")
