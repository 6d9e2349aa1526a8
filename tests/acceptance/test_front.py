"""One front for the customer: four deployables behind one gateway, and one story in all four."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import requests

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.system import System, parts_of

pytestmark = pytest.mark.feature("S01")

SHOWN_SECONDS = 5.0
"""What was promised: so long may the others take to show a customer."""


def met_in_marketing(api: Api) -> tuple[str, Done]:
    done = stories.customer(api, name="Ada Lovelace")
    return done.id, done


def met_in_service(api: Api) -> tuple[str, Done]:
    """Somebody calls whom nobody knows."""
    done = api.create("/v1/service/interactions", {"channel": "voice", "direction": "inbound"})
    shown = api.read(f"/v1/service/interactions/{done.id}", after=[done])
    return shown["customer_id"], done


@pytest.mark.parametrize(
    ("home", "meet"), [("marketing", met_in_marketing), ("service", met_in_service)]
)
def test_who_is_met_in_one_service_shows_in_the_other_three(
    api: Api, home: str, meet: Callable[[Api], tuple[str, Done]]
) -> None:
    customer_id, done = meet(api)
    for service in (one for one in SERVICES if one != home):
        shown = eventually(partial(shown_in, api, service, customer_id), SHOWN_SECONDS)
        assert [item["event_id"] for item in reversed(shown)] == list(done.events)


def shown_in(api: Api, service: str, customer_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.read(f"/v1/{service}/customers/{customer_id}/timeline")[
        "items"
    ]
    return items


def test_what_each_service_does_is_one_story(api: Api) -> None:
    customer_id = stories.customer(api, name="Grace Hopper").id
    done = [
        stories.lead(api, customer_id),
        stories.purchase(api, customer_id),
        stories.case(api, customer_id),
    ]
    stories_told = [
        [
            item["event_id"]
            for item in api.pages(f"/v1/{service}/customers/{customer_id}/timeline", after=done)
            if not item["actor"].startswith("reaction:")
        ]
        for service in SERVICES
    ]
    assert len(stories_told[0]) == 5
    assert all(told == stories_told[0] for told in stories_told)
    parts = eventually(lambda: all_current(api, customer_id))
    assert parts["sales"]["data"]["orders_completed"] == 1
    assert parts["service"]["data"]["cases"]["open"] == 1
    assert parts["marketing"]["data"]["name"] == "Grace Hopper"
    assert parts["analytics"]["data"]["purchases"] == 1


def all_current(api: Api, customer_id: str) -> dict[str, Any]:
    parts: dict[str, Any] = api.read(f"/v1/customers/{customer_id}")["parts"]
    states = {name: part["status"] for name, part in parts.items()}
    assert states == dict.fromkeys(SERVICES, "current")
    return parts


def test_four_deployables_stand_behind_one_gateway(system: System, api: Api) -> None:
    assert set(api.read("/")["services"]) == {*SERVICES, "platform"}
    titles = set()
    for service in SERVICES:
        assert all(system.runs(name) for name in parts_of(service))
        through = api.read(f"/v1/{service}/openapi.json")
        direct = requests.get(system.endpoints.services[service] + "/v1/openapi.json", timeout=10)
        assert through == direct.json()
        titles.add(through["info"]["title"])
    assert len(titles) == len(SERVICES)
