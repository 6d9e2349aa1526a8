"""From any event back to the first touch, and from the first touch on: over all services."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.judging import CHANGED, judge_all, publish_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System
from tests.acceptance.test_leads import accept, fresh_unit

pytestmark = [pytest.mark.feature("S57"), pytest.mark.feature("N14")]

CAPTURED = "crm.marketing.lead.captured.v1"
STORY = [
    CAPTURED,
    "crm.marketing.lead.qualified.v1",
    "crm.sales.pool.lead_assigned.v1",
    "crm.sales.pool.lead_accepted.v1",
    "crm.sales.opportunity.opened.v1",
    "crm.sales.opportunity.won.v1",
    "crm.sales.order.placed.v1",
    "crm.sales.order.completed.v1",
    CHANGED,
    "crm.service.case.prioritized.v1",
]
"""From the first touch to what service makes of it; the deal's other stages lie between."""

SECRET = "A pump that nobody else may know of"


@dataclass(frozen=True)
class Story:
    """One customer's, with another's beside it in the same pool."""

    customer_id: str
    captured: str
    last: str


@pytest.fixture(scope="module")
def story(system: System) -> Story:
    api = system.api
    publish_policy(api, min_days_between_moves=0)
    stories.purchase(api, stories.customer(api).id, "50.00")
    Stores(system).settle()
    judge_all(api)
    Stores(system).settle()

    unit = fresh_unit()
    stories.seller(api, unit, "ann")
    stories.qualified(api, stories.customer(api).id, unit)
    customer_id = stories.customer(api, name="Ada Lovelace").id
    lead_id = stories.qualified(api, customer_id, unit, need=SECRET)
    deal = accept(api, unit, lead_id)
    stories.case(api, customer_id, priority="low")
    order_from(api, customer_id, win(api, deal["id"]))
    moved = eventually(lambda: events_of(api, customer_id, STORY[-1]))[0]
    (captured,) = events_of(api, customer_id, CAPTURED)
    return Story(customer_id, captured, moved)


def win(api: Api, opportunity_id: str) -> str:
    path = f"/v1/sales/opportunities/{opportunity_id}"
    for to in ("propose", "negotiate"):
        api.change(f"{path}/advance", {"to": to})
    api.change(f"{path}/win", {"reason": "price"})
    return opportunity_id


def order_from(api: Api, customer_id: str, opportunity_id: str) -> Done:
    """So large that the customer moves to a tier that makes cases more pressing."""
    body = {
        "customer_id": customer_id,
        "channel": "branch",
        "lines": [stories.line("9000000.00")],
        "opportunity_id": opportunity_id,
    }
    placed = api.create("/v1/sales/orders", body)
    return api.change(f"/v1/sales/orders/{placed.id}/complete")


def events_of(api: Api, customer_id: str, type: str) -> list[str]:
    told = api.pages(f"/v1/analytics/customers/{customer_id}/timeline", type=type)
    return [one["event_id"] for one in told]


def why(api: Api, event_id: str) -> dict[str, Any]:
    told: dict[str, Any] = api.read(f"/v1/analytics/events/{event_id}/why")
    return told


def test_from_a_late_event_back_to_the_first_touch(api: Api, story: Story) -> None:
    told = why(api, story.last)
    assert told["event"]["type"] == STORY[-1]
    assert told["first"] == story.captured
    assert {one["type"] for one in told["causes"]} >= set(STORY[:-1])
    assert {one["source"] for one in told["causes"]} >= {"marketing", "sales", "analytics"}
    about = {one["customer_id"] for one in told["causes"] if "customer_id" in one}
    assert about == {story.customer_id}, "somebody else's lead in the same pool is no cause"
    assert told["truncated"] is False
    assert chain(told, story.captured, story.last), "the links lead all the way"


def test_from_the_first_touch_on_to_all_that_came_of_it(api: Api, story: Story) -> None:
    told = why(api, story.captured)
    assert told["causes"] == []
    assert told["first"] == story.captured
    assert {one["type"] for one in told["effects"]} >= set(STORY[1:])
    assert {one["source"] for one in told["effects"]} >= {"sales", "analytics", "service"}
    assert {one["customer_id"] for one in told["effects"]} == {story.customer_id}
    assert {one["kind"] for one in told["links"]} == {
        "causation", "decision", "stream", "reference"
    }  # fmt: skip
    assert chain(told, story.captured, story.last)


def chain(told: dict[str, Any], first: str, last: str) -> bool:
    """Whether the arrows lead from the one to the other."""
    reached, waiting = {first}, [first]
    while waiting:
        here = waiting.pop()
        fresh = {one["to"] for one in told["links"] if one["from"] == here} - reached
        reached |= fresh
        waiting += fresh
    return last in reached


def test_what_a_request_led_to_has_its_correlation_id(api: Api, story: Story) -> None:
    """The order's completion: sales, analytics and service act on it without calling each other."""
    told = why(api, story.last)
    trace = api.pages("/v1/analytics/events", correlation_id=told["event"]["correlation_id"])
    assert [one["type"] for one in trace] == STORY[-3:]
    assert [one["source"] for one in trace] == ["sales", "analytics", "service"]


def test_it_can_be_drawn(api: Api, story: Story) -> None:
    answer = api.get(f"/v1/analytics/events/{story.last}/why", {"form": "mermaid"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/vnd.mermaid; charset=utf-8"
    head, *lines = answer.text.splitlines()
    assert head == "flowchart LR"
    assert re.fullmatch(r'  e\d+\["marketing: lead captured \(\d{4}-\d\d-\d\d\)"\]', named(lines))
    nodes = {line.split("[")[0].strip() for line in lines if "[" in line}
    arrows = [re.fullmatch(r"  (e\d+) -->\|[a-z, ]+\| (e\d+)", line) for line in lines]
    ends = {end for arrow in arrows if arrow for end in arrow.groups()}
    assert ends == nodes


def named(lines: list[str]) -> str:
    (line,) = [line for line in lines if "lead captured" in line]
    return line


def test_nothing_personal_is_told(api: Api, story: Story) -> None:
    for form in ("json", "mermaid"):
        text = api.get(f"/v1/analytics/events/{story.last}/why", {"form": form}).text
        assert SECRET not in text
        assert "Ada" not in text


def test_an_event_that_nobody_knows(api: Api) -> None:
    answer = api.get("/v1/analytics/events/0197f000-0000-7000-8000-000000000000/why")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:throughline:problem:not-found"
