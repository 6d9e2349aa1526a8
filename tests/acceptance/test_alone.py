"""Each service lives alone: any three may be away, the fourth works and serves what it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.api import Api, Done
from tests.acceptance.judging import next_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

Work = Callable[[Api, str], list[Done]]
"""What a service does for a customer while it is alone."""


@pytest.fixture(scope="module")
def customer_id(system: System) -> Iterator[str]:
    """Known everywhere before anybody goes away; everybody comes back at the end."""
    known = stories.customer(system.api)
    stories.case(system.api, known.id)
    Stores(system).settle()
    yield known.id
    system.only(*SERVICES)


def markets(api: Api, customer_id: str) -> list[Done]:
    lead = stories.lead(api, customer_id)
    told = {"need": "A pump", "product_line": "pumps"}
    return [lead, api.change(f"/v1/marketing/leads/{lead.id}/qualify", told)]


def sells(api: Api, customer_id: str) -> list[Done]:
    return [stories.purchase(api, customer_id), stories.opportunity(api, customer_id)]


def serves(api: Api, customer_id: str) -> list[Done]:
    """Cases open and resolve, and somebody calls whom nobody knows."""
    case = stories.case(api, customer_id)
    unknown = api.create("/v1/service/interactions", {"channel": "voice", "direction": "inbound"})
    caller = api.read(f"/v1/service/interactions/{unknown.id}", after=[unknown])
    assert caller["provisional"] is True
    theirs = stories.case(api, caller["customer_id"])
    solved = stories.resolve(api, theirs.id)
    assert api.read(f"/v1/service/cases/{theirs.id}", after=[solved])["status"] == "resolved"
    summary = api.read(f"/v1/service/customers/{caller['customer_id']}/summary")
    assert summary["provisional"] is True
    return [case, stories.resolve(api, case.id)]


def analyses(api: Api, customer_id: str) -> list[Done]:
    """It has no commands about one customer: a policy is published."""
    api.create("/v1/analytics/tier-policies", next_policy(api))
    return []


@pytest.mark.feature("N10")
@pytest.mark.parametrize(
    ("alone", "work"),
    [
        ("marketing", markets),
        ("sales", sells),
        pytest.param("service", serves, marks=pytest.mark.feature("S05")),
        ("analytics", analyses),
    ],
)
def test_one_service_works_while_three_are_away(
    system: System, api: Api, customer_id: str, alone: str, work: Work
) -> None:
    system.only(alone)
    done = work(api, customer_id)
    path = f"/v1/{alone}/customers/{customer_id}/timeline"
    shown = {item["event_id"] for item in api.pages(path, after=done)}
    assert shown >= {event for one in done for event in one.events}
    assert len(shown) >= 2, "what was known before is served too"
    for service in SERVICES:
        if service != alone:
            is_away(api, service, customer_id)
    composed_names_who_is_away(api, customer_id, alone)


def is_away(api: Api, service: str, customer_id: str) -> None:
    """The gateway says so at once, for reads and for commands."""
    for answer in (
        api.get(f"/v1/{service}/customers/{customer_id}/timeline"),
        api.post(f"/v1/{service}/anything", {}),
    ):
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) >= 1
        problem = answer.json()
        assert problem["type"].startswith("urn:throughline:problem:")
        assert problem["service"] == service


def composed_names_who_is_away(api: Api, customer_id: str, alone: str) -> None:
    answer = api.get(f"/v1/customers/{customer_id}")
    # Analytics has nothing to tell of a customer who never bought: then the only honest answer
    # is that too few parts came to say.
    assert answer.status_code in (200, 503)
    parts: dict[str, Any] = answer.json()["parts"]
    for service in SERVICES:
        status = parts[service]["status"]
        assert (status == "unavailable") == (service != alone)


@pytest.mark.feature("N10")
def test_after_recovery_all_four_agree(system: System, api: Api, customer_id: str) -> None:
    system.only(*SERVICES)
    Stores(system).settle()
    digests = [
        api.read(f"/v1/{service}/customers/{customer_id}/timeline/digest") for service in SERVICES
    ]
    assert digests == digests[:1] * len(SERVICES)
    worked = {
        item["source"]
        for item in api.pages(f"/v1/analytics/customers/{customer_id}/timeline", limit=200)
    }
    assert worked >= {"marketing", "sales", "service"}


@pytest.mark.feature("N10")
def test_who_is_killed_comes_back_and_catches_up(
    system: System, api: Api, customer_id: str
) -> None:
    """Not only an orderly leave: processes vanish, business goes on, nothing is missing."""
    system.kill("analytics-web", "analytics-worker", "marketing-worker")
    done = [*sells(api, customer_id), *serves(api, customer_id)]
    system.only(*SERVICES)
    Stores(system).settle()
    for service in SERVICES:
        items = api.pages(f"/v1/{service}/customers/{customer_id}/timeline", after=done)
        assert {item["event_id"] for item in items} >= {e for one in done for e in one.events}
