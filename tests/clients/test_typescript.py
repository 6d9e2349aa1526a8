"""The TypeScript client: its types come from the OpenAPI documents, and it behaves on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from events.config import CONTEXTS
from tests.clients.node import TYPESCRIPT, node, npm
from tests.clients.serving import CUT, Asked, Reply, Served, problem, served, told

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", autouse=True)
def generated() -> None:
    """Types of the documents as they are now."""
    installed = TYPESCRIPT / "node_modules/.package-lock.json"
    assert installed.exists(), "run: python -m tests.clients.node ci"
    ended = npm("run", "generate")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_types_of_all_documents_compile_and_are_strict() -> None:
    """mistakes.ts holds what must be refused: were the types loose, it would not compile."""
    ended = npm("run", "check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"types of gateway, {', '.join(sorted(CONTEXTS))}" in ended.stdout


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((TYPESCRIPT / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())


class Platform:
    """Answers the example, after the replies that come first at each path."""

    def __init__(self, **first: list[Reply]) -> None:
        self.first = first
        self.done: set[str] = set()

    def __call__(self, asked: Asked) -> Reply:
        what = asked.path.rpartition("/")[2]
        if waiting := self.first.get(what):
            return waiting.pop(0)
        if asked.method == "POST":
            self.done.add(asked.headers["Idempotency-Key"])
            body = {"id": f"{what}-1", "stream": f"order-{what}", "version": 1, "events": []}
            token = f"order-{what}@1"
            return told(body, 201, ETag='"1"', Consistency_Token=token)
        if what == "orders":
            return told({"items": [{"id": "orders-1", "status": "completed"}], "next_cursor": None})
        return told({"status": "completed", "total": {"amount": "25.00", "currency": "USD"}})


def run_example(server: Served) -> tuple[int, str, str]:
    ended = node("--disable-warning=ExperimentalWarning", "example.ts", server.url, "a-token")
    return ended.returncode, ended.stdout, ended.stderr


def keys(server: Served, what: str) -> list[str]:
    posts = (one for one in server.asked if one.method == "POST" and one.path.endswith(what))
    return [_spelled(one.headers)["idempotency-key"] for one in posts]


def _spelled(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in headers.items()}


def test_the_example_does_what_it_says() -> None:
    with served(_lower(Platform())) as server:
        code, out, err = run_example(server)
    assert code == 0, err
    assert out.splitlines()[0].startswith("completed")
    assert out.splitlines()[-1] == "orders-1 completed"
    assert {_spelled(one.headers)["authorization"] for one in server.asked} == {"Bearer a-token"}
    complete = next(one for one in server.asked if one.path.endswith("/complete"))
    assert _spelled(complete.headers)["if-match"] == '"1"'
    read = next(one for one in server.asked if one.path.endswith("/orders/orders-1"))
    assert _spelled(read.headers)["consistency-token"] == "order-complete@1"


def test_a_command_is_tried_again_with_the_same_key() -> None:
    first = [CUT, problem(503, "service-away", Retry_After="0"), problem(409, "in-flight")]
    with served(_lower(Platform(orders=first))) as server:
        code, _, err = run_example(server)
    assert code == 0, err
    placed = keys(server, "/orders")
    assert len(placed) == 4
    assert len(set(placed)) == 1
    bodies = {one.body for one in server.asked if one.path == "/v1/sales/orders" and one.body}
    assert len(bodies) == 1
    assert not {*placed} & {*keys(server, "/customers")}


@pytest.mark.parametrize(
    "reply",
    [
        problem(409, "some-rule"),
        problem(422, "invalid"),
        Reply(302, {"Location": "/v1/sales/orders", "Content-Type": "text/plain"}),
    ],
)
def test_a_refusal_is_final(reply: Reply) -> None:
    with served(_lower(Platform(orders=[reply]))) as server:
        code, _, err = run_example(server)
    assert code != 0
    assert "refused" in err
    assert len(keys(server, "/orders")) == 1


def _lower(platform: Platform) -> Any:
    """fetch spells header names in lower case."""

    def answer(asked: Asked) -> Reply:
        spelled = {name.title(): value for name, value in asked.headers.items()}
        return platform(Asked(asked.method, asked.path, asked.query, spelled, asked.body))

    return answer
