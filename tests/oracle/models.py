"""A few read models, computed again from the topics in a few lines and compared with the views.

Each entry of `MODELS` is a view and what its documents must say: {document id: {field: value}}.
Fields that are not computed here are not compared; documents must be exactly those computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from tests.oracle.evidence import Evidence
from tests.oracle.findings import Finding
from tests.oracle.places import Db, Places
from tests.oracle.seen import Seen

Expected = dict[str, dict[str, Any]]
"""Document id → field (dots lead into objects) → value."""


def check_models(places: Places, evidence: Evidence) -> Iterator[Finding]:
    events = evidence.in_order()
    with places.databases() as databases:
        for (service, view), compute in MODELS.items():
            if service in databases:
                live = evidence.projections[service].pointer["live"]
                yield from _compare(
                    f"{service} {view}", databases[service], view, live, compute(events)
                )


def _compare(where: str, db: Db, view: str, live: int, expected: Expected) -> Iterator[Finding]:
    found = {one["_id"]: one for one in db[f"{view}_v{live}"].find()}
    for id in expected.keys() | found.keys():
        if id not in expected or id not in found:
            there = "should not be there" if id in found else "is missing"
            yield Finding("diverging", where, f"{id} {there}")
            continue
        for path, value in expected[id].items():
            shown = _at(found[id], path)
            if shown != value:
                yield Finding("diverging", where, f"{id}: {path} is {shown!r}, should be {value!r}")


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value.to_decimal() if isinstance(value, Decimal128) else value


# --- what the views must say


def orders(events: Sequence[Seen]) -> Expected:
    """Status, customer, pieces, and the total added up from the lines again."""
    found: Expected = {}
    for event in events:
        if event.fact == "order.placed":
            found[event.data["order_id"]] = {
                "status": "placed",
                "customer_id": event.data["customer_id"],
                "quantity": sum(line["qty"] for line in event.data["lines"]),
                "total.amount": _total(event.data),
                "version": event.version,
            }
        elif event.fact in ("order.completed", "order.cancelled"):
            status = event.fact.split(".")[1]
            found[event.data["order_id"]].update(status=status, version=event.version)
    return found


def _total(order: Mapping[str, Any]) -> Decimal:
    lines = (line["qty"] * Decimal(line["price"]["amount"]) - _off(line) for line in order["lines"])
    return sum(lines, Decimal(0)) - _off(order)


def _off(thing: Mapping[str, Any]) -> Decimal:
    return Decimal(thing["discount"]["amount"]) if "discount" in thing else Decimal(0)


def buyers(events: Sequence[Seen]) -> Expected:
    """What sales knows of each customer: that he is there, counts, money by currency, tier."""
    found: Expected = {}
    counters = {
        "order.placed": "orders_placed",
        "order.completed": "orders_completed",
        "order.cancelled": "orders_cancelled",
    }
    for event in events:
        own = event.aggregate in ("order", "opportunity")
        touches = own or event.fact in ("customer.registered", "insight.tier_changed")
        if not touches or event.fact == "opportunity.stage_advanced":
            continue
        told = found.setdefault(event.data["customer_id"], {})
        if name := counters.get(event.fact):
            told[name] = told.get(name, 0) + 1
        if event.fact == "order.completed":
            spent = f"spent.{event.data['total']['currency']}"
            told[spent] = told.get(spent, Decimal(0)) + Decimal(event.data["total"]["amount"])
        if event.fact == "insight.tier_changed":
            told["tier"] = event.data["to"]
    return found


def known_to_marketing(events: Sequence[Seen]) -> Expected:
    own = ("customer", "lead")
    others = ("insight.tier_changed", "interaction.unknown_party_identified")
    return _tiers(event for event in events if event.aggregate in own or event.fact in others)


def known_to_service(events: Sequence[Seen]) -> Expected:
    facts = (
        "insight.tier_changed",
        "interaction.started",
        "interaction.unknown_party_identified",
        "case.opened",
        "case.resolved",
        "case.reopened",
        "case.sla_breached",
    )
    return _tiers(event for event in events if event.aggregate == "customer" or event.fact in facts)


def _tiers(events: Iterable[Seen]) -> Expected:
    """The customers of these events, with the tier that analytics gave them last."""
    found: Expected = {}
    for event in events:
        told = found.setdefault(event.data["customer_id"], {"tier": None})
        if event.fact == "insight.tier_changed":
            told["tier"] = event.data["to"]
    return found


def leads(events: Sequence[Seen]) -> Expected:
    return _statuses(events, "lead", {"captured": "captured"})


def cases(events: Sequence[Seen]) -> Expected:
    return _statuses(
        events,
        "case",
        {
            "opened": "open",
            "reopened": "open",
            "prioritized": None,
            "first_response_sent": None,
            "sla_breached": None,
        },
    )


def _statuses(events: Sequence[Seen], aggregate: str, words: Mapping[str, str | None]) -> Expected:
    """Status and version of each; a fact that `words` lacks is the status itself."""
    found: Expected = {}
    for event in events:
        if event.aggregate == aggregate:
            told = found.setdefault(event.data[f"{aggregate}_id"], {})
            fact = event.fact.split(".")[1]
            status = words.get(fact, fact)
            told.update(version=event.version, customer_id=event.data["customer_id"])
            told.update({"status": status} if status else {})
    return found


Compute = Callable[[Sequence[Seen]], Expected]
MODELS: Mapping[tuple[str, str], Compute] = {
    ("sales", "orders"): orders,
    ("sales", "customers"): buyers,
    ("marketing", "customers"): known_to_marketing,
    ("marketing", "leads"): leads,
    ("service", "customers"): known_to_service,
    ("service", "cases"): cases,
}
