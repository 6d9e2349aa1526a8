"""Search over customers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from events.contracts.fields import Id, ListOf, Nested, OneOf, Text
from events.contracts.marketing import CUSTOMER_KINDS, ContactPointSchema
from events.http import Params, Routes, Whole, views
from events.http.masking import personal
from gateway.platform.search.finding import Hit, find

search = Routes("search", "/v1/search", description="Customers by what is remembered of them")

MOST = 50


class SearchParams(Params):
    """What is remembered: words of a name, a phone number, a mail address, a number."""

    q = Text(shortest=1, longest=100, description="what is remembered")
    limit = Whole(
        load_default=20,
        validate=validate.Range(min=1, max=MOST),
        metadata={"description": "most hits"},
    )


class SearchHit(Schema):
    """A customer, and by what he was found."""

    id = Id()
    name = fields.String(metadata=personal())
    kind = OneOf(*CUSTOMER_KINDS, required=False)
    contact_points = ListOf(Nested(ContactPointSchema), required=False, longest=21)
    member_no = fields.String(metadata=personal())
    matched = OneOf("order", "number", "phone", "email", "name")


class SearchAnswer(Schema):
    """The best first; none is no error."""

    hits = ListOf(Nested(SearchHit), longest=MOST)


@search.query("", SearchAnswer, SearchParams, right="customer.search")
def search_customers(params: dict[str, Any]) -> dict[str, Any]:
    """Find customers by name, phone, mail, member number or order number, with slips."""
    customers = views().collection("search")
    hits = _by_order(params["q"].strip()) or find(customers, params["q"], params["limit"])
    return {"hits": [_shown(hit) for hit in hits]}


def _by_order(number: str) -> list[Hit]:
    """Whose order it is, when both are in reach."""
    order = views().collection("order_numbers").find_one({"_id": number}, ["customer_id"])
    if order is None:
        return []
    customer = views().collection("search").find_one({"_id": order["customer_id"]})
    return [Hit(customer, "order", 2.0)] if customer else []


def _shown(hit: Hit) -> dict[str, Any]:
    document = hit.document
    told = ("name", "kind", "member_no")
    shown: dict[str, Any] = {name: document[name] for name in told if name in document}
    points = [*document.get("contact_points", ()), *([document["heard"]] if "heard" in document
                                                     else [])]  # fmt: skip
    return {"id": document["_id"], **shown, "contact_points": points, "matched": hit.matched}
