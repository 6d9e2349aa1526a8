"""An order: placed, then completed or cancelled; both are final.

The totals are computed here from the lines, so they always add up; a caller who states a total
is refused when it differs (order_lines.py). Called by the order API and by the import of purchases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from events.contracts.base import Fact, fact
from events.contracts.money import Money
from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.deciding import Decider, Scope
from events.errors import NotFound, RuleBroken
from events.types import CustomerId
from services.sales.domain.order_lines import (
    OrderLine,
    line_data,
    money_data,
    order_total,
    total_cost,
)


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """`total`, when stated, must equal what the lines add up to."""

    order_id: str
    customer_id: str
    at: datetime
    kind: str
    lines: tuple[OrderLine, ...]
    channel: str
    discount: Money | None = None
    total: Money | None = None
    member_no: str | None = None
    partner_id: str | None = None
    campaign_id: str | None = None
    opportunity_id: str | None = None
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class CompleteOrder:
    """The whole transaction is done."""

    order_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """`reason` is a code of the installation's vocabulary."""

    order_id: str
    at: datetime
    reason: str


OrderCommand: TypeAlias = PlaceOrder | CompleteOrder | CancelOrder


@dataclass(frozen=True, slots=True)
class Order:
    """`status` is empty before the order is placed."""

    status: str = ""
    order_id: str = ""
    customer_id: CustomerId | None = None
    scope: Scope = field(default_factory=Scope)
    total: Money | None = None
    cost: Money | None = None
    quantity: int = 0


def decide(state: Order, command: OrderCommand) -> Sequence[Fact]:
    """Raises NotFound, Invalid, or RuleBroken with one of the codes `order-exists`,
    `order-closed`, `mixed-currencies`, `discount-exceeds-amount`, `total-mismatch`.
    """
    if isinstance(command, PlaceOrder):
        return [_place(state, command)]
    _refuse_unless_open(state, command.order_id)
    if isinstance(command, CompleteOrder):
        return [_complete(state)]
    return [
        fact(
            OrderCancelled,
            order_id=state.order_id,
            customer_id=state.customer_id,
            reason=command.reason,
        )
    ]


def _place(state: Order, command: PlaceOrder) -> Fact:
    if state.status:
        raise RuleBroken("order-exists", f"order {command.order_id} is already placed")
    sum_total = order_total(command.lines, command.discount)
    _refuse_other_total(command.total, sum_total)
    return fact(
        OrderPlaced,
        order_id=command.order_id,
        customer_id=command.customer_id,
        kind=command.kind,
        lines=[line_data(line) for line in command.lines],
        discount=money_data(command.discount),
        total=sum_total.to_data(),
        channel=command.channel,
        member_no=command.member_no,
        partner_id=command.partner_id,
        campaign_id=command.campaign_id,
        opportunity_id=command.opportunity_id,
        scope=command.scope.to_data(),
    )


def _complete(state: Order) -> Fact:
    return fact(
        OrderCompleted,
        order_id=state.order_id,
        customer_id=state.customer_id,
        total=money_data(state.total),
        quantity=state.quantity,
        cost=money_data(state.cost),
    )


def _refuse_other_total(stated: Money | None, computed: Money) -> None:
    if stated is None:
        return
    if stated != computed:
        raise RuleBroken(
            "total-mismatch",
            f"the lines add up to {computed.amount} {computed.currency},"
            f" not to {stated.amount} {stated.currency}",
            computed=computed.to_data(),
        )


def _refuse_unless_open(state: Order, order_id: str) -> None:
    if not state.status:
        raise NotFound("order", order_id)
    if state.status != "placed":
        raise RuleBroken("order-closed", f"order {order_id} is {state.status}", status=state.status)


def evolve(state: Order, one: Fact) -> Order:
    """The state after one fact."""
    if one.type == OrderPlaced.TYPE:
        return _placed(one)
    if one.type == OrderCompleted.TYPE:
        return replace(state, status="completed")
    if one.type == OrderCancelled.TYPE:
        return replace(state, status="cancelled")
    return state


def _placed(one: Fact) -> Order:
    data = one.data
    return Order(
        status="placed",
        order_id=data["order_id"],
        customer_id=CustomerId(data["customer_id"]),
        scope=Scope(**data["scope"]),
        total=Money.from_data(data["total"]),
        cost=total_cost(data["lines"], data["total"]["currency"]),
        quantity=sum(line["qty"] for line in data["lines"]),
    )


ORDER: Decider[Order, OrderCommand] = Decider(
    aggregate="order",
    initial=Order(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)
