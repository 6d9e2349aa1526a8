"""Causes and effects from the timeline: found by indexes, the same in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.contracts.base import Fact, fact
from events.contracts.marketing import LeadCaptured
from events.contracts.sales import (
    LeadReleased,
    LeadReturnedToPool,
    OpportunityWon,
    OrderCompleted,
)
from events.envelope import Event
from services.analytics.domain.walk import MOST
from services.analytics.views.causes import Causes
from tests.happened import MINUTE, NOON, about, happened
from tests.house import House
from tests.integration.analytics.helpers import bought, run
from tests.unit.http.depot import is_problem
from tests.unit.sales import mothers

pytestmark = pytest.mark.integration


def captured(lead_id: str, customer_id: str = "ada") -> Event:
    one = fact(
        LeadCaptured,
        lead_id=lead_id,
        customer_id=customer_id,
        touch="web",
        channel="web",
        interest=[],
        scope={"org_unit": "north"},
    )
    return happened(lead_id, one)[0]


def deal(id: str, *more: Fact, start: datetime = NOON, **told: Any) -> list[Event]:
    opened = about(mothers.opened(**told), opportunity_id=id)
    return happened(id, opened, *(about(one, opportunity_id=id) for one in more), start=start)


def order(id: str, *more: Fact, start: datetime = NOON, **told: Any) -> list[Event]:
    placed = about(mothers.placed(**told), order_id=id)
    return happened(id, placed, *(about(one, order_id=id) for one in more), start=start)


USD = {"amount": "25.00", "currency": "USD"}
ABOUT = {"customer_id": mothers.CUSTOMER}
WON = fact(OpportunityWon, opportunity_id="d", reason="price", amount=USD, **ABOUT)
COMPLETED = fact(OrderCompleted, order_id="o", total=USD, quantity=2, **ABOUT)


def returned(lead_id: str) -> Fact:
    about = {"lead_id": lead_id, "customer_id": "ada", "seller_id": "s"}
    return fact(LeadReturnedToPool, **about, reason="no_time")


def released(lead_id: str) -> Fact:
    about = {"lead_id": lead_id, "customer_id": "ada", "seller_id": "s"}
    return fact(LeadReleased, **about, opportunity_id=f"of-{lead_id}")


def why(analytics: House, event: Event, **params: str) -> dict[str, Any]:
    answer = analytics.get(f"/v1/events/{event.id}/why", **params)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


def links(told: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["from"], one["to"], one["kind"]) for one in told["links"]}


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [one["event_id"] for one in items]


def test_in_a_pool_an_event_follows_the_one_about_the_same_lead(analytics: House) -> None:
    pool = happened("north", returned("l1"), returned("l2"), released("l1"), released("l2"))
    analytics.hear(*pool)
    told = why(analytics, pool[2])
    assert ids(told["causes"]) == [pool[0].id]
    assert links(told) == {(pool[0].id, pool[2].id, "stream")}
    assert ids(why(analytics, pool[0])["effects"]) == [pool[2].id]


def test_a_reference_is_to_what_was_known_when_it_was_made(analytics: House) -> None:
    """Of the opportunity's three events the second was the last when the order came."""
    won = deal("d", WON, WON)
    (late,) = order("late", opportunity_id="d", start=NOON + 1.5 * MINUTE)
    (hasty,) = order("hasty", opportunity_id="d", start=NOON - MINUTE)
    (lost,) = order("lost", opportunity_id="nowhere")
    analytics.hear(*won, late, hasty, lost)

    assert ids(why(analytics, late)["causes"]) == [won[1].id, won[0].id]
    assert (won[1].id, late.id, "reference") in links(why(analytics, late))
    # A clock that is behind: the order knew the opportunity, so its first event had been.
    assert ids(why(analytics, hasty)["causes"]) == [won[0].id]
    assert why(analytics, lost)["causes"] == []
    assert why(analytics, won[2])["effects"] == []
    onward = {won[1].id, won[2].id, late.id, hasty.id}
    assert set(ids(why(analytics, won[0])["effects"])) == onward


def test_causes_and_effects_are_each_others_inverse(analytics: House) -> None:
    lead = captured("l")
    dealt = [replace(one, causation_id=lead.id) for one in deal("d")]
    sold = order("o", COMPLETED, opportunity_id="d", start=NOON + MINUTE)
    analytics.hear(lead, *dealt, *sold, bought("bob", "10.00"))
    run(analytics)
    look = Causes(analytics.views.timeline)
    every = [look.event(one["event_id"]) for one in analytics.views.timeline.find()]
    events = [one for one in every if one is not None]
    assert len(events) == len(every) > 6
    back = {link for link, _ in look.causes(events)}
    onward = {link for link, _ in look.effects(events)}
    assert {link.kind for link in back} >= {"causation", "decision", "stream", "reference"}
    assert onward == back


def test_a_circle_ends_and_what_is_unknown_is_left_out(analytics: House) -> None:
    one, two = captured("l1"), captured("l2")
    one, two = replace(one, causation_id=two.id), replace(two, causation_id=one.id)
    (loose,) = [replace(captured("l3"), causation_id="a-command-of-somebody")]
    analytics.hear(one, two, loose)
    told = why(analytics, one)
    assert ids(told["causes"]) == ids(told["effects"]) == [two.id]
    assert told["truncated"] is False
    assert why(analytics, loose)["causes"] == []
    assert why(analytics, loose)["first"] == loose.id


def test_more_than_is_shown_is_told(analytics: House) -> None:
    source = captured("source")
    many = [replace(captured(f"l{number}"), causation_id=source.id) for number in range(MOST + 1)]
    analytics.hear(source, *many)
    told = why(analytics, source)
    assert len(told["effects"]) == MOST
    assert told["truncated"] is True
    drawn = analytics.get(f"/v1/events/{source.id}/why", form="mermaid")
    assert "there is more" in drawn.get_data(as_text=True)


def test_no_data_of_an_event_is_told(analytics: House) -> None:
    placed, done = order("o", COMPLETED)
    analytics.hear(placed, done)
    told = why(analytics, done)
    assert told["event"].keys() == {
        "event_id", "stream", "version", "type", "source", "customer_id", "at", "actor",
        "correlation_id",
    }  # fmt: skip
    assert is_problem(analytics.get("/v1/events/nothing/why"), 404, "not-found")
    assert is_problem(analytics.get(f"/v1/events/{done.id}/why", form="png"), 400, "bad-parameter")


def test_what_belongs_together_is_listed_in_the_order_in_which_it_happened(
    analytics: House,
) -> None:
    first, second, other = (captured(f"l{number}") for number in range(3))
    first, second = (
        replace(one, correlation_id="trace/1", occurred_at=NOON + number * MINUTE)
        for number, one in enumerate((first, second))
    )
    analytics.hear(second, first, other)
    page = analytics.get("/v1/events", correlation_id="trace/1", limit=1).json
    rest = analytics.get(
        "/v1/events", correlation_id="trace/1", limit=1, cursor=page["next_cursor"]
    ).json
    assert ids([*page["items"], *rest["items"]]) == [first.id, second.id]
    assert rest["next_cursor"] is None
    assert "data" not in page["items"][0]
    assert is_problem(analytics.get("/v1/events"), 400, "bad-parameter")


def test_every_step_is_read_from_an_index(analytics: House) -> None:
    """The queries of a step back and a step onward, as the server planned them."""
    pool = happened("north", returned("l"), released("l"))
    won = deal("d", WON, lead_id="l", start=NOON + timedelta(days=1))
    sold = order("o", opportunity_id="d", start=NOON + timedelta(days=2))
    analytics.hear(captured("l"), *pool, *won, *sold)
    analytics.hear(*(bought(f"c{number}", "10.00") for number in range(300)))
    look = Causes(analytics.views.timeline)
    events = [found for one in (*pool, *won, *sold) if (found := look.event(one.id))]
    with profiled(analytics) as queries:
        assert analytics.get("/v1/events", correlation_id="none").json["items"] == []
        look.event(pool[0].id)
        look.causes(events)
        look.effects(events)
    assert len(queries) > 10
    assert [one["planSummary"] for one in queries if "COLLSCAN" in one["planSummary"]] == []
    assert max(one["docsExamined"] for one in queries) < 30


@contextmanager
def profiled(house: House) -> Iterator[list[dict[str, Any]]]:
    """The reads of the timeline inside, as the server's profiler has them."""
    found: list[dict[str, Any]] = []
    house.db.command("profile", 2)
    try:
        yield found
    finally:
        house.db.command("profile", 0)
        found += house.db["system.profile"].find({"op": "query", "ns": {"$regex": "timeline"}})
