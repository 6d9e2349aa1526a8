"""Search over customers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from events.contracts.fields import Id, ListOf, Nested, OneOf, Text
from events.contracts.marketing import CUSTOMER_KINDS, ContactPointSchema
from events.http import Params, Routes, Whole, views
from events.http.masking import personal
from gateway.platform.search.finding import MATCHED, MAX_TIME_MS, Hit, find
from gateway.platform.search.ranking import points_of

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
    matched = ListOf(OneOf(*MATCHED), shortest=1, longest=len(MATCHED))


class SearchAnswer(Schema):
    """The best first; none is no error."""

    hits = ListOf(Nested(SearchHit), longest=MOST)


@search.query("", SearchAnswer, SearchParams, right="customer.search")
def search_customers(params: dict[str, Any]) -> dict[str, Any]:
    """Find customers by name, phone, mail, member number or order number, with slips."""
    question = params["q"].strip()
    hits = find(views().collection("search"), question, params["limit"], _ordered_by(question))
    return {"hits": [_shown(hit) for hit in hits]}


def _ordered_by(number: str) -> str | None:
    """The customer whose order it is, when the order is in reach."""
    order = (
        views()
        .collection("order_numbers")
        .find_one({"_id": number}, ["customer_id"], max_time_ms=MAX_TIME_MS)
    )
    return str(order["customer_id"]) if order else None


def _shown(hit: Hit) -> dict[str, Any]:
    document = hit.document
    told: dict[str, Any] = {
        name: document[name] for name in ("name", "kind", "member_no") if name in document
    }
    points, matched = points_of(document), list(hit.verdict.matched)
    return {"id": document["_id"], **told, "contact_points": points, "matched": matched}
