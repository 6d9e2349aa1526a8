"""Customers as they are searched for: one document a customer, one an order number.

Marketing says who a customer is; what service heard of an unknown party stands in until then.
Orders have documents of their own, for a customer may have any number of them.
"""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.marketing import CustomerProfileUpdated, CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.contracts.service import UnknownPartyIdentified
from events.envelope import Event
from events.projection.folding import known, move
from events.projection.view import Document, View
from gateway.platform.search.keys import customer_keys
from gateway.platform.search.ranking import points_of
from gateway.platform.search.words import region_of, words

search = View("search", [IndexModel([("keys", 1)], name="keys")])
order_numbers = View("order_numbers")

_TOLD = ("name", "contact_points", "locale")


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
            locale=data.get("locale"),
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
    """Contacts are streams of their own, so the latest is not always the last to come."""
    last, contact = doc.get("heard"), event.data["interaction_id"]
    if last is not None and (last["at"], last["interaction_id"]) > (event.occurred_at, contact):
        return
    if "registered" not in doc:
        move(doc, event)
    doc["heard"] = known(
        at=event.occurred_at,
        interaction_id=contact,
        contact_point=event.data.get("contact_point"),
    )
    _settle(doc)


@order_numbers.on(OrderPlaced, key=lambda event: str(event.data["order_id"]))
def placed(doc: Document, event: Event) -> None:
    move(doc, event)
    doc["customer_id"] = event.data["customer_id"]


def _settle(doc: Document) -> None:
    """Keys and words follow from the parts that are there, whichever came first."""
    doc["words"] = words(doc.get("name", ""))
    doc["keys"] = customer_keys(
        doc.get("name"), points_of(doc), doc.get("member_no"), region_of(doc.get("locale"))
    )
