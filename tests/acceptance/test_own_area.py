"""A customer's own area: his orders and requests, by a link that a colleague made for him."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from events.commands import Commands
from events.config import PLATFORM
from events.deciding import Origin, Scope
from events.mongodb import connect, database
from events.store.mongo import MongoEventStore
from events.types import CustomerId, new_id, utc_now
from gateway.platform.domain.link import LINK, CreateLink
from gateway.platform.links import LinkTokens, Named, key_in
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.stories import case, customer, dollars, resolve
from tests.acceptance.system import System

NOTE = "He never pays, be careful"
COST = "7.77"
INTERNAL = (
    NOTE, COST, "cost", "owner", "team", "org_unit", "north", "priority", "urgent", "tier",
    "margin", "actor", "tester", "dora", "sam", "process",
)  # fmt: skip
"""What of the story must not be read by the customer, wherever it might have slipped in."""


def order(api: Api, customer_id: str) -> Done:
    line = {"product_id": "pump-9", "qty": 2, "price": dollars("12.50"),
            "cost": dollars(COST), "installable": False}  # fmt: skip
    scope = {"org_unit": "north-1", "owner": "sam"}
    body = {"customer_id": customer_id, "channel": "web", "lines": [line], "scope": scope}
    return api.create("/v1/sales/orders", body)


def north(api: Api) -> Done:
    """A customer of sam's unit, whom the platform knows."""
    someone = customer(api, name="Grace Hopper", scope={"org_unit": "north-1"})
    api.read(f"/v1/platform/customers/{someone.id}/timeline", [someone])
    return someone


def share(api: Api, customer_id: str) -> dict[str, Any]:
    answer = api.post(f"/v1/platform/customers/{customer_id}/links", {"hours": 24})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def nobody(system: System) -> Api:
    """Whoever has no more than a link."""
    return Api(system.endpoints.gateway)


def seen(nobody: Api, url: str) -> Any:
    answer = nobody.get(url)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.feature("S107")
def test_a_customer_follows_his_order_and_reads_nothing_internal(
    system: System, nobody: Api
) -> None:
    sam, dora = system.api_of("sam"), system.api_of("dora")
    someone = north(dora)
    placed = order(dora, someone.id)
    note = {"customer_id": someone.id, "text": NOTE, "mentions": ["sam"]}
    dora.create("/v1/platform/notes", note)
    link = share(sam, someone.id)

    def ordered() -> Any:
        return seen(nobody, link["url"])["orders"]

    (shown,) = eventually(ordered)
    assert (shown["id"], shown["status"]) == (placed.id, "placed")
    assert shown["lines"] == [{"product_id": "pump-9", "qty": 2}]
    assert shown["total"] == dollars("25.00")

    dora.change(f"/v1/sales/orders/{placed.id}/complete")
    eventually(lambda: ordered()[0]["status"] == "completed")
    whole = seen(nobody, link["url"])
    assert whole["orders"][0]["completed_at"]
    assert [one["what"] for one in whole["happened"]] == ["Your order was completed", "You ordered"]
    page = nobody.get(link["url"], Accept="text/html").text
    assert "2 × pump-9" in page
    for text in (json.dumps(whole), page):
        for word in INTERNAL:
            assert word not in text, word


@pytest.mark.feature("S78", "S107")
def test_a_customer_follows_his_request(system: System, nobody: Api) -> None:
    sam, dora = system.api_of("sam"), system.api_of("dora")
    someone = north(dora)
    asked = case(dora, someone.id, "fault", priority="urgent", subject="The pump is loud")
    url = share(sam, someone.id)["url"]

    def state() -> Any:
        (one,) = seen(nobody, url)["cases"]
        return one

    shown = eventually(lambda: seen(nobody, url)["cases"] and state())
    assert (shown["id"], shown["subject"], shown["status"]) == (
        asked.id,
        "The pump is loud",
        "open",
    )
    assert shown["due_at"]
    dora.change(f"/v1/service/cases/{asked.id}/respond")
    resolve(dora, asked.id)
    eventually(lambda: state()["status"] == "resolved")
    shown = state()
    assert shown["answered_at"]
    assert shown["resolved_at"]
    for word in (*INTERNAL, "explained", "It was explained"):
        assert word not in json.dumps(seen(nobody, url)), word


@pytest.mark.feature("S107")
def test_a_link_ends_and_leads_to_one_customer_only(system: System, nobody: Api) -> None:
    sam, dora, otto = map(system.api_of, ("sam", "dora", "otto"))
    one, other = north(dora), north(dora)
    order(dora, other.id)
    link = share(sam, one.id)
    assert seen(nobody, link["url"])["orders"] == []

    header, claims, signature = link["url"].rpartition("/")[2].split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    told["sub"] = other.id
    changed = base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
    told["exp"] += 10**6
    longer = base64.urlsafe_b64encode(json.dumps({**told, "sub": one.id}).encode()).decode()
    for forged in (changed, longer.rstrip("=")):
        assert nobody.get(f"/v1/own/{header}.{forged}.{signature}").status_code == 404

    def recorded() -> Any:
        return otto.pages("/v1/platform/accesses", actor=f"link:{link['link_id']}")

    assert {one_read["record"] for one_read in eventually(recorded)} == {one.id}

    sam.change(f"/v1/platform/links/{link['link_id']}/revoke")
    answer = nobody.get(link["url"])
    assert answer.status_code == 404
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.feature("S107")
def test_a_link_ends_by_itself(system: System, nobody: Api) -> None:
    """One that ends at once, as nobody can make it over HTTP."""
    someone, soon = north(system.api), utc_now() + timedelta(seconds=5)
    with closing(connect(system.config.mongodb_uri, "acceptance")) as client:
        db = database(client, system.config.database(PLATFORM))
        command = CreateLink(new_id(), CustomerId(someone.id), soon, Scope("north-1"))
        origin = Origin("tester", utc_now())
        Commands(MongoEventStore(db, PLATFORM)).execute(LINK, command.link_id, command, origin)
        named = Named(command.link_id, someone.id)
        key = key_in(db)
    url = f"/v1/own/{LinkTokens(lambda: key).token(named, soon)}"
    longer = f"/v1/own/{LinkTokens(lambda: key).token(named, soon + timedelta(days=1))}"
    assert seen(nobody, url)["orders"] == []
    assert seen(nobody, longer)["orders"] == []
    for over in (url, longer):
        eventually(lambda over=over: nobody.get(over).status_code == 404)


@pytest.mark.feature("S107")
def test_only_colleagues_who_reach_the_customer_share_him(system: System, nobody: Api) -> None:
    dora = system.api_of("dora")
    someone = customer(dora, scope={"org_unit": "south-1"})
    dora.read(f"/v1/platform/customers/{someone.id}/timeline", [someone])
    path = f"/v1/platform/customers/{someone.id}/links"
    for login, status in (("sam", 404), ("mia", 403), ("otto", 403), ("ada", 403), ("ann", 201)):
        assert system.api_of(login).post(path, {"hours": 1}).status_code == status, login
    assert nobody.post(path, {"hours": 1}).status_code == 401
    assert nobody.get("/v1/platform/links").status_code == 401
    assert nobody.get("/v1/own/nonsense").status_code == 404
    assert nobody.get("/v1/platform/own/nonsense").status_code == 404
