"""A view: a collection whose documents are a pure fold of events.

    orders = View("orders", indexes=[IndexModel([("customer_id", 1), ("_id", 1)])])

    @orders.on(OrderPlaced, key=lambda event: event.data["order_id"])
    def placed(doc: Document, event: Event) -> None:
        doc["status"] = "placed"

A handler reads no clock, no chance, no other document. Order holds only within a stream: each
context writes its own part of a document, and a handler copes with a parent that has not come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView, Mapping, Sequence
from typing import Any

from pymongo import IndexModel

from events.contracts.base import Contract
from events.envelope import Event

Document = dict[str, Any]
Key = Callable[[Event], str | None]
Handler = Callable[[Document, Event], None]
Touches = dict[str, list[tuple[Handler, Event]]]
"""By document, in the order of the events."""


class PoisonAt(Exception):
    """A handler could not take an event; the unit of work is tried again without its stream."""

    def __init__(self, event: Event, view: str, error: Exception) -> None:
        super().__init__(f"{event.entry} in {view}: {type(error).__name__}: {error}")
        self.event = event
        self.reason = f"view {view}: {type(error).__name__}: {error}"[:500]


class View:
    """`name` is the collection's name without the version.

    A document has its place in `org_unit`, `team` and `owner`, by which rights reach it (see
    `place` in folding.py); `open` views have none, and whoever has the route's right sees them
    whole: what is in them is about nobody in particular.
    """

    def __init__(
        self, name: str, indexes: Sequence[IndexModel] = (), *, open: bool = False
    ) -> None:
        self.name = name
        self.open = open
        self.indexes = tuple(indexes)
        self._handlers: dict[str, list[tuple[Key, Handler]]] = {}

    def on(self, *contracts: type[Contract], key: Key) -> Callable[[Handler], Handler]:
        """Registers a handler; `key` names the document, None leaves the event out."""

        def register(handler: Handler) -> Handler:
            for contract in contracts:
                self._handlers.setdefault(contract.TYPE, []).append((key, handler))
            return handler

        return register

    def routes(self, event: Event) -> Iterable[tuple[str, Handler]]:
        """The documents that the event touches, with what it does to each."""
        for key, handler in self._handlers.get(event.type, ()):
            name = key(event)
            if name is not None:
                yield name, handler

    @property
    def types(self) -> KeysView[str]:
        """Wire types with a handler; looked up for every event, so nothing is copied."""
        return self._handlers.keys()


def touches(view: View, events: Iterable[Event]) -> Touches:
    """What the events do to each document of the view that they touch. Raises `PoisonAt`."""
    found: Touches = {}
    for event in events:
        if event.type in view.types:
            try:
                for name, handler in view.routes(event):
                    found.setdefault(name, []).append((handler, event))
            except Exception as error:
                raise PoisonAt(event, view.name, error) from error
    return found


def fold(view: View, documents: Mapping[str, Document], touched: Touches) -> list[Document]:
    """Does to each document what the events do to it, in their order; each is returned once.

    `documents` may lack some: they start as `{"_id": key}`. Raises `PoisonAt`.
    """
    changed: list[Document] = []
    for name, acts in touched.items():
        document = documents.get(name) or {"_id": name}
        for handler, event in acts:
            try:
                handler(document, event)
            except Exception as error:
                raise PoisonAt(event, view.name, error) from error
        changed.append(document)
    return changed
