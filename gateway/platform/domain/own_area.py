"""What a customer may see of his own story: a pure fold of his timeline, by a list of what is safe.

A type of event that is not in the list is left out, and of those in it only the fields that are
named here are taken: whatever is added to events stays inside until somebody writes it down here.
Not who works on it, not where, not how urgent it is to us, not what it costs us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from events.contracts.sales import OrderCancelled, OrderCompleted, OrderPlaced
from events.contracts.service import (
    CaseClosed,
    CaseOpened,
    CasePrioritized,
    CaseReopened,
    CaseResolved,
    FirstResponseSent,
)
from events.types import parse_time

Entry: TypeAlias = Mapping[str, Any]
"""An entry of the timeline: `at`, `type`, `stream`, `version`, `data`."""
Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OwnArea:
    """Newest first. A record whose beginning is not known is not shown."""

    orders: list[Record] = field(default_factory=list)
    cases: list[Record] = field(default_factory=list)
    happened: list[Record] = field(default_factory=list)


Step: TypeAlias = Callable[[Record, Mapping[str, Any], Any], None]
"""What an event does to the order or the case: (record, data, when it happened)."""


def _placed(order: Record, data: Mapping[str, Any], at: Any) -> None:
    lines = [{"product_id": one["product_id"], "qty": one["qty"]} for one in data["lines"]]
    total = {name: data["total"][name] for name in ("amount", "currency")}
    order.update(id=data["order_id"], status="placed", placed_at=at, total=total, lines=lines)


def _completed(order: Record, _data: Mapping[str, Any], at: Any) -> None:
    order.update(status="completed", completed_at=at)


def _cancelled(order: Record, _data: Mapping[str, Any], at: Any) -> None:
    order.update(status="cancelled", cancelled_at=at)


def _opened(case: Record, data: Mapping[str, Any], at: Any) -> None:
    case.update(
        id=data["case_id"],
        kind=data["kind"],
        subject=data["subject"],
        status="open",
        opened_at=at,
    )
    _due(case, data, at)


def _due(case: Record, data: Mapping[str, Any], _at: Any) -> None:
    """The priority that moved it is not told."""
    case["due_at"] = parse_time(data["due"]["resolution"])


def _answered(case: Record, _data: Mapping[str, Any], at: Any) -> None:
    case.setdefault("answered_at", at)


def _resolved(case: Record, _data: Mapping[str, Any], at: Any) -> None:
    case.update(status="resolved", resolved_at=at)


def _reopened(case: Record, _data: Mapping[str, Any], _at: Any) -> None:
    case.pop("resolved_at", None)
    case["status"] = "open"


def _closed(case: Record, _data: Mapping[str, Any], _at: Any) -> None:
    case["status"] = "closed"


@dataclass(frozen=True, slots=True)
class Safe:
    """`of` is what it is about, `words` what the customer reads of it: none, and it is no news."""

    of: str
    step: Step
    words: str = ""


SAFE: Mapping[str, Safe] = {
    OrderPlaced.TYPE: Safe("order", _placed, "You ordered"),
    OrderCompleted.TYPE: Safe("order", _completed, "Your order was completed"),
    OrderCancelled.TYPE: Safe("order", _cancelled, "Your order was cancelled"),
    CaseOpened.TYPE: Safe("case", _opened, "Your request came in"),
    CasePrioritized.TYPE: Safe("case", _due),
    FirstResponseSent.TYPE: Safe("case", _answered, "We answered your request"),
    CaseResolved.TYPE: Safe("case", _resolved, "Your request was resolved"),
    CaseReopened.TYPE: Safe("case", _reopened, "Your request was opened again"),
    CaseClosed.TYPE: Safe("case", _closed, "Your request was closed"),
}


def own_area(entries: Iterable[Entry]) -> OwnArea:
    """Of the entries of one customer, in any order."""
    records: dict[tuple[str, str], Record] = {}
    happened: list[Record] = []
    # By version, not by time: the clocks of two machines may differ.
    for entry in sorted(entries, key=lambda one: (one["stream"], one["version"])):
        safe = SAFE.get(entry["type"])
        if safe is None:
            continue
        id = str(entry["data"][f"{safe.of}_id"])
        safe.step(records.setdefault((safe.of, id), {}), entry["data"], entry["at"])
        if safe.words:
            happened.append({"at": entry["at"], "what": safe.words, f"{safe.of}_id": id})
    return OwnArea(
        _known(records, "order", "placed_at"),
        _known(records, "case", "opened_at"),
        sorted(happened, key=lambda one: one["at"], reverse=True),
    )


def _known(records: Mapping[tuple[str, str], Record], of: str, by: str) -> list[Record]:
    whole = [record for (kind, _), record in records.items() if kind == of and by in record]
    return sorted(whole, key=lambda one: (one[by], one["id"]), reverse=True)
