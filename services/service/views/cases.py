"""Cases as work lists show them: one document a case, written by service alone.

`due_at` is until when the next step is due: the first response, then the resolution.

Indexes: each sort alone, with status, with customer_id and with owner; kind and priority stand
behind the sort, so that they are tested in the index. Other combinations of filters use one of
these. The reaction to a changed tier reads by customer_due.
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
from events.projection.view import Document, View
from events.types import parse_time

STATUSES = ("open", "resolved", "closed")

_OPENED = [("opened_at", -1), ("_id", -1), ("kind", 1), ("priority", 1)]
_DUE = [("due_at", 1), ("_id", 1), ("kind", 1), ("priority", 1)]

cases = View(
    "cases",
    indexes=[
        IndexModel(_OPENED, name="opened"),
        IndexModel(_DUE, name="due"),
        IndexModel([("status", 1), *_OPENED], name="status_opened"),
        IndexModel([("status", 1), *_DUE], name="status_due"),
        IndexModel([("customer_id", 1), *_OPENED], name="customer_opened"),
        IndexModel([("customer_id", 1), ("status", 1), *_DUE], name="customer_status_due"),
        IndexModel([("owner", 1), *_OPENED], name="owner_opened"),
        IndexModel([("owner", 1), *_DUE], name="owner_due"),
    ],
)


def _case(event: Event) -> str:
    return str(event.data["case_id"])


@cases.on(CaseOpened, key=_case)
def opened(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(
        customer_id=data["customer_id"],
        kind=data["kind"],
        subject=data["subject"],
        interaction_id=data.get("interaction_id"),
        order_id=data.get("order_id"),
        priority=data["priority"],
        asked_priority=data["asked_priority"],
        tier=data.get("tier"),
        process_version=data["process_version"],
        opened_at=parse_time(data["opened_at"]),
        responded_at=None,
        breaches=[],
        reopenings=0,
        status="open",
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
    return doc["due"]["first_response" if doc["responded_at"] is None else "resolution"]


def _stamp(doc: Document, event: Event) -> None:
    """The version for If-Match, and where the case belongs now."""
    doc.update(
        version=event.version,
        org_unit=event.scope.org_unit,
        team=event.scope.team,
        owner=event.scope.owner,
    )
