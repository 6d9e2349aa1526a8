"""The Python client on a running system: what its guide prints, and what it promises."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance import stories
from tests.unit.docs.pages import blocks, text_of
from throughline import Auth, Behind, Event, Feed, NotFound, Throughline

if TYPE_CHECKING:
    from tests.acceptance.system import System

TESTER = "tester"
GUIDE = "docs/guides/use-the-client.md"
both_ways = pytest.mark.parametrize("sse", [False, True], ids=["pages", "sse"])


def sign_in(system: System) -> Auth:
    """Who the client is: somebody who may do everything."""
    return lambda: system.passes.of(TESTER).removeprefix("Bearer ")


@pytest.fixture
def crm(system: System) -> Throughline:
    return Throughline(system.endpoints.gateway, sign_in(system))


def customer(crm: Throughline) -> Any:
    return crm.send("marketing", "customers", {"kind": "person", "source": "web"})


def order(crm: Throughline, customer_id: str) -> Any:
    body = {"customer_id": customer_id, "channel": "web", "lines": [stories.line("12.50")]}
    return crm.send("sales", "orders", body)


def test_the_guide_keeps_its_word(crm: Throughline) -> None:
    code = [one.code for one in blocks(text_of(GUIDE), "python") if "run-in-docs" in one.info]
    assert len(code) == 4
    found: dict[str, Any] = {"crm": crm}
    exec("\n".join(code), found)
    assert [one["id"] for one in found["orders"]] == [found["placed"].id]
    assert all(pointer.startswith("/lines/0/") for pointer in found["fields"])
    assert found["fields"]
    assert found["rule"]
    types = [type for type, _ in found["told"]]
    assert "crm.sales.order.placed.v1" in types
    assert "crm.sales.order.completed.v1" in types
    assert found["saved"]


def test_a_read_holds_the_write_in_every_service(crm: Throughline) -> None:
    ada = customer(crm)
    placed = order(crm, ada.id)
    for service in ("marketing", "sales", "service", "analytics"):
        path = f"customers/{ada.id}/timeline"
        items = list(crm.items(service, path, after=[ada, placed], limit=1))
        shown = {one["event_id"] for one in items}
        assert {*ada.events, *placed.events} <= shown
    composed = crm.get("customers", ada.id, after=placed)
    assert composed["id"] == ada.id


def test_what_never_was_is_behind_and_what_is_not_there_is_not_found(crm: Throughline) -> None:
    ada = customer(crm)
    with pytest.raises(Behind):
        crm.get("sales", f"customers/{ada.id}/timeline", after="order-no-such@1", wait=0.2)
    with pytest.raises(NotFound):
        crm.get("sales", "orders/no-such", after=ada)


def test_a_list_is_followed_to_its_end(crm: Throughline) -> None:
    ada = customer(crm)
    placed = [order(crm, ada.id) for _ in range(5)]
    found = crm.items("sales", "orders", customer_id=ada.id, limit=2, after=placed)
    assert {one["id"] for one in found} == {one.id for one in placed}


def test_one_key_is_one_order(crm: Throughline) -> None:
    ada = customer(crm)
    body = {"customer_id": ada.id, "channel": "web", "lines": [stories.line("1.00")]}
    first, again = (crm.send("sales", "orders", body, key=f"k-{ada.id}") for _ in range(2))
    assert (again.id, again.replayed) == (first.id, True)


@both_ways
def test_the_feed_is_followed_live_and_gone_on_with(crm: Throughline, sse: bool) -> None:
    ada = customer(crm)
    with crm.follow(customer=ada.id, sse=sse) as feed:
        assert take(feed, 1)[0].id == ada.events[0]
        placed = order(crm, ada.id)
        event = until(feed, placed.events[0])
        assert (event.customer, event.type) == (ada.id, "crm.sales.order.placed.v1")
        saved = feed.cursor
    completed = crm.send("sales", f"orders/{placed.id}/complete", if_match=placed)
    with crm.follow(after=saved, types=["crm.sales.order.*"], customer=ada.id, sse=sse) as feed:
        assert take(feed, 1)[0].id == completed.events[0]


@both_ways
def test_the_feed_outlasts_a_gateway_that_starts_again(
    system: System, crm: Throughline, sse: bool
) -> None:
    ada = customer(crm)
    with crm.follow(customer=ada.id, types=["crm.sales.order.placed.*"], sse=sse) as feed:
        placed = [order(crm, ada.id) for _ in range(3)]
        seen = take(feed, 2)
        system.kill("gateway")
        system.start("gateway")
        placed.append(order(crm, ada.id))
        seen += take(feed, 2)
    assert sorted(one.id for one in seen) == sorted(done.events[0] for done in placed)


def take(feed: Feed, count: int) -> list[Event]:
    return list(itertools.islice(feed, count))


def until(feed: Feed, id: str) -> Event:
    return next(event for event in feed if event.id == id)
