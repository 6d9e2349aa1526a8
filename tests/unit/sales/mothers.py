"""Named examples of sales: sellers, leads, orders and opportunities that all tests share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from events.contracts.base import Fact
from events.contracts.money import Money
from events.deciding import Decider, Scope
from services.sales.domain.opportunity import (
    OPPORTUNITY,
    AdvanceStage,
    Evidence,
    OpenOpportunity,
)
from services.sales.domain.order import ORDER, PlaceOrder
from services.sales.domain.order_lines import OrderLine
from services.sales.domain.pool import AssignLead, SetSellerCapacity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NORTH = Scope("north", "field", "olga")
CUSTOMER = "customer-1"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def history(decider: Decider[Any, Any], *commands: object) -> tuple[Fact, ...]:
    """The facts that the commands lead to, one after the other."""
    facts: list[Fact] = []
    state = decider.initial
    for command in commands:
        new = decider.decide(state, command)
        facts.extend(new)
        state = decider.fold(new, state)
    return tuple(facts)


def pumps(qty: int = 2, price: str = "12.50", **more: Any) -> OrderLine:
    return OrderLine("pump", qty, usd(price), **more)


def place(*lines: OrderLine, **more: Any) -> PlaceOrder:
    """By default two pumps at 12.50."""
    return PlaceOrder(
        order_id="order-1",
        customer_id=CUSTOMER,
        at=NOON,
        kind="sale",
        lines=lines or (pumps(),),
        channel="shop",
        **more,
    )


def placed(*lines: OrderLine, **more: Any) -> Fact:
    return history(ORDER, place(*lines, **more))[0]


def open_deal(pipeline: str = "standard", **more: Any) -> OpenOpportunity:
    return OpenOpportunity("deal-1", CUSTOMER, NOON, usd("900.00"), pipeline, **more)


def advance(to: str, *criteria: str) -> AdvanceStage:
    evidence = tuple(Evidence(criterion, f"minutes of {criterion}") for criterion in criteria)
    return AdvanceStage("deal-1", NOON, to, evidence)


def opened(pipeline: str = "standard", **more: Any) -> Fact:
    return history(OPPORTUNITY, open_deal(pipeline, **more))[0]


def in_last_stage() -> tuple[Fact, ...]:
    return history(OPPORTUNITY, open_deal(), advance("propose"), advance("negotiate"))


def seller(name: str, **more: Any) -> SetSellerCapacity:
    """On duty, weight 1, ten open leads, every product line, unless said otherwise."""
    return SetSellerCapacity(name, NOON, **more)


def lead(number: int, product_line: str = "tools", **more: Any) -> AssignLead:
    return AssignLead(
        f"lead-{number}",
        f"customer-{number}",
        NOON,
        product_line,
        (f"qualified-{number}",),
        **more,
    )


def drawn(facts: Iterable[Fact] | None) -> list[tuple[str, str]]:
    """(lead id, seller id) of each assignment, in order."""
    return [
        (one.data["lead_id"], one.data["seller_id"])
        for one in facts or ()
        if one.type == "crm.sales.pool.lead_assigned.v1"
    ]
