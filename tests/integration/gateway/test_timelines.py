"""`GET /v1/customers/{id}/timeline`: four services' timelines as one, whoever lags or is away."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.gateway.faulty import broken, endless, failing, no_json, silent
from tests.integration.gateway.little import Call, GatewayProcess, LittleService, Reply

NAMES = ("marketing", "sales", "service", "analytics")
PATH = "/v1/customers/c-1/timeline"
Entry = dict[str, Any]
Ask = Callable[..., Reply]


def entry(number: int) -> Entry:
    """Two share each second."""
    at = f"2026-01-31T12:00:{number // 2:02d}.000Z"
    return {"id": f"order-{number:02d}@0000000001", "at": at, "data": {"n": number}}


STORY = [entry(number) for number in range(9, -1, -1)]
"""Newest first."""


class Keeps:
    """A service that knows these entries, and reads cursors by itself."""

    def __init__(self, entries: list[Entry], *headers: tuple[str, str]) -> None:
        self.entries = entries
        self.headers = headers

    def __call__(self, call: Call) -> None:
        query = parse_qs(urlsplit(call.path).query)
        limit = int(query.get("limit", ["50"])[0])
        older = [one for one in self.entries if "cursor" not in query or before(one, query)]
        more = "more" if len(older) > limit else None
        body = json.dumps({"items": older[:limit], "next_cursor": more})
        call.answer(200, body.encode(), *self.headers)


def before(one: Entry, query: dict[str, list[str]]) -> bool:
    (cursor,) = query["cursor"]
    _, at, id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return (one["at"], one["id"]) < (at["t"], id)


everything = Keeps(STORY)


def no_page(call: Call) -> None:
    call.answer(200, b'{"items": [{"id": 1}], "next_cursor": null}')


def out_of_order(call: Call) -> None:
    call.answer(200, json.dumps({"items": STORY[::-1], "next_cursor": None}).encode())


def strict(call: Call) -> None:
    """What a late service says under `handling=strict`."""
    call.answer(503, b'{"status": 503}', ("Consistency", "stale"), ("Retry-After", "1"))


def objecting(status: int) -> Callable[[Call], None]:
    problem = {"type": "urn:throughline:problem:bad-header", "status": status, "detail": "no token"}
    return lambda call: call.answer(status, json.dumps(problem).encode())


@pytest.fixture
def ask(edge: GatewayProcess, services: dict[str, LittleService]) -> Ask:
    def ask(*routes: Callable[[Call], None], query: str = "", **headers: str) -> Reply:
        for service, route in zip(services.values(), routes, strict=True):
            service.routes = {PATH: route}
            service.seen.clear()
        return edge.get(PATH + query, **headers)

    return ask


def standing(reply: Reply) -> list[tuple[str, int | None]]:
    told = reply.json["services"]
    return [(told[name]["status"], told[name]["missing"]) for name in NAMES]


CURRENT = ("current", 0)
AWAY = ("unavailable", None)


def test_all_equal(ask: Ask) -> None:
    reply = ask(everything, everything, everything, everything)
    assert (reply.status, reply.json["items"], reply.json["next_cursor"]) == (200, STORY, None)
    assert standing(reply) == [CURRENT] * 4
    assert reply.value("Cache-Control") == "no-store"
    assert reply.values("Consistency") == []


def test_one_lags(ask: Ask) -> None:
    reply = ask(everything, Keeps(STORY[3:]), everything, everything)
    assert reply.json["items"] == STORY
    assert standing(reply) == [CURRENT, ("current", 3), CURRENT, CURRENT]


def test_each_knows_something_that_nobody_else_does(ask: Ask) -> None:
    parts = [Keeps(STORY[n::4]) for n in range(4)]
    reply = ask(*parts)
    assert reply.json["items"] == STORY
    assert standing(reply) == [("current", 7), ("current", 7), ("current", 8), ("current", 8)]


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_pages_of_services_that_differ(ask: Ask, limit: int) -> None:
    parts = [Keeps(STORY[:4]), Keeps(STORY[1::2]), Keeps([]), broken]
    page = ask(*parts, query=f"?limit={limit}").json
    items, sizes = page["items"], [len(page["items"])]
    while page["next_cursor"]:
        page = ask(*parts, query=f"?limit={limit}&cursor={page['next_cursor']}").json
        items += page["items"]
        sizes.append(len(page["items"]))
    known = [one for one in STORY if one in STORY[:4] or one in STORY[1::2]]
    assert items == known
    assert all(size == limit for size in sizes[:-1])


@pytest.mark.parametrize(
    "route", [broken, silent, failing, no_json, no_page, out_of_order, endless, strict]
)
def test_one_that_does_not_come_is_unavailable(ask: Ask, route: Callable[[Call], None]) -> None:
    reply = ask(everything, route, Keeps(STORY[1:]), everything, query="?limit=10")
    assert (reply.status, reply.json["items"]) == (200, STORY)
    assert standing(reply) == [CURRENT, AWAY, ("current", 1), CURRENT]


def test_a_service_that_ignores_the_cursor_is_unavailable(ask: Ask) -> None:
    """Its entries would be shown again."""

    def first_page(call: Call) -> None:
        call.answer(200, json.dumps({"items": STORY[:2], "next_cursor": "more"}).encode())

    cursor = ask(everything, everything, everything, everything, query="?limit=2").json
    query = f"?limit=2&cursor={cursor['next_cursor']}"
    reply = ask(first_page, everything, everything, everything, query=query)
    assert reply.json["items"] == STORY[2:4]
    assert standing(reply) == [AWAY, CURRENT, CURRENT, CURRENT]


def test_a_page_that_is_too_large_is_asked_for_in_pieces(ask: Ask) -> None:
    """With many entries asked for the entries may be to blame: leaving the service out would
    lose them. With few it is the service.
    """
    reply = ask(everything, endless, everything, everything, query="?limit=200")
    assert reply.status == 400
    assert reply.json["errors"][0]["parameter"] == "limit"
    large = [{**one, "data": {"text": "x" * 250_000}} for one in STORY]
    reply = ask(Keeps(large), Keeps(large), Keeps(large), Keeps(large), query="?limit=16")
    assert reply.json["items"] == large


def test_nobody_there(ask: Ask) -> None:
    reply = ask(broken, silent, failing, no_page)
    assert reply.status == 503
    assert int(reply.value("Retry-After")) >= 1
    assert reply.value("Content-Type") == "application/problem+json"
    assert reply.json["type"] == "urn:throughline:problem:parts-unavailable"
    assert reply.json["services"] == {name: {"status": "unavailable"} for name in NAMES}


def test_nobody_is_consistent_enough_for_the_strict(ask: Ask) -> None:
    reply = ask(strict, strict, broken, strict, Consistency_Token="order-1@1")
    assert reply.status == 503
    assert int(reply.value("Retry-After")) >= 1


NEW, OLD = ("Consistency", "current"), ("Consistency", "stale")


def test_one_service_that_holds_the_write_is_enough(ask: Ask) -> None:
    late, last = Keeps(STORY[1:], OLD), Keeps(STORY, NEW)
    reply = ask(late, late, last, broken, Consistency_Token="order-09@1")
    assert reply.value("Consistency") == "current"
    assert reply.json["items"] == STORY
    assert standing(reply) == [("stale", 1), ("stale", 1), CURRENT, AWAY]


def test_stale_when_no_service_holds_the_write(ask: Ask) -> None:
    late = Keeps(STORY, OLD)
    reply = ask(late, late, late, broken, Consistency_Token="order-77@1")
    assert reply.value("Consistency") == "stale"
    assert standing(reply) == [("stale", 0)] * 3 + [AWAY]


@pytest.mark.parametrize("status", [400, 422])
def test_a_fault_of_the_question_is_the_askers(ask: Ask, status: int) -> None:
    reply = ask(everything, objecting(status), everything, everything)
    assert reply.status == status
    assert reply.value("Content-Type") == "application/problem+json"
    assert reply.json["detail"] == "no token"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?limit=x", "limit"),
        ("?as_of=noon", "as_of"),
        ("?known_at=2026-01-31", "known_at"),
        ("?cursor=x", "cursor"),
        ("?source=!", "source"),
        ("?sorce=sales", "sorce"),
        ("?limit=1&limit=2", "limit"),
    ],
)
def test_a_bad_parameter_costs_no_service_anything(
    ask: Ask, services: dict[str, LittleService], query: str, parameter: str
) -> None:
    reply = ask(everything, everything, everything, everything, query=query)
    assert reply.status == 400
    assert reply.value("Content-Type") == "application/problem+json"
    assert reply.json["type"] == "urn:throughline:problem:bad-parameter"
    assert [one["parameter"] for one in reply.json["errors"]] == [parameter]
    assert [service.seen for service in services.values()] == [[]] * 4


def test_what_the_services_are_asked(ask: Ask, services: dict[str, LittleService]) -> None:
    query = "?limit=5&as_of=2026-02-01T00:00:00%2B01:00&source=sales"
    ask(everything, everything, everything, everything, query=query,
        Consistency_Token="order-1@2", Prefer="wait=1", If_None_Match="*", X_Actor="u")  # fmt: skip
    passes = set()
    for service in services.values():
        (seen,) = service.seen
        assert (seen.method, seen.target) == ("GET", PATH + query)
        assert seen.values("Consistency-Token") == ["order-1@2"]
        assert seen.values("Prefer") == ["wait=1"]
        assert seen.values("X-Actor") == []
        passes.update(seen.values("Authorization"))
        assert seen.values("If-None-Match") == []
    assert len(passes) == len(services)  # each has a pass of its own


def test_the_manners_of_the_path(ask: Ask, edge: GatewayProcess) -> None:
    ask(everything, everything, everything, everything)
    head = edge.ask("HEAD", PATH)
    assert (head.status, head.body) == (200, b"")
    reply = edge.ask("POST", PATH, body=b"{}")
    assert reply.status == 405
    assert set(reply.value("Allow").split(", ")) == {"GET", "HEAD", "OPTIONS"}
    for path in ("/v1/customers/a%20b/timeline", PATH + "/", PATH + "/digest"):
        assert edge.get(path).status == 404
    metrics = edge.get("/metrics").body.decode()
    assert 'route="/v1/customers/{id}/timeline"' in metrics
