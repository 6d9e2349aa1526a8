"""The small business of the simulation: things with totals, in two or three contexts.

Order matters within a stream (`history` in the view of things is order-sensitive); between
streams and contexts nothing may depend on order, as for every view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from events.contracts.base import Contract, Fact
from events.deciding import Decider, Scope
from events.envelope import Event
from events.errors import RuleBroken
from events.projection.view import Document, View
from events.types import CustomerId

CONTEXTS = ("marketing", "sales", "service")
LIMIT = 120
"""A thing whose total would exceed it refuses: refusals depend on the state."""


@dataclass(frozen=True, slots=True)
class Thing:
    """State of the aggregate."""

    customer: CustomerId | None = None
    total: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Grow:
    """Adds the amounts, one event each; a `poisonous` one breaks the view of things."""

    customer: str | None
    parent: str
    amounts: tuple[int, ...]
    poisonous: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """Changes the label; nothing happens when it has it already."""

    text: str


def type_of(context: str, fact: str) -> str:
    return f"crm.{context}.thing.{fact}.v1"


def _evolve(state: Thing, fact: Fact) -> Thing:
    data = fact.data
    if "amount" in data:
        return Thing(data.get("customer_id"), state.total + data["amount"], state.label)
    return Thing(state.customer, state.total, data["text"])


def _decide(context: str, state: Thing, command: Grow | Label) -> Sequence[Fact]:
    if isinstance(command, Label):
        same = command.text == state.label
        return [] if same else [Fact(type_of(context, "labelled"), {"text": command.text})]
    if state.total + sum(command.amounts) > LIMIT:
        raise RuleBroken("too-much", "the total would exceed the limit")
    who = {} if command.customer is None else {"customer_id": command.customer}
    return [
        Fact(
            type_of(context, "grown"),
            {**who, "amount": amount, "parent": command.parent, "poisonous": command.poisonous},
        )
        for amount in command.amounts
    ]


@cache
def decider(context: str) -> Decider[Thing, Grow | Label]:
    """Aggregate types are unique across contexts, as the platform's are."""
    return Decider(
        aggregate=f"{context}_thing",
        initial=Thing(),
        decide=lambda state, command: _decide(context, state, command),
        evolve=_evolve,
        subject=lambda state: state.customer,
        scope=lambda _: Scope(),
    )


@cache
def _contract(wire_type: str) -> type[Contract]:
    """Only names a type to a view; it is in no registry."""
    return type("Named", (Contract,), {"TYPE": wire_type})


def views(healed: set[str]) -> list[View]:
    """Fresh views; `healed` are entries whose poison has been dealt with by a new deploy."""
    return [_things(healed), _customers(), _families(), _types()]


def _all(fact: str) -> list[type[Contract]]:
    return [_contract(type_of(context, fact)) for context in CONTEXTS]


def _things(healed: set[str]) -> View:
    view = View("things")

    @view.on(*_all("grown"), key=lambda event: event.stream)
    def grown(doc: Document, event: Event) -> None:
        doc["total"] = doc.get("total", 0) + event.data["amount"]
        doc["history"] = (doc.get("history", 7) * 31 + event.version) % 1_000_003
        if event.data["poisonous"] and event.entry not in healed:
            raise ValueError("poison")

    @view.on(*_all("labelled"), key=lambda event: event.stream)
    def labelled(doc: Document, event: Event) -> None:
        doc["label"] = event.data["text"]
        doc["history"] = (doc.get("history", 7) * 31 + event.version) % 1_000_003

    return view


def _customers() -> View:
    view = View("customers")

    @view.on(*_all("grown"), key=lambda event: event.subject)
    def grown(doc: Document, event: Event) -> None:
        part = doc.setdefault(event.source, {"events": 0, "sum": Decimal(0)})
        part["events"] += 1
        part["sum"] += Decimal(event.data["amount"]) / 100

    return view


def _families() -> View:
    """Written from two sides: a child may come before its parent, which then is a stub."""
    view = View("families")

    @view.on(*_all("grown"), key=lambda event: event.data["parent"])
    def child(doc: Document, event: Event) -> None:
        doc["children"] = doc.get("children", 0) + event.data["amount"]

    @view.on(*_all("labelled"), key=lambda event: event.stream)
    def parent(doc: Document, event: Event) -> None:
        doc["name"] = event.data["text"]

    return view


def _types() -> View:
    """The hot document: everybody writes to it."""
    view = View("types")

    @view.on(*_all("grown"), *_all("labelled"), key=lambda event: event.type)
    def counted(doc: Document, event: Event) -> None:
        doc["count"] = doc.get("count", 0) + 1

    return view
