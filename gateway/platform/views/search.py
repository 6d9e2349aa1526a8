"""Customers as they are searched for: one document a customer, one an order number.

Marketing says who a customer is; what service heard of an unknown party stands in until then.
"""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.marketing import CustomerProfileUpdated, CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.contracts.service import UnknownPartyIdentified
from events.envelope import Event
from events.projection.folding import known, move
from events.projection.view import Document, View
from gateway.platform.search.words import bounded, contact_keys, name_keys, number_key

KEYS = "keys"

search = View("search", [IndexModel([(KEYS, 1)], name="keys")])
order_numbers = View("order_numbers")

_TOLD = ("name", "contact_points")


def _customer(event: Event) -> str:
    return str(event.data["customer_id"])


@search.on(CustomerRegistered, key=_customer)
def registered(doc: Document, event: Event) -> None:
    data = event.data
    move(doc, event)
    doc.update(
        registered=True,
        kind=data["kind"],
        **known(
            name=data.get("name"),
            contact_points=data["contact_points"],
            member_no=data.get("member_no"),
        ),
    )
    _settle(doc)


@search.on(CustomerProfileUpdated, key=_customer)
def updated(doc: Document, event: Event) -> None:
    for change in event.data["changes"]:
        if change["field"] in _TOLD:
            doc.pop(change["field"], None)
            doc.update(known(**{change["field"]: change["new"]}))
    _settle(doc)


@search.on(UnknownPartyIdentified, key=_customer)
def identified(doc: Document, event: Event) -> None:
    if "registered" not in doc:
        move(doc, event)
    doc.update(known(heard=event.data.get("contact_point")))
    _settle(doc)


@order_numbers.on(OrderPlaced, key=lambda event: str(event.data["order_id"]))
def placed(doc: Document, event: Event) -> None:
    move(doc, event)
    doc["customer_id"] = event.data["customer_id"]


def _settle(doc: Document) -> None:
    """The keys follow from the parts that are there, whichever came first."""
    heard = [doc["heard"]] if "heard" in doc else []
    doc[KEYS] = bounded(
        [
            *([number_key(doc["member_no"])] if "member_no" in doc else []),
            *contact_keys([*doc.get("contact_points", ()), *heard]),
            *name_keys(doc.get("name", "")),
        ]
    )
