"""Orders: place, complete, cancel, look up, list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema

from events.contracts.fields import (
    Code,
    Count,
    Id,
    ListOf,
    Money,
    Nested,
    OneOf,
    Scope,
    Text,
    Time,
)
from events.contracts.money import Money as MoneyValue
from events.contracts.sales import MAX_LINES, ORDER_KINDS, OrderLineSchema
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create
from events.http.documents import found, listed
from events.http.guard import scope_or_own
from events.types import new_id
from services.sales.domain.order import ORDER, CancelOrder, CompleteOrder, PlaceOrder
from services.sales.domain.order_lines import OrderLine
from services.sales.views.orders import FILTERS, SORTS

orders = Routes("orders", "/v1/orders", description="What customers ordered")

STATUSES = ("placed", "completed", "cancelled")


class PlaceOrderBody(Schema):
    """An order. The totals are computed from the lines; a stated one must be the same."""

    customer_id = Id()
    kind = OneOf(*ORDER_KINDS, required=False)
    lines = ListOf(Nested(OrderLineSchema), shortest=1, longest=MAX_LINES)
    discount = Money(required=False, description="off the whole order")
    total = Money(required=False, description="what the caller believes it adds up to")
    channel = Code()
    member_no = Text(required=False, pii=True, shortest=1, longest=60)
    partner_id = Id(required=False)
    campaign_id = Id(required=False)
    opportunity_id = Id(required=False)
    scope = Scope(required=False)


class CancelOrderBody(Schema):
    """Why the order will not be carried out."""

    reason = Code()


class OrderItem(Schema):
    """An order in a list."""

    id = Id()
    customer_id = Id()
    kind = OneOf(*ORDER_KINDS)
    status = OneOf(*STATUSES)
    placed_at = Time()
    total = Money()
    quantity = Count(description="pieces of all lines")
    channel = Code()
    version = Count()


class OrderAnswer(OrderItem):
    """A whole order."""

    lines = ListOf(Nested(OrderLineSchema), longest=MAX_LINES)
    discount = Money(required=False)
    partner_id = Id(required=False)
    campaign_id = Id(required=False)
    opportunity_id = Id(required=False)
    completed_at = Time(required=False)
    cancelled_at = Time(required=False)
    reason = Code(required=False)
    org_unit = Id()
    team = Id(required=False)
    owner = Id(required=False)


class OrderParams(PageParams):
    """Which orders. Sorting by total compares amounts whatever their currency."""

    customer_id = Id(required=False)
    status = OneOf(*STATUSES, required=False)
    channel = Code(required=False)
    kind = OneOf(*ORDER_KINDS, required=False)
    sort = Sorted(*SORTS, default="-placed_at")


@orders.create("", PlaceOrderBody, right="order.work")
def place_order(body: dict[str, Any]) -> Response:
    """Place an order."""
    order_id = new_id()
    return answer_create(
        ORDER, order_id, lambda origin: order_from(order_id, origin.occurred_at, body)
    )


def order_from(order_id: str, at: datetime, body: dict[str, Any]) -> PlaceOrder:
    """The command from a `PlaceOrderBody`."""
    money: dict[str, Any] = {
        name: MoneyValue.from_data(body[name]) for name in ("discount", "total") if name in body
    }
    given: dict[str, Any] = {
        **body,
        **money,
        "kind": body.get("kind", ORDER_KINDS[0]),
        "lines": tuple(_line(line) for line in body["lines"]),
        "scope": scope_or_own(body.get("scope")),
    }
    return PlaceOrder(order_id=order_id, at=at, **given)


def _line(data: dict[str, Any]) -> OrderLine:
    money: dict[str, Any] = {
        name: MoneyValue.from_data(data[name])
        for name in ("price", "discount", "cost")
        if name in data
    }
    given: dict[str, Any] = {**data, **money}
    return OrderLine(**given)


@orders.command("/<id:order_id>/complete", right="order.work")
def complete_order(order_id: str) -> Response:
    """Complete an order: from here on it counts as a purchase."""
    return answer_change(
        ORDER, order_id, lambda origin: CompleteOrder(order_id, origin.occurred_at)
    )


@orders.command("/<id:order_id>/cancel", CancelOrderBody, right="order.work")
def cancel_order(order_id: str, body: dict[str, Any]) -> Response:
    """Cancel an order that is not completed."""
    return answer_change(
        ORDER, order_id, lambda origin: CancelOrder(order_id, origin.occurred_at, **body)
    )


@orders.query("", OrderItem, OrderParams, many=True, right="order.read")
def list_orders(params: dict[str, Any]) -> Page:
    """List orders."""
    return listed("orders", OrderItem, params, FILTERS, SORTS)


@orders.query("/<id:order_id>", OrderAnswer, tagged=True, right="order.read")
def get_order(order_id: str) -> dict[str, Any]:
    """Look up an order."""
    return found("orders", order_id, OrderAnswer, "order")
