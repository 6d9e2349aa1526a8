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


class PoisonAt(Exception):
    """A handler could not take an event; the unit of work is tried again without its stream."""

    def __init__(self, event: Event, view: str, error: Exception) -> None:
        super().__init__(f"{event.entry} in {view}: {type(error).__name__}: {error}")
        self.event = event
        self.reason = f"view {view}: {type(error).__name__}: {error}"[:500]


class View:
    """`name` is the collection's name without the version."""

    def __init__(self, name: str, indexes: Sequence[IndexModel] = ()) -> None:
        self.name = name
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


def keys_of(view: View, events: Iterable[Event]) -> set[str]:
    """Documents of the view that the events touch. Raises `PoisonAt`."""
    found: set[str] = set()
    for event in events:
        if event.type in view.types:
            try:
                found.update(name for name, _ in view.routes(event))
            except Exception as error:
                raise PoisonAt(event, view.name, error) from error
    return found


def fold(view: View, documents: Mapping[str, Document], events: Iterable[Event]) -> list[Document]:
    """Applies the events to the documents; each changed document is returned once.

    `documents` may lack some: they start as `{"_id": key}`. Raises `PoisonAt`.
    """
    changed: dict[str, Document] = {}
    for event in events:
        if event.type not in view.types:
            continue
        try:
            for name, handler in view.routes(event):
                document = changed.get(name)
                if document is None:
                    document = changed[name] = documents.get(name) or {"_id": name}
                handler(document, event)
        except Exception as error:
            raise PoisonAt(event, view.name, error) from error
    return list(changed.values())
