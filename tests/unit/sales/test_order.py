"""An order's totals add up, and its end is final."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as some

from events.contracts.base import fact
from events.contracts.money import Money
from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.errors import Invalid
from services.sales.domain.order import ORDER, CancelOrder, CompleteOrder
from services.sales.domain.order_lines import OrderLine
from tests.given import given
from tests.unit.sales.mothers import CUSTOMER, NOON, NORTH, history, place, placed, pumps, usd

COMPLETE = CompleteOrder("order-1", NOON)
CANCEL = CancelOrder("order-1", NOON, "out_of_stock")
COMPLETED = fact(
    OrderCompleted,
    order_id="order-1",
    customer_id=CUSTOMER,
    total=usd("25.00").to_data(),
    quantity=2,
)
CANCELLED = fact(OrderCancelled, order_id="order-1", customer_id=CUSTOMER, reason="out_of_stock")


def test_placing_computes_the_total_and_keeps_every_field() -> None:
    line = pumps(3, "10.00", discount=usd("1.50"), cost=usd("6"), configuration={"colour": "red"})
    command = place(
        line,
        discount=usd("0.50"),
        member_no="M-7",
        partner_id="partner-1",
        campaign_id="spring",
        opportunity_id="deal-1",
        scope=NORTH,
    )
    given(ORDER).when(command).then(
        fact(
            OrderPlaced,
            order_id="order-1",
            customer_id=CUSTOMER,
            kind="sale",
            lines=[
                {
                    "product_id": "pump",
                    "qty": 3,
                    "price": {"amount": "10.00", "currency": "USD"},
                    "installable": False,
                    "discount": {"amount": "1.50", "currency": "USD"},
                    "cost": {"amount": "6.00", "currency": "USD"},
                    "configuration": {"colour": "red"},
                }
            ],
            discount={"amount": "0.50", "currency": "USD"},
            total={"amount": "28.00", "currency": "USD"},
            channel="shop",
            member_no="M-7",
            partner_id="partner-1",
            campaign_id="spring",
            opportunity_id="deal-1",
            scope={"org_unit": "north", "team": "field", "owner": "olga"},
        )
    )


def test_a_stated_total_that_is_right_is_taken() -> None:
    given(ORDER).when(place(total=usd("25"))).then(placed())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (place(total=usd("25.01")), "total-mismatch"),
        (place(total=Money(Decimal(25), "EUR")), "total-mismatch"),
        (place(pumps(discount=usd("25.01"))), "discount-exceeds-amount"),
        (place(discount=usd("25.01")), "discount-exceeds-amount"),
        (place(pumps(discount=Money(Decimal(1), "EUR"))), "mixed-currencies"),
        (place(pumps(), OrderLine("hose", 1, Money(Decimal(1), "EUR"))), "mixed-currencies"),
    ],
)
def test_totals_that_do_not_add_up_are_refused(command: Any, code: str) -> None:
    given(ORDER).when(command).rejected(code)


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        (place(pumps(0)), "/lines/0/qty"),
        (place(pumps(), pumps(-1)), "/lines/1/qty"),
        (place(pumps(10**6 + 1)), "/lines/0/qty"),
        (place(pumps(price="0.001")), "/lines/0/price/amount"),
        (place(pumps(price="-1")), "/lines/0/price/amount"),
        (place(pumps(discount=usd("-1"))), "/lines/0/discount/amount"),
        (place(discount=usd("0.001")), "/discount/amount"),
        (replace(place(), kind="gift"), "/kind"),
    ],
)
def test_malformed_orders_name_the_field(command: Any, pointer: str) -> None:
    outcome = given(ORDER).when(command).rejected("invalid")
    assert isinstance(outcome.rejection, Invalid)
    assert pointer in {fault.pointer for fault in outcome.rejection.faults}


def test_an_order_without_lines_is_malformed() -> None:
    assert given(ORDER).when(replace(place(), lines=())).rejected("invalid")


def test_a_discount_may_take_all() -> None:
    outcome = given(ORDER).when(place(discount=usd("25.00"))).then_types("order.placed")
    assert outcome.state.total == usd("0")


def test_an_order_is_placed_once() -> None:
    given(ORDER, placed()).when(place()).rejected("order-exists")


def test_completing_carries_what_readers_need() -> None:
    given(ORDER, placed()).when(COMPLETE).then(COMPLETED)


def test_the_cost_is_carried_when_every_line_names_it() -> None:
    costed = pumps(cost=usd("4.00"))
    outcome = given(ORDER, placed(costed, costed)).when(COMPLETE)
    assert outcome.facts
    assert outcome.facts[0].data["cost"] == usd("16.00").to_data()
    outcome = given(ORDER, placed(costed, pumps())).when(COMPLETE)
    assert outcome.facts
    assert "cost" not in outcome.facts[0].data


def test_cancelling_gives_its_reason() -> None:
    given(ORDER, placed()).when(CANCEL).then(CANCELLED)


@pytest.mark.parametrize("end", [COMPLETED, CANCELLED])
@pytest.mark.parametrize("command", [COMPLETE, CANCEL])
def test_the_end_is_final(end: Any, command: Any) -> None:
    given(ORDER, placed(), end).when(command).rejected("order-closed")


@pytest.mark.parametrize("command", [COMPLETE, CANCEL])
def test_an_unknown_order_is_not_found(command: Any) -> None:
    given(ORDER).when(command).rejected("not-found")


def test_subject_and_scope_are_those_of_the_order() -> None:
    state = ORDER.fold(history(ORDER, place(scope=NORTH), COMPLETE))
    assert (ORDER.subject(state), ORDER.scope(state)) == (CUSTOMER, NORTH)


cents = some.integers(0, 10**9)
lines = some.lists(some.tuples(some.integers(1, 1000), cents, cents), min_size=1, max_size=8)


@over(lines, cents)
def test_totals_add_up_to_the_cent(drawn: list[tuple[int, int, int]], off: int) -> None:
    """Against integer arithmetic in cents."""
    amounts = [qty * price - min(less, qty * price) for qty, price, less in drawn]
    off = min(off, sum(amounts))
    command = place(
        *(
            pumps(qty, f"{price / 100:.2f}", discount=_cents(min(less, qty * price)))
            for qty, price, less in drawn
        ),
        discount=_cents(off),
    )
    state = ORDER.fold(history(ORDER, command))
    assert state.total == _cents(sum(amounts) - off)
    assert state.quantity == sum(qty for qty, _, _ in drawn)


def _cents(count: int) -> Money:
    return Money(Decimal(count).scaleb(-2), "USD")
