"""Which changes a published schema survives, judged on the JSON Schemas themselves.

Every event ever stored must stay readable, and a field that readers use must not go away. So the
same type and version may take new optional fields, wider bounds and more words, and nothing else;
readers are deployed before producers, and ignore what they don't know. Any other change is a new
version of the event with an upcaster. A keyword that this module has no rule for is refused: a
gate that guesses is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_FREE = {"$schema", "$id", "title", "description", "x-personal-data"}
"""Words for people, and the mark that has its own rule."""
_STRUCTURE = {"properties", "required", "items"}
_LOW = {"minimum", "exclusiveMinimum", "minLength", "minItems"}
_HIGH = {"maximum", "exclusiveMaximum", "maxLength", "maxItems"}
_DROPPABLE = {"pattern", "format", "enum"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that stored events or old readers can't survive; prints as a sentence."""

    wire_type: str
    field: str
    what: str

    def __str__(self) -> str:
        name, _, version = self.wire_type.rpartition(".v")
        following = int(version) + 1
        return (
            f"{self.wire_type}: {self.field or 'the event'} {self.what}. Keep v{version} as it is, "
            f"add {name}.v{following} and an upcaster from version {version}."
        )


def refusals(wire_type: str, old: Json, new: Json) -> list[Refusal]:
    """What in `new` breaks events or readers of `old`; empty when the change is compatible."""
    return [Refusal(wire_type, field, what) for field, what in _compare(old, new, "")]


Found = Iterator[tuple[str, str]]


def _compare(old: Json, new: Json, at: str) -> Found:
    yield from _members(old, new, at)
    if "items" in old or "items" in new:
        yield from _compare(old.get("items", {}), new.get("items", {}), f"{at}[]")
    if old.get("x-personal-data") and not new.get("x-personal-data"):
        yield at, "is no longer marked as personal data, so its stored values would escape erasure"
    for keyword in sorted((old.keys() | new.keys()) - _FREE - _STRUCTURE):
        if old.get(keyword) != new.get(keyword):
            yield from _keyword(keyword, old, new, at)


def _members(old: Json, new: Json, at: str) -> Found:
    before, after = old.get("properties", {}), new.get("properties", {})
    must, shall = set(old.get("required", ())), set(new.get("required", ()))
    for name in before:
        path = f"{at}.{name}" if at else name
        if name not in after:
            yield path, "is removed"
            continue
        if (name in must) != (name in shall):
            yield path, _turned(name in shall)
        yield from _compare(before[name], after[name], path)
    for name in sorted(shall - before.keys()):
        yield f"{at}.{name}" if at else name, "is new and required, but stored events lack it"


def _turned(required: bool) -> str:
    if required:
        return "becomes required, but stored events may lack it"
    return "becomes optional, but its readers rely on it"


def _keyword(keyword: str, old: Json, new: Json, at: str) -> Found:
    before, after = old.get(keyword), new.get(keyword)
    if keyword == "enum" and before is not None and after is not None:
        if lost := [word for word in before if word not in after]:
            yield at, f"no longer takes {', '.join(map(repr, lost))}"
    elif keyword in _LOW | _HIGH:
        if _narrows(keyword, before, after):
            yield at, f"narrows {keyword} from {_said(before)} to {_said(after)}"
    elif keyword == "additionalProperties":
        yield at, "changes what happens to unknown fields"
    elif after is not None or keyword not in _DROPPABLE:
        yield at, f"changes {keyword} from {_said(before)} to {_said(after)}"


def _narrows(keyword: str, before: Any, after: Any) -> bool:
    """A bound may be loosened or dropped; a new one narrows."""
    if after is None or before is None:
        return after is not None
    return bool(after > before if keyword in _LOW else after < before)


def _said(value: Any) -> str:
    return "nothing" if value is None else repr(value)
