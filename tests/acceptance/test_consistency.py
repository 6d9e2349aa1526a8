"""Reading one's own writes, and saying a thing twice without doing it twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from events.types import new_id
from tests.acceptance import stories
from tests.acceptance.api import Api, Done
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

Act = tuple[str, Callable[[str], dict[str, Any]]]
"""Where to post what for a customer."""

CREATIONS: list[Act] = [
    ("/v1/marketing/customers", lambda _: {"kind": "person", "source": "web"}),
    (
        "/v1/marketing/leads",
        lambda customer_id: {"customer_id": customer_id, "touch": "web", "channel": "web"},
    ),
    (
        "/v1/sales/orders",
        lambda customer_id: {
            "customer_id": customer_id,
            "channel": "web",
            "lines": [stories.line("3.00")],
        },
    ),
    (
        "/v1/sales/opportunities",
        lambda customer_id: {"customer_id": customer_id, "amount": stories.dollars("1.00")},
    ),
    (
        "/v1/service/cases",
        lambda customer_id: {"customer_id": customer_id, "kind": "fault", "subject": "Broken"},
    ),
    (
        "/v1/service/interactions",
        lambda customer_id: {
            "customer_id": customer_id,
            "channel": "chat",
            "direction": "inbound",
        },
    ),
]
creations = pytest.mark.parametrize(
    ("path", "body"), CREATIONS, ids=[path for path, _ in CREATIONS]
)


@pytest.fixture(scope="module")
def customer_id(system: System) -> str:
    return stories.customer(system.api).id


@creations
def test_a_read_with_the_token_shows_the_write(
    api: Api, customer_id: str, path: str, body: Callable[[str], dict[str, Any]]
) -> None:
    """In the service itself, and in every other one's timeline."""
    done = api.create(path, body(customer_id))
    assert api.read(f"{path}/{done.id}", after=[done])["id"] == done.id
    about = done.id if path.endswith("/customers") else customer_id
    for service in SERVICES:
        items = api.pages(f"/v1/{service}/customers/{about}/timeline", after=[done])
        assert set(done.events) <= {item["event_id"] for item in items}


@pytest.mark.parametrize("service", SERVICES)
def test_a_write_that_never_was_is_told_as_stale(api: Api, customer_id: str, service: str) -> None:
    path = f"/v1/{service}/customers/{customer_id}/timeline"
    token = f"order-{new_id()}@1"
    late = api.get(path, Consistency_Token=token, Prefer="wait=0.1")
    assert (late.status_code, late.headers["Consistency"]) == (200, "stale")
    strict = api.get(path, Consistency_Token=token, Prefer="wait=0.1, handling=strict")
    assert strict.status_code == 503
    assert int(strict.headers["Retry-After"]) >= 1
    assert strict.headers["Content-Type"] == "application/problem+json"


@creations
def test_the_same_request_twice_is_done_once(
    system: System,
    api: Api,
    customer_id: str,
    path: str,
    body: Callable[[str], dict[str, Any]],
) -> None:
    key, told = f"once-{new_id()}", body(customer_id)
    first = api.post(path, told, Idempotency_Key=key)
    again = api.post(path, told, Idempotency_Key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    for header in ("ETag", "Consistency-Token", "Location"):
        assert again.headers[header] == first.headers[header]

    other = api.post(path, {**told, "scope": {"org_unit": "elsewhere"}}, Idempotency_Key=key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency-key-reused")
    context = path.split("/")[2]
    commits = Stores(system).collection(context, "commits")
    assert commits.count_documents({"command_id": key}) == 1


def test_many_at_once_with_one_key_are_one_order(
    system: System, api: Api, customer_id: str
) -> None:
    """Each caller hears of the same order, or that somebody is still at it."""
    key = f"race-{new_id()}"
    body = dict(CREATIONS)["/v1/sales/orders"](customer_id)

    def place(_: int) -> tuple[int, str | None]:
        answer = api.post("/v1/sales/orders", body, Idempotency_Key=key)
        return answer.status_code, answer.json().get("id")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(place, range(24)))
    assert {status for status, _ in answers} <= {201, 409}
    assert len({order for status, order in answers if status == 201}) == 1
    commits = Stores(system).collection("sales", "commits")
    assert commits.count_documents({"command_id": key}) == 1


def test_of_two_who_saw_the_same_version_one_wins(api: Api, customer_id: str) -> None:
    order = stories.order(api, customer_id)

    def complete(_: int) -> int:
        path = f"/v1/sales/orders/{order.id}/complete"
        return api.post(path, If_Match=f'"{order.version}"').status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(complete, range(6)))
    assert statuses == [200, 412, 412, 412, 412, 412]
    done = Done(order.id, order.stream, 2, (), f"{order.stream}@2", False)
    shown = api.read(f"/v1/sales/orders/{order.id}", after=[done])
    assert (shown["status"], shown["version"]) == ("completed", 2)
