"""Personal data in answers: left out for whoever has no right to them, noted for the others.

Which fields are personal stands at the fields themselves, in contracts and answers alike
(`pii=True`, or `personal()` for plain marshmallow fields). The data of an event are masked by the
contract of its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from flask import Response
from marshmallow import Schema

from events.contracts.base import all_contracts
from events.contracts.fields import personal_fields
from events.http.guard import may

PERSONAL = "personal.read"

HIDDEN = "•••"
"""Stands for a text that may not be seen. Anything else is left out."""

ACCESSED = "X-Internal-Accessed"
"""Tells the gateway that personal data were read: `<operation> <id or ->`. It records that, and
sends nothing of the kind to a client."""

EVENT_DATA = "event_data"
"""Metadata of a field that holds an event's data, whose type stands beside it in `type`."""

Tree: TypeAlias = "Mapping[str, Tree | None]"
"""Steps into a document; None ends at what is personal, `*` goes through a list."""

NOTHING: Tree = {}


def personal(description: str | None = None) -> dict[str, Any]:
    """Metadata of a marshmallow field that holds personal data."""
    return {"pii": True, **({"description": description} if description else {})}


@dataclass(frozen=True, slots=True)
class Mask:
    """What of one schema's documents is personal; `events` are the fields with events' data."""

    tree: Tree
    events: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.tree or self.events)

    @staticmethod
    def identity(document: Any) -> Any:
        return document

    def masked(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The document without what is personal."""
        if self.empty:
            return document
        shown: dict[str, Any] = _hide(document, self.tree)
        for name in self.events:
            if name in shown:
                shown[name] = masked_data(str(document.get("type")), shown[name])
        return shown


@lru_cache(maxsize=1024)
def mask_of(schema: type[Schema]) -> Mask:
    """What of the schema is personal, at any depth."""
    declared = schema().fields.items()
    events = tuple(name for name, one in declared if one.metadata.get(EVENT_DATA))
    return Mask(_tree(personal_fields(schema)), events)


def masked_data(wire_type: str, data: Any) -> Any:
    """An event's data without what is personal; nothing of a type that is not known here."""
    tree = _tree_of_type(wire_type)
    return {} if tree is None else _hide(data, tree)


@lru_cache(maxsize=1024)
def _tree_of_type(wire_type: str) -> Tree | None:
    contract = all_contracts().get(wire_type)
    return _tree(personal_fields(contract)) if contract else None


def _tree(paths: Sequence[str]) -> Tree:
    root: dict[str, Any] = {}
    for path in paths:
        *steps, last = path.split("/")[1:]
        here = root
        for step in steps:
            here = here.setdefault(step, {})
            if here is None:
                break  # all of it is personal already
        else:
            here[last] = None
    return root


def _hide(value: Any, tree: Tree) -> Any:
    if isinstance(value, Mapping):
        shown = {}
        for name, one in value.items():
            inner = tree.get(name, NOTHING)
            if inner is not None:
                shown[name] = _hide(one, inner) if inner else one
            elif isinstance(one, str):
                shown[name] = HIDDEN
        return shown
    if isinstance(value, list) and "*" in tree:
        inner = tree["*"]
        return [] if inner is None else [_hide(one, inner) for one in value]
    return value


def note_access(response: Response, mask: Mask, operation: str, path: Mapping[str, Any]) -> None:
    """Tells the gateway of a read that showed personal data."""
    if not mask.empty and may(PERSONAL) and response.status_code == 200:
        response.headers[ACCESSED] = f"{operation} {next(iter(path.values()), '-')}"
