"""Customers as marketing knows them: one document a customer, each value with its provenance.

Three contexts write here, each its own part: marketing the profile and the leads, service the
unknown party that a provisional customer began as, analytics the tier. Whoever comes first makes
the document; `status` says how far marketing knows the customer. Old values are in the timeline.
"""

from __future__ import annotations

from events.contracts.analytics import CustomerTierChanged
from events.contracts.marketing import (
    CustomerProfileUpdated,
    CustomerRegistered,
    LeadCaptured,
    LeadDisqualified,
    LeadQualified,
    ProfileSchema,
)
from events.contracts.service import UnknownPartyIdentified
from events.envelope import Event
from events.projection.folding import known, move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View
from events.types import parse_time

STATUSES = ("registered", "provisional", "unregistered")
"""Registered here; known as a caller only; or spoken of by others, and nothing more is known."""

BY_NAME = "_by_name"
"""The name folded for sorting, so that `de Vries` stands beside `De Vries`."""

FILTERS = ("status", "kind", "source", "member_no")
SORTS = {"name": BY_NAME, "registered_at": "registered_at"}

customers = View("customers", list_indexes(FILTERS, list(SORTS.values())))

_FIELDS = tuple(ProfileSchema().fields)


def _customer(event: Event) -> str:
    return str(event.data["customer_id"])


@customers.on(CustomerRegistered, key=_customer)
def registered(doc: Document, event: Event) -> None:
    data = event.data
    told = {"source": data["source"], "at": event.occurred_at}
    move(doc, event)
    doc.update(
        kind=data["kind"],
        source=data["source"],
        registered_at=event.occurred_at,
        profile={field: {"value": data[field], **told} for field in _FIELDS if field in data},
        version=event.version,
        **known(member_no=data.get("member_no")),
    )
    _settle(doc)


@customers.on(CustomerProfileUpdated, key=_customer)
def updated(doc: Document, event: Event) -> None:
    profile = doc.setdefault("profile", {})
    for change in event.data["changes"]:
        if change["new"] is None:
            profile.pop(change["field"], None)
        else:
            told = change["provenance"]
            profile[change["field"]] = {
                **told,
                "at": parse_time(told["at"]),
                "value": change["new"],
            }
    doc["version"] = event.version
    _settle(doc)


@customers.on(UnknownPartyIdentified, key=_customer)
def identified(doc: Document, event: Event) -> None:
    doc["unknown_party"] = known(
        interaction_id=event.data["interaction_id"],
        contact_point=event.data.get("contact_point"),
        at=event.occurred_at,
    )
    if "registered_at" not in doc:
        move(doc, event)
    _settle(doc)


@customers.on(CustomerTierChanged, key=_customer)
def tier_changed(doc: Document, event: Event) -> None:
    doc.update(tier=event.data["to"], tier_since=event.occurred_at)
    _settle(doc)


@customers.on(LeadCaptured, key=_customer)
def lead_captured(doc: Document, event: Event) -> None:
    _count(doc, captured=1, open=1)
    last = doc.get("last_touch")
    # Leads are streams of their own, so the latest is not always the last to come.
    if last is None or (last["at"], last["lead_id"]) < (event.occurred_at, event.data["lead_id"]):
        doc["last_touch"] = {
            "at": event.occurred_at,
            "touch": event.data["touch"],
            "channel": event.data["channel"],
            "lead_id": event.data["lead_id"],
        }


@customers.on(LeadQualified, key=_customer)
def lead_qualified(doc: Document, _: Event) -> None:
    _count(doc, qualified=1, open=-1)


@customers.on(LeadDisqualified, key=_customer)
def lead_disqualified(doc: Document, _: Event) -> None:
    _count(doc, disqualified=1, open=-1)


def _count(doc: Document, **steps: int) -> None:
    """Moves the counters of leads; sums come out the same in any order of the leads."""
    _settle(doc)
    for counter, step in steps.items():
        doc["leads"][counter] += step


def _settle(doc: Document) -> None:
    """What follows from the parts that are there: the same, whichever came first."""
    doc.setdefault("leads", {"open": 0, "captured": 0, "qualified": 0, "disqualified": 0})
    doc["status"] = _status(doc)
    profile = doc.get("profile", {})
    for field in ("name", "roles"):
        doc.pop(field, None)
        if field in profile:
            doc[field] = profile[field]["value"]
    doc[BY_NAME] = doc["name"].casefold() if "name" in doc else None


def _status(doc: Document) -> str:
    if "registered_at" in doc:
        return "registered"
    return "provisional" if "unknown_party" in doc else "unregistered"
