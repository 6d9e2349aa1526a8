"""What handlers of views do again and again: money that stays exact, counts, defaults."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from events.envelope import Event

Document = dict[str, Any]
Amount = Mapping[str, str]
"""`{"amount": "12.50", "currency": "USD"}`, as events carry it."""


PLACE = ("org_unit", "team", "owner")


def place(scope: Mapping[str, str]) -> Document:
    """A place as a document has it: one that lacks it is reached by `all` alone."""
    return {name: scope[name] for name in PLACE if name in scope}


def move(doc: Document, event: Event) -> None:
    """Puts the document where the event's record belongs now."""
    for name in PLACE:
        doc.pop(name, None)
    doc.update(event.scope.to_data())


def exact(money: Amount) -> Document:
    """The same with a decimal amount: it sorts and adds up in MongoDB."""
    return {"amount": Decimal(money["amount"]), "currency": money["currency"]}


def add_money(doc: Document, name: str, money: Amount) -> None:
    """Adds to the sums by currency that `doc[name]` holds."""
    sums = doc.setdefault(name, {})
    currency = money["currency"]
    sums[currency] = sums.get(currency, Decimal(0)) + Decimal(money["amount"])


def count(doc: Document, name: str, by: int = 1) -> None:
    """Adds to a counter."""
    doc[name] = doc.get(name, 0) + by


def known(**fields: Any) -> Document:
    """The fields that have a value: a document names nothing that it does not know."""
    return {name: value for name, value in fields.items() if value is not None}
