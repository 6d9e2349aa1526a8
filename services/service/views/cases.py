"""Cases as work lists show them: one document a case, written by service alone.

`due_at` is until when the next step is due: the first response, then the resolution. `alarm_at`
is the next due time that would be missed and is not on record as missed; absent when none is.
"""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.service import (
    CaseClosed,
    CaseOpened,
    CasePrioritized,
    CaseReopened,
    CaseResolved,
    FirstResponseSent,
    SlaBreached,
)
from events.envelope import Event
from events.projection.folding import known, move
from events.projection.indexes import list_indexes
from events.projection.view import Document, View
from events.types import parse_time

STATUSES = ("open", "resolved", "closed")

FILTERS = ("status", "priority", "kind", "customer_id", "owner")
SORTS = {"due_at": "due_at", "opened_at": "opened_at"}

OPEN_OF_CUSTOMER = IndexModel([("customer_id", 1), ("status", 1), ("due_at", 1), ("_id", 1)])
"""For those who want a customer's open cases however many others there were."""

ALARMS = IndexModel(
    [("alarm_at", 1), ("_id", 1)], partialFilterExpression={"alarm_at": {"$exists": True}}
)
"""For the timer that notices late cases."""

cases = View("cases", [*list_indexes(FILTERS, list(SORTS.values())), OPEN_OF_CUSTOMER, ALARMS])


def _case(event: Event) -> str:
    return str(event.data["case_id"])


@cases.on(CaseOpened, key=_case)
def opened(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(
        customer_id=data["customer_id"],
        kind=data["kind"],
        subject=data["subject"],
        priority=data["priority"],
        asked_priority=data["asked_priority"],
        process_version=data["process_version"],
        opened_at=parse_time(data["opened_at"]),
        breaches=[],
        reopenings=0,
        status="open",
        **known(
            interaction_id=data.get("interaction_id"),
            order_id=data.get("order_id"),
            tier=data.get("tier"),
        ),
    )
    _due(doc, event)
    _stamp(doc, event)


@cases.on(CasePrioritized, key=_case)
def prioritized(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(priority=data["to"], priority_cause=data["cause"], decision=data["decision"])
    if "tier" in data:
        doc["tier"] = data["tier"]
    else:
        doc["asked_priority"] = data["to"]
    _due(doc, event)
    _stamp(doc, event)


@cases.on(FirstResponseSent, key=_case)
def responded(doc: Document, event: Event) -> None:
    doc.update(
        responded_at=event.occurred_at,
        due_at=doc["due"]["resolution"],
        response_late=event.data["late"],
    )
    _stamp(doc, event)


@cases.on(SlaBreached, key=_case)
def breached(doc: Document, event: Event) -> None:
    # At most once for each of the two metrics, so the list stays short.
    doc["breaches"].append(
        {"metric": event.data["metric"], "late_by_seconds": event.data["late_by_seconds"]}
    )
    _stamp(doc, event)


@cases.on(CaseResolved, key=_case)
def resolved(doc: Document, event: Event) -> None:
    doc.update(
        status="resolved",
        resolved_at=event.occurred_at,
        due_at=doc["due"]["resolution"],
        cause_code=event.data["cause_code"],
        resolution=event.data["resolution"],
        contacts=event.data["contacts"],
    )
    _stamp(doc, event)


@cases.on(CaseReopened, key=_case)
def reopened(doc: Document, event: Event) -> None:
    doc.update(
        status="open",
        reopenings=doc["reopenings"] + 1,
        reopened_because=event.data["reason"],
        due_at=_next_due(doc),
    )
    _stamp(doc, event)


@cases.on(CaseClosed, key=_case)
def closed(doc: Document, event: Event) -> None:
    doc.update(status="closed", closed_at=event.occurred_at)
    _stamp(doc, event)


def _due(doc: Document, event: Event) -> None:
    doc["due"] = {metric: parse_time(at) for metric, at in event.data["due"].items()}
    doc["due_at"] = _next_due(doc)


def _next_due(doc: Document) -> object:
    return doc["due"]["resolution" if "responded_at" in doc else "first_response"]


def _stamp(doc: Document, event: Event) -> None:
    """The version for If-Match, and where the case belongs now."""
    move(doc, event)
    doc["version"] = event.version
    _set_alarm(doc)


def _set_alarm(doc: Document) -> None:
    missed = {breach["metric"] for breach in doc["breaches"]}
    awaited = {"resolution"} if "responded_at" in doc else {"first_response", "resolution"}
    left = [doc["due"][metric] for metric in awaited - missed]
    if doc["status"] == "open" and left:
        doc["alarm_at"] = min(left)
    else:
        doc.pop("alarm_at", None)
