"""Customers as service knows them: one document a customer, for the glance when one calls.

Three contexts write here, each its own part: service its contacts and cases, marketing the name,
analytics the tier, which decides how pressing new cases are. Whoever comes first makes the
document. It is only looked up by id, and so needs no index.
"""

from __future__ import annotations

from events.contracts.analytics import CustomerTierChanged
from events.contracts.marketing import CustomerProfileUpdated, CustomerRegistered
from events.contracts.service import (
    CaseOpened,
    CaseReopened,
    CaseResolved,
    InteractionStarted,
    SlaBreached,
    UnknownPartyIdentified,
)
from events.envelope import Event
from events.projection.folding import known, move
from events.projection.view import Document, View

customers = View("customers")


def _customer(event: Event) -> str:
    return str(event.data["customer_id"])


# --- marketing's part


@customers.on(CustomerRegistered, key=_customer)
def registered(doc: Document, event: Event) -> None:
    move(doc, event)
    doc.update(registered=True, kind=event.data["kind"], **known(name=event.data.get("name")))
    _complete(doc)


@customers.on(CustomerProfileUpdated, key=_customer)
def renamed(doc: Document, event: Event) -> None:
    for change in event.data["changes"]:
        if change["field"] == "name":
            doc.pop("name", None)
            doc.update(known(name=change["new"]))
    _complete(doc)


# --- analytics' part


@customers.on(CustomerTierChanged, key=_customer)
def tier_changed(doc: Document, event: Event) -> None:
    doc.update(tier=event.data["to"], tier_since=event.occurred_at, tier_event_id=event.id)
    _complete(doc)


# --- service's own part: contacts and cases are streams of their own, so nothing here may depend
# on the order in which they come


@customers.on(InteractionStarted, key=_customer)
def contacted(doc: Document, event: Event) -> None:
    _complete(doc)
    doc["contacts"] += 1
    last = doc.get("last_contact")
    place = (event.occurred_at, event.data["interaction_id"])
    if last is None or (last["at"], last["interaction_id"]) < place:
        doc["last_contact"] = {
            "at": event.occurred_at,
            "interaction_id": event.data["interaction_id"],
            "channel": event.data["channel"],
            "direction": event.data["direction"],
        }


@customers.on(UnknownPartyIdentified, key=_customer)
def identified(doc: Document, event: Event) -> None:
    doc["unknown_party"] = True
    if "registered" not in doc:
        move(doc, event)
    _complete(doc)


@customers.on(CaseOpened, key=_customer)
def case_opened(doc: Document, _: Event) -> None:
    _count(doc, open=1, opened=1)


@customers.on(CaseResolved, key=_customer)
def case_resolved(doc: Document, _: Event) -> None:
    _count(doc, open=-1)


@customers.on(CaseReopened, key=_customer)
def case_reopened(doc: Document, _: Event) -> None:
    _count(doc, open=1, reopened=1)


@customers.on(SlaBreached, key=_customer)
def breached(doc: Document, _: Event) -> None:
    _count(doc, breached=1)


def _count(doc: Document, **steps: int) -> None:
    _complete(doc)
    for counter, step in steps.items():
        doc["cases"][counter] += step


def _complete(doc: Document) -> None:
    """What every document has, and what follows from the parts that are there."""
    doc.setdefault("cases", {"open": 0, "opened": 0, "reopened": 0, "breached": 0})
    doc.setdefault("contacts", 0)
    doc["provisional"] = "unknown_party" in doc and "registered" not in doc
