"""The feed through the gateway: whole, resumable, and with the rights of who follows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from events.types import new_id
from tests.acceptance.api import Api, eventually
from tests.acceptance.system import System

FEED = "/v1/events"


def follow(api: Api, after: str = "", **params: Any) -> Iterator[dict[str, Any]]:
    """Every item behind the cursor, until there is nothing more."""
    while True:
        page = page_of(api, after, **params)
        yield from page["items"]
        after = page["next_cursor"]
        if page["caught_up"]:
            return


def page_of(api: Api, after: str, **params: Any) -> dict[str, Any]:
    answer = api.get(FEED, {"after": after, "limit": 200, **params})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def ids(items: Iterator[dict[str, Any]]) -> list[str]:
    return [one["event"]["id"] for one in items]


def customer(api: Api, **scope: str) -> Any:
    body: dict[str, Any] = {"kind": "person", "source": "web", "name": "Ada Lovelace"}
    return api.create("/v1/marketing/customers", {**body, **({"scope": scope} if scope else {})})


def order(api: Api, customer_id: str) -> Any:
    line = {"product_id": "cd", "qty": 1, "price": {"amount": "9.90", "currency": "USD"},
            "installable": False}  # fmt: skip
    body = {"customer_id": customer_id, "channel": "web", "lines": [line]}
    return api.create("/v1/sales/orders", body)


@pytest.mark.feature("N04")
def test_a_subscriber_that_was_away_catches_up_without_a_gap(api: Api) -> None:
    """From the first day and from any cursor; what one service says of a customer in its order."""
    start = page_of(api, "latest")["next_cursor"]
    made = []
    for _ in range(20):
        someone = customer(api)
        placed = order(api, someone.id)
        made += [someone, placed, api.change(f"/v1/sales/orders/{placed.id}/complete")]
    wanted = [event for done in made for event in done.events]

    def caught_up() -> list[dict[str, Any]]:
        items = list(follow(api, start))
        assert {one["event"]["id"] for one in items} >= set(wanted)
        return items

    items = eventually(caught_up)
    seen = [one["event"]["id"] for one in items if one["event"]["id"] in wanted]
    for placed, completed in zip(made[1::3], made[2::3], strict=True):
        assert seen.index(placed.events[0]) < seen.index(completed.events[0])

    middle = items[len(items) // 2]
    rest = [one["event"]["id"] for one in items[len(items) // 2 + 1 :]]
    assert ids(follow(api, middle["cursor"]))[: len(rest)] == rest

    from_the_first_day = ids(follow(api))
    assert set(wanted) <= set(from_the_first_day)
    assert len(from_the_first_day) > len(items)


def test_one_customers_events_and_one_kind_of_them(api: Api) -> None:
    someone = customer(api)
    placed = order(api, someone.id)
    for done in (someone, placed):
        api.read(f"/v1/analytics/customers/{someone.id}/timeline", [done])
    assert ids(follow(api, customer=someone.id)) == [*someone.events, *placed.events]
    sales = follow(api, customer=someone.id, types="crm.sales.*")
    assert ids(sales) == list(placed.events)


@pytest.mark.feature("S63")
def test_everybody_follows_what_he_may_see(system: System, api: Api) -> None:
    north = customer(api, org_unit="north-1")
    south = customer(api, org_unit="south-1")
    director, manager, seller, analyst = map(system.api_of, ("dora", "remy", "sam", "ali"))
    eventually(lambda: {*north.events, *south.events} <= set(ids(follow(director))))

    for restricted in (manager, seller):
        seen = set(ids(follow(restricted)))
        assert set(north.events) <= seen
        assert not set(south.events) & seen

    (shown,) = follow(analyst, customer=north.id)
    assert shown["event"]["data"]["name"] == "•••"
    (whole,) = follow(director, customer=north.id)
    assert whole["event"]["data"]["name"] == "Ada Lovelace"

    assert system.api_of("ada").get(FEED).status_code == 403


def test_the_stream_sends_what_happens_and_resumes(system: System, api: Api) -> None:
    start = page_of(api, "latest")["next_cursor"]
    first = customer(api)
    headers = {"Authorization": system.passes.of("dora")}
    url = f"{api.gateway}{FEED}/stream"
    with requests.get(url, {"after": start}, headers=headers, stream=True, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        cursor, event = next(dispatched(answer, set(first.events)))
    assert event["id"] == first.events[0]

    second = customer(api)
    headers["Last-Event-ID"] = cursor
    with requests.get(url, headers=headers, stream=True, timeout=30) as answer:
        _, event = next(dispatched(answer, {*first.events, *second.events}))
    assert event["id"] == second.events[0]


def dispatched(answer: requests.Response, wanted: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, event) of those wanted, as a browser would dispatch them."""
    last = ""
    for line in answer.iter_lines(chunk_size=None, decode_unicode=True):
        field, _, value = line.partition(": ")
        if field == "id":
            last = value
        if field == "data" and (event := json.loads(value))["id"] in wanted:
            yield last, event


def test_nonsense_is_told_where_it_is(api: Api) -> None:
    for query, name in (("after=x", "after"), ("types=Nonsense", "types"), ("limit=0", "limit")):
        answer = api.get(f"{FEED}?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"].startswith(name)


# --- who may not any more


def test_whoever_is_deactivated_is_out_within_a_minute_everywhere(system: System, api: Api) -> None:
    """By the gateway within seconds; by a service with the token that he still has within one."""
    name = f"leaver-{new_id()[-6:]}"
    api.create(f"/v1/platform/users/{name}", {"login": name, "org_unit": "root",
                                             "roles": ["director"]})  # fmt: skip
    leaver = system.api_of(name)
    eventually(lambda: leaver.get(FEED, {"limit": 1}).ok)
    open_stream = requests.get(
        f"{api.gateway}{FEED}/stream?after=latest",
        headers={"Authorization": system.passes.of(name)},
        stream=True,
        timeout=90,
    )

    api.create(f"/v1/platform/users/{name}/deactivate")

    eventually(lambda: leaver.get("/v1/sales/orders").status_code == 403, 10)
    for path in (FEED, "/v1/customers/x", "/v1/sales/totals", "/v1/platform/users"):
        problem = leaver.get(path)
        assert problem.status_code == 403
        assert problem.json()["type"] == "urn:throughline:problem:not-in-directory"
    with open_stream:  # ends by itself: the token behind it lives for 45 seconds
        for _ in open_stream.iter_content(None):
            pass
