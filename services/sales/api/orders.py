"""Orders: place, complete, cancel, look up."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema

from events.contracts.fields import Code, Id, ListOf, Money, Nested, OneOf, Scope
from events.contracts.money import Money as MoneyValue
from events.contracts.sales import ORDER_KINDS, OrderLineSchema
from events.deciding import Scope as ScopeValue
from events.http import Routes, answer_change, answer_create
from events.types import new_id
from services.sales.domain.order import ORDER, CompleteOrder, PlaceOrder
from services.sales.domain.order_lines import OrderLine

orders = Routes("orders", "/v1/orders", description="What customers ordered")


class PlaceOrderBody(Schema):
    """An order; a stated total is checked against the lines."""

    customer_id = Id()
    kind = OneOf(*ORDER_KINDS, required=False)
    lines = ListOf(Nested(OrderLineSchema), shortest=1, longest=200)
    discount = Money(required=False)
    total = Money(required=False)
    channel = Code()
    scope = Scope(required=False)


def _line(data: dict[str, Any]) -> OrderLine:
    money: dict[str, Any] = {
        name: MoneyValue.from_data(data[name])
        for name in ("price", "discount", "cost")
        if name in data
    }
    line: dict[str, Any] = {**data, **money}
    return OrderLine(**line)


@orders.create("", PlaceOrderBody)
def place_order(body: dict[str, Any]) -> Response:
    """Place an order."""
    order_id = new_id()
    return answer_create(
        ORDER,
        order_id,
        lambda origin: PlaceOrder(
            order_id=order_id,
            customer_id=body["customer_id"],
            at=origin.occurred_at,
            kind=body.get("kind", "sale"),
            lines=tuple(_line(line) for line in body["lines"]),
            channel=body["channel"],
            scope=ScopeValue(**body.get("scope", {})),
        ),
    )


@orders.command("/<id:order_id>/complete")
def complete_order(order_id: str) -> Response:
    """Complete an order."""
    return answer_change(
        ORDER, order_id, lambda origin: CompleteOrder(order_id, origin.occurred_at)
    )
