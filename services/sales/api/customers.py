"""What sales knows of a customer at a glance."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from events.contracts.fields import Amount, Code, Count, Id, ListOf, Money, Nested, Time
from events.errors import NotFound
from events.http import Routes, views
from events.http.documents import glance, shown
from services.sales.domain.discounts import CURRENT

customers = Routes("customers", "/v1/customers", description="Customers as sales knows them")

SHOWN = 5
"""As many deals and orders as can be taken in at a glance; all of them are pages of their own."""


class LastOrder(Schema):
    """The order that was placed last."""

    order_id = Id()
    at = Time()
    total = Money()


class CustomerSummary(Schema):
    """What sales knows of a customer."""

    id = Id()
    orders_placed = Count(required=False)
    orders_completed = Count(required=False)
    orders_cancelled = Count(required=False)
    quantity = Count(required=False, description="pieces in completed orders")
    spent = fields.Dict(
        keys=fields.String(),
        values=Amount(),
        metadata={"description": "in completed orders, by currency"},
    )
    last_order = Nested(LastOrder, required=False)
    opportunities_open = Count(required=False)
    opportunities_won = Count(required=False)
    opportunities_lost = Count(required=False)
    tier = Code(required=False, description="what analytics said last")
    tier_since = Time(required=False)
    tier_reason = Code(required=False)
    tier_event_id = Id(required=False, description="the event that moved the customer there")
    discount_band_pct = Count(description="allowed without approval, by the tier")
    discount_band_version = Count()


class DealGlance(Schema):
    """An open opportunity, in a few words."""

    id = Id()
    pipeline = Code()
    stage = Code()
    amount = Money()
    expected_close = Time(required=False)
    owner = Id(required=False)


class OrderGlance(Schema):
    """An order, in a few words."""

    id = Id()
    status = Code()
    placed_at = Time()
    total = Money()


class CustomerGlance(CustomerSummary):
    """What sales knows of a customer, with what is going on."""

    open_deals = ListOf(Nested(DealGlance), longest=SHOWN, description="opened last")
    latest_orders = ListOf(Nested(OrderGlance), longest=SHOWN)


@customers.query("/<id:customer_id>/summary", CustomerGlance, right="customer.read")
def get_customer_summary(customer_id: str) -> dict[str, Any]:
    """What sales knows of a customer at a glance."""
    document = known_customers([customer_id]).get(customer_id)
    if document is None:
        raise NotFound("customer", customer_id)
    return {
        **document,
        **band_of(document),
        "open_deals": glance(
            views("opportunity.read").collection("opportunities"),
            {"customer_id": customer_id, "status": "open"},
            "opened_at",
            DealGlance,
        ),
        "latest_orders": glance(
            views("order.read").collection("orders"),
            {"customer_id": customer_id},
            "placed_at",
            OrderGlance,
        ),
    }


def known_customers(ids: list[str]) -> dict[str, dict[str, Any]]:
    """The documents of those customers that sales has heard of, by id."""
    documents = views().collection("customers").find({"_id": {"$in": ids}}, shown(CustomerSummary))
    return {one["_id"]: one for one in documents}


def band_of(customer: dict[str, Any]) -> dict[str, Any]:
    """The discount band as it is now: it moves with the tier, not with what it is shown on."""
    pct = CURRENT.band(customer.get("tier"))
    return {"discount_band_pct": pct, "discount_band_version": CURRENT.version}
