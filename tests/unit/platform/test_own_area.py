"""What a customer sees of his story, and above all what he does not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.contracts.base import Fact, all_contracts, fact
from events.contracts.platform import LinkCreated, LinkRevoked
from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.contracts.service import (
    CaseClosed,
    CaseOpened,
    CasePrioritized,
    CaseReopened,
    CaseResolved,
    FirstResponseSent,
)
from events.deciding import Scope
from events.envelope import Event
from events.http.encoding import to_json
from events.projection.timeline import entry_of
from events.types import CustomerId
from gateway.platform.domain.link import LINK, CreateLink, RevokeLink
from gateway.platform.domain.own_area import SAFE, OwnArea, own_area
from tests.contract.goldens import EVERY_TYPE, GOLDENS
from tests.given import given as given_facts
from tests.happened import MINUTE, NOON, happened

ORDERED = {"order_id": "o1", "customer_id": "c1"}
ASKED = {"case_id": "k1", "customer_id": "c1"}


def full(contract: Any, **changes: Any) -> Fact:
    """As full of everything as an event can be."""
    return fact(contract, **{**GOLDENS.load(contract.TYPE)["full"], **changes})


def area(*events: Event) -> OwnArea:
    return own_area(entry_of(event) for event in events)


def order(*more: Fact) -> list[Event]:
    return happened("o1", full(OrderPlaced, **ORDERED), *more)


def case(*more: Fact) -> list[Event]:
    return happened("k1", full(CaseOpened, **ASKED), *more)


def at(minutes: int) -> datetime:
    return NOON + minutes * MINUTE


def test_an_orders_way_is_shown_with_its_times() -> None:
    (placed,) = area(*order()).orders
    assert (placed["status"], placed["placed_at"]) == ("placed", at(0))
    (completed,) = area(*order(full(OrderCompleted, **ORDERED))).orders
    assert (completed["status"], completed["completed_at"]) == ("completed", at(1))
    (cancelled,) = area(*order(full(OrderCancelled, **ORDERED))).orders
    assert (cancelled["status"], cancelled["cancelled_at"]) == ("cancelled", at(1))


def test_a_cases_way_is_shown_and_a_new_due_time_without_its_reason() -> None:
    due = {"first_response": "2026-02-01T09:00:00Z", "resolution": "2026-02-02T09:00:00Z"}
    story = case(
        full(CasePrioritized, **ASKED, due=due),
        full(FirstResponseSent, **ASKED),
        full(CaseResolved, **ASKED),
    )
    shown = area(*story)
    (one,) = shown.cases
    assert (one["status"], one["answered_at"], one["resolved_at"]) == ("resolved", at(2), at(3))
    assert one["due_at"] == datetime(2026, 2, 2, 9, tzinfo=UTC)
    assert [step["what"] for step in shown.happened] == [
        "Your request was resolved",
        "We answered your request",
        "Your request came in",
    ]
    (again,) = area(*case(full(CaseResolved, **ASKED), full(CaseReopened, **ASKED))).cases
    assert again["status"] == "open"
    assert "resolved_at" not in again
    (over,) = area(*case(full(CaseResolved, **ASKED), full(CaseClosed, **ASKED))).cases
    assert over["status"] == "closed"


KNOWN = {
    "orders", "cases", "happened", "id", "status", "placed_at", "completed_at", "cancelled_at",
    "total", "amount", "currency", "lines", "product_id", "qty", "kind", "subject", "opened_at",
    "answered_at", "resolved_at", "due_at", "at", "what", "order_id", "case_id",
}  # fmt: skip


def keys(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def shown(events: list[Event]) -> Any:
    found = area(*events)
    told = {"orders": found.orders, "cases": found.cases, "happened": found.happened}
    return json.loads(to_json(told))


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_of_all_events_there_are_only_the_safe_ones_show_and_only_safe_fields(
    wire_type: str,
) -> None:
    contract = all_contracts()[wire_type]
    of = {"order": ORDERED, "case": ASKED}.get(contract.AGGREGATE, {})
    first = {"order": OrderPlaced, "case": CaseOpened}.get(contract.AGGREGATE, contract)
    later = [] if wire_type == first.TYPE else [full(contract, **of)]
    told = shown(happened("x", full(first, **of), *later))
    assert set(keys(told)) <= KNOWN
    if wire_type not in SAFE and first is contract:
        assert told == {"orders": [], "cases": [], "happened": []}


def test_no_word_of_what_is_internal_is_in_it() -> None:
    """Every text and number of the fullest events, but for those that are meant for him."""
    events = [
        *order(full(OrderCompleted, **ORDERED, cost={"amount": "77.77", "currency": "EUR"})),
        *case(full(CasePrioritized, **ASKED), full(CaseResolved, **ASKED, resolution="He is rude")),
    ]
    text = json.dumps(shown(events))
    for word in ("77.77", "rude", "tester", "root", "priority", "urgent", "tier", "cost", "owner"):
        assert word not in text


def test_whatever_is_added_to_an_event_stays_inside() -> None:
    (placed, *_rest) = order()
    lines = [{**placed.data["lines"][0], "margin": "1"}]
    total = {**placed.data["total"], "margin": "1"}
    data = {**placed.data, "margin": "1", "lines": lines, "total": total}
    found = own_area([{**entry_of(placed), "data": data, "owner": "sam", "margin": "1"}])
    assert not {"margin", "owner"} & {*keys(found.orders), *keys(found.happened)}


STORY = [*order(full(OrderCompleted, **ORDERED)), *case(full(CaseResolved, **ASKED))]


@given(st.permutations(STORY))
def test_the_order_of_reading_changes_nothing(events: list[Event]) -> None:
    assert area(*events) == area(*STORY)


def test_clocks_that_differ_do_not_turn_a_story_round() -> None:
    first, second = order(full(OrderCompleted, **ORDERED))
    earlier = {**entry_of(second), "at": first.occurred_at - timedelta(seconds=1)}
    assert own_area([entry_of(first), earlier]).orders[0]["status"] == "completed"


def test_what_began_before_the_page_is_left_out() -> None:
    later = order(full(OrderCompleted, **ORDERED))[1:]
    assert area(*later).orders == []
    assert area(*later).happened[0]["what"] == "Your order was completed"


# --- the link

UNTIL = NOON + timedelta(hours=1)
HERE = Scope("north-1")
MADE = fact(
    LinkCreated,
    link_id="l1",
    customer_id="c1",
    expires_at="2026-01-31T13:00:00.000Z",
    scope=HERE.to_data(),
)


def test_a_link_is_made_once_and_revoked_once() -> None:
    make = CreateLink("l1", CustomerId("c1"), UNTIL, HERE)
    revoked = fact(LinkRevoked, link_id="l1", customer_id="c1")
    given_facts(LINK).when(make).then(MADE)
    given_facts(LINK, MADE).when(make).rejected("link-exists")
    given_facts(LINK, MADE).when(RevokeLink("l1")).then(revoked)
    given_facts(LINK, MADE, revoked).when(RevokeLink("l1")).then()
    given_facts(LINK).when(RevokeLink("l1")).rejected("not-found")


def test_a_link_leads_to_its_customer_until_its_end_or_until_it_is_revoked() -> None:
    link = LINK.fold([MADE])
    assert link.leads_to("c1", UNTIL - timedelta(seconds=1))
    assert not link.leads_to("c1", UNTIL)
    assert not link.leads_to("c2", NOON)
    assert not LINK.initial.leads_to("c1", NOON)
    revoked = LINK.fold([MADE, fact(LinkRevoked, link_id="l1", customer_id="c1")])
    assert not revoked.leads_to("c1", NOON)
    assert LINK.scope(revoked) == HERE
