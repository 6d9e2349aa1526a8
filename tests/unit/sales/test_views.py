"""Sales' views: what the documents say, in whichever order the streams arrive."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.contracts.analytics import CustomerTierChanged
from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.deciding import Scope
from events.envelope import Event
from events.projection.stripes import sum_stripes
from services.sales.domain.opportunity import OPPORTUNITY, LoseOpportunity, WinOpportunity
from services.sales.domain.order import ORDER, CancelOrder, CompleteOrder
from services.sales.domain.pool import POOL, AcceptLead, ReleaseLead, ReturnLead
from services.sales.views import VIEWS
from services.sales.views.assignments import assignments
from services.sales.views.customers import customers
from services.sales.views.opportunities import opportunities
from services.sales.views.orders import orders
from services.sales.views.pools import pools
from services.sales.views.totals import totals
from tests.happened import MINUTE, NOON, about, happened, mixed, shown_by
from tests.unit.sales.mothers import (
    CUSTOMER,
    advance,
    history,
    lead,
    open_deal,
    place,
    pumps,
    seller,
    usd,
)

NORTH = Scope("north", "field", "olga")


def order(id: str, *after: Any, start: Any = NOON, customer: str = CUSTOMER) -> list[Event]:
    """An order of two pumps at 12.50 placed at `start`, and what came after."""
    facts = history(ORDER, place(), *after)
    told = [about(one, order_id=id, customer_id=customer) for one in facts]
    return happened(id, *told, start=start, scope=NORTH)


def completed(id: str, **more: Any) -> list[Event]:
    return order(id, CompleteOrder("order-1", NOON), **more)


def cancelled(id: str, **more: Any) -> list[Event]:
    return order(id, CancelOrder("order-1", NOON, "no_stock"), **more)


def deal(id: str, *after: Any, **more: Any) -> list[Event]:
    facts = history(OPPORTUNITY, open_deal(**more), *after)
    return happened(id, *(about(one, opportunity_id=id) for one in facts), scope=NORTH)


def pool(*commands: Any) -> list[Event]:
    return happened("north", *history(POOL, *commands))


def judged(*tiers: str) -> list[Event]:
    decision = {"policy_id": "p", "policy_version": 1, "cause_event_ids": [], "factors": {}}
    facts = [
        fact(
            CustomerTierChanged,
            customer_id=CUSTOMER,
            to=tier,
            metrics={"frequency": 1, "monetary": {"amount": "1.00", "currency": "USD"}},
            reason_code="top_value",
            as_of="2026-01-31T12:00:00.000Z",
            decision=decision,
        )
        for tier in tiers
    ]
    return happened(CUSTOMER, *facts)


def registered() -> list[Event]:
    return happened(
        CUSTOMER,
        fact(
            CustomerRegistered,
            customer_id=CUSTOMER,
            kind="person",
            roles=["end_customer"],
            name="Ada",
            contact_points=[],
            source="web",
            scope={"org_unit": "root"},
        ),
    )


# --- orders


def test_a_placed_order_shows_its_exact_total_and_where_it_belongs() -> None:
    shown = shown_by(orders, order("o-1"))["o-1"]

    assert shown["total"] == {"amount": Decimal("25.00"), "currency": "USD"}
    assert (shown["status"], shown["quantity"], shown["placed_at"]) == ("placed", 2, NOON)
    assert (shown["customer_id"], shown["channel"], shown["version"]) == (CUSTOMER, "shop", 1)
    assert (shown["org_unit"], shown["team"], shown["owner"]) == ("north", "field", "olga")
    assert len(shown["lines"]) == 1


def test_the_member_number_is_in_no_view() -> None:
    facts = history(ORDER, place(member_no="M-4711"))
    for view in VIEWS:
        assert "M-4711" not in str(shown_by(view, happened("order-1", *facts)))


def test_an_order_ends_completed_or_cancelled() -> None:
    done, off = shown_by(orders, completed("o-1"))["o-1"], shown_by(orders, cancelled("o-2"))["o-2"]

    assert (done["status"], done["completed_at"], done["version"]) == (
        "completed",
        NOON + MINUTE,
        2,
    )
    assert (off["status"], off["reason"], off["version"]) == ("cancelled", "no_stock", 2)


# --- opportunities


def test_an_opportunity_keeps_its_stages_with_the_evidence_that_ended_each() -> None:
    events = deal(
        "d-1", advance("solution_design", "need_documented", "sponsor_named"), pipeline="project"
    )

    shown = shown_by(opportunities, events)["d-1"]

    first, second = shown["stages"]
    assert (first["stage"], first["since"]) == ("contact", NOON)
    assert [one["criterion"] for one in first["evidence"]] == ["need_documented", "sponsor_named"]
    assert second == {"stage": "solution_design", "since": NOON + MINUTE}
    assert (shown["stage"], shown["status"], shown["owner"]) == ("solution_design", "open", "olga")
    assert shown["amount"]["amount"] == Decimal("900.00")


def test_a_closed_opportunity_says_how_it_ended() -> None:
    lost = shown_by(opportunities, deal("d-1", LoseOpportunity("deal-1", NOON, "price", "acme")))
    won = shown_by(
        opportunities,
        deal(
            "d-2", advance("propose"), advance("negotiate"), WinOpportunity("deal-1", NOON, "fit")
        ),
    )

    shown = lost["d-1"]
    assert (shown["status"], shown["reason"], shown["competitor_id"]) == ("lost", "price", "acme")
    assert shown["closed_at"] == NOON + MINUTE
    assert (won["d-2"]["status"], won["d-2"]["stage"]) == ("won", "negotiate")


# --- pools and assignments


def test_a_lead_waits_is_dealt_returned_dealt_again_accepted_and_released() -> None:
    steps = [
        (lead(1), ("waiting", None)),
        (seller("ann"), ("assigned", "ann")),
        (seller("bob"), ("assigned", "ann")),
        (ReturnLead("lead-1", "ann", "too_far", NOON), ("assigned", "bob")),
        (AcceptLead("lead-1", "bob", "deal-9", NOON), ("accepted", "bob")),
        (ReleaseLead("lead-1", "deal-9", NOON), ("released", "bob")),
    ]
    for count in range(1, len(steps) + 1):
        shown = shown_by(assignments, pool(*(command for command, _ in steps[:count])))
        one = shown["north/lead-1"]
        assert (one["status"], one.get("seller_id")) == steps[count - 1][1]
    assert one["opportunity_id"] == "deal-9"
    assert (one["returns"], one["last_return"]["seller_id"]) == (1, "ann")
    assert one["pool_id"] == "north"


def test_a_returned_lead_that_nobody_else_can_take_waits() -> None:
    off_duty = seller("ann", on_duty=False)
    shown = shown_by(
        assignments,
        pool(seller("ann"), lead(1), off_duty, ReturnLead("lead-1", "ann", "ill", NOON)),
    )["north/lead-1"]

    assert shown["status"] == "waiting"
    assert "seller_id" not in shown


def test_a_lead_that_comes_again_begins_from_nothing() -> None:
    first = (seller("ann"), lead(1), AcceptLead("lead-1", "ann", "deal-9", NOON))
    again = (ReleaseLead("lead-1", "deal-9", NOON), lead(1))

    shown = shown_by(assignments, pool(*first, *again))["north/lead-1"]

    assert shown["status"] == "assigned"
    assert "opportunity_id" not in shown


def test_a_pool_lists_its_sellers_by_id_and_has_the_stream_s_version() -> None:
    events = pool(seller("bob"), seller("ann.b"), seller("bob", weight=3), lead(1))

    shown = shown_by(pools, events)["north"]

    assert [one["seller_id"] for one in shown["sellers"]] == ["ann.b", "bob"]
    assert shown["sellers"][1]["weight"] == 3
    assert (shown["round"], shown["version"]) == (1, len(events))


# --- customers and totals


def test_a_customer_adds_up_what_he_ordered() -> None:
    shown = shown_by(
        customers,
        completed("o-1"),
        completed("o-2", start=NOON + timedelta(days=1)),
        cancelled("o-3", start=NOON - timedelta(days=1)),
        deal("d-1"),
        deal("d-2", LoseOpportunity("deal-1", NOON, "price")),
    )[CUSTOMER]

    assert (shown["orders_placed"], shown["orders_completed"], shown["orders_cancelled"]) == (
        3,
        2,
        1,
    )
    assert shown["spent"] == {"USD": Decimal("50.00")}
    assert shown["quantity"] == 4
    assert shown["last_order"]["order_id"] == "o-2"
    assert (shown["opportunities_open"], shown["opportunities_lost"]) == (1, 1)


def test_a_customer_takes_over_the_tier_and_why() -> None:
    events = judged("adaptive", "vip")

    shown = shown_by(customers, events)[CUSTOMER]

    assert (shown["tier"], shown["tier_reason"]) == ("vip", "top_value")
    assert shown["tier_event_id"] == events[1].id


def test_totals_are_the_sums_of_all_stripes() -> None:
    events = [
        event
        for number in range(40)
        for event in completed(f"o-{number}", customer=f"customer-{number}")
    ]
    stripes = shown_by(totals, events, cancelled("o-41"), registered())

    assert len(stripes) > 10
    assert sum_stripes(stripes.values()) == {
        "customers": 1,
        "orders": 41,
        "cancelled": 1,
        "purchases": 40,
        "quantity": 80,
        "spent": {"USD": Decimal("1000.00")},
    }


STREAMS = (
    completed("o-1"),
    completed("o-2", start=NOON + timedelta(days=2)),
    cancelled("o-3", start=NOON + timedelta(days=2)),
    deal("d-1", advance("propose")),
    deal("d-2", LoseOpportunity("deal-1", NOON, "price")),
    judged("adaptive", "vip"),
    registered(),
    pool(seller("ann"), lead(1), lead(2), ReturnLead("lead-1", "ann", "far", NOON)),
)


@given(mixed(*STREAMS))
@settings(max_examples=60, deadline=None)
def test_any_interleaving_in_any_batches_shows_the_same(batches: list[list[Event]]) -> None:
    in_order = [event for stream in STREAMS for event in stream]
    for view in VIEWS:
        assert shown_by(view, *batches) == shown_by(view, in_order)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_money_adds_up_exactly(cents: list[int]) -> None:
    streams = [
        happened(
            f"o-{n}",
            *(
                about(one, order_id=f"o-{n}")
                for one in history(
                    ORDER, place(pumps(1, f"0.{c:02d}")), CompleteOrder("order-1", NOON)
                )
            ),
        )
        for n, c in enumerate(cents)
    ]
    spent = shown_by(customers, *streams)[CUSTOMER]["spent"]
    assert spent["USD"] == usd(f"{sum(cents) // 100}.{sum(cents) % 100:02d}").amount
