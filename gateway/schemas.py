"""JSON Schema as people read it: a type in a few words, its fields as rows, an example.

Any document may come: what is not as OpenAPI 3.1 wants it is shown as `any`, and nothing here
follows references for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 6
"""How far nested schemas are followed: deeper than any of ours goes."""

MOST_VALUES = 300
"""Of one example: many more than a person wants to fill in."""

SCHEMAS = "#/components/schemas/"

Schema = Mapping[str, Any]
NOTHING: Schema = {}


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a table; `refers_to` names the schema that tells more."""

    name: str
    type: str
    required: bool
    description: str
    refers_to: str = ""


def mapping(value: Any) -> Schema:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else NOTHING


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def resolved(value: Any, whole: Schema) -> Schema:
    """What a local `$ref` points at, or the value itself."""
    found = mapping(value)
    for _ in range(DEEPEST):
        path = text(found.get("$ref"))
        if not path.startswith("#/"):
            return found
        target: Any = whole
        for step in path[2:].split("/"):
            target = mapping(target).get(step)
        found = mapping(target)
    return NOTHING


def named(schema: Any) -> str:
    """The name of the schema that this one is, or is a list of; empty when it has none."""
    found = mapping(schema)
    path = text(found.get("$ref")) or text(mapping(found.get("items")).get("$ref"))
    return path.removeprefix(SCHEMAS) if path.startswith(SCHEMAS) else ""


def type_words(schema: Any, depth: int = 0) -> str:
    """`string (date-time)`, `list of OrderLine`, `open, won or lost`."""
    found = mapping(schema)
    if name := text(found.get("$ref")):
        return name.rpartition("/")[2]
    if depth > DEEPEST:
        return "any"
    if choices := sequence(found.get("enum")):
        return _choices([str(choice) for choice in choices])
    for union in ("anyOf", "oneOf", "allOf"):
        if parts := sequence(found.get(union)):
            return " or ".join(type_words(part, depth + 1) for part in parts)
    if found.get("type") == "array":
        return f"list of {type_words(found.get('items'), depth + 1)}"
    form = text(found.get("format"))
    return _plain(found.get("type")) + (f" ({form})" if form else "")


def _choices(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _plain(kind: Any) -> str:
    if isinstance(kind, list):
        return " or ".join(str(one) for one in kind)
    return text(kind) or "any"


def fields(schema: Any, whole: Schema) -> list[Field]:
    """The properties of an object, in the document's order."""
    found = resolved(schema, whole)
    required = sequence(found.get("required"))
    return [
        Field(
            str(name),
            type_words(one),
            name in required,
            text(mapping(one).get("description")),
            named(one),
        )
        for name, one in mapping(found.get("properties")).items()
    ]


class Examples:
    """The smallest values that look right: required fields only, first choices, `…` for a word.

    Bounded, for schemas that refer to one another many times over grow without limit.
    """

    def __init__(self, whole: Schema, most: int = MOST_VALUES) -> None:
        self._whole = whole
        self._left = most

    def of(self, schema: Any, depth: int = 0) -> Any:
        self._left -= 1
        found = resolved(schema, self._whole)
        for key in ("example", "default", "const"):
            if key in found:
                return found[key]
        if choices := sequence(found.get("enum")):
            return choices[0]
        if depth > DEEPEST or self._left < 0:
            return None
        for union in ("anyOf", "oneOf", "allOf"):
            if parts := sequence(found.get(union)):
                return self.of(parts[0], depth + 1)
        return self._of_kind(found, depth)

    def _of_kind(self, found: Schema, depth: int) -> Any:
        kind = found.get("type")
        if isinstance(kind, list):
            kind = kind[0] if kind else None
        if kind == "object" or "properties" in found:
            properties = mapping(found.get("properties"))
            required = [name for name in sequence(found.get("required")) if isinstance(name, str)]
            return {name: self.of(properties.get(name), depth + 1) for name in required}
        if kind == "array":
            return [self.of(found.get("items"), depth + 1)]
        if kind in ("integer", "number"):
            return found.get("minimum", 1)
        if kind == "boolean":
            return False
        return _WORDS.get(text(found.get("format")), "…")


_WORDS = {"date-time": "2026-01-31T09:15:00Z", "date": "2026-01-31", "email": "ada@example.org"}
