"""The form of own events and own fields: a JSON Schema 2020-12 that an installation brings along.

It comes from outside and is worked on by every later write, so it is taken only within bounds: no
reference but to its own `$defs`, and none in a circle; no more nodes than `MAX_NODES` with all
references followed; patterns for an engine that takes linear time. Objects that name their
properties are closed, and keywords are those below: only so can be told, property by property,
whether a newer form takes what an older one took.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from events.contracts.compatibility import refusals
from events.contracts.json_schema import DIALECT
from events.contracts.platform import MAX_FORM_CHARS
from events.errors import FieldFault, Invalid

MAX_DEPTH = 16
MAX_NODES = 2_000
"""Every node costs each write: this many take well under a millisecond."""
MAX_PATTERN_BYTES = 100_000
"""Of a compiled pattern."""

_NOTES = {"title", "description", "$comment", "default", "examples", "deprecated"}
"""They say nothing about which data are right."""

_NAMED = {"properties", "$defs"}
_LISTED = {"prefixItems", "anyOf", "oneOf", "allOf"}
_SINGLE = {"items", "additionalProperties", "not"}
_PLAIN = {
    "$schema", "$ref", "type", "enum", "const", "required", "dependentRequired",
    "minProperties", "maxProperties", "minItems", "maxItems", "uniqueItems", "minLength",
    "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf",
}  # fmt: skip
_KNOWN = _NOTES | _NAMED | _LISTED | _SINGLE | _PLAIN
_DEFS = "#/$defs/"
_OWN = re.compile(r"#/\$defs/[^/~%]+")

Json: TypeAlias = Mapping[str, Any]


def read_form(schema: Json, at: str, *, of_object: bool) -> str:
    """The form as text, always the same for the same form. Raises Invalid with places under `at`.

    `of_object`: what it describes must be an object with named members.
    """
    text = json.dumps(schema, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if len(text) > MAX_FORM_CHARS:
        raise _refused([(at, f"must be at most {MAX_FORM_CHARS} characters as JSON")])
    if faults := list(_walk(schema, at, 1)):
        raise _refused(faults)
    if of_object and schema.get("type") != "object":
        raise _refused([(f"{at}/type", "must be object")])
    if not schema.keys() - _NOTES:
        raise _refused([(at, "must say what is right")])
    if (told := _circle_or_weight(schema)) is not None:
        raise _refused([(at, told)])
    try:
        _validator(text)
    except ValidationError as error:
        raise _refused([(at + _pointer(error.instance_path), error.message)]) from None
    return text


def faults_of(form: str, value: Any, at: str) -> list[FieldFault]:
    """What in the value is not as the form wants it; no message quotes a value."""
    validator = _validator(form)
    if validator.is_valid(value):
        return []
    return [fault for error in validator.iter_errors(value) for fault in _told(error, at)]


def narrowed(old: str, new: str) -> list[str]:
    """What of the old form's data the new form would refuse; empty when none."""
    found = refusals("form.v1", _bare(json.loads(old)), _bare(json.loads(new)))
    return [f"{one.field or 'the whole'} {one.what}" for one in found]


@lru_cache(maxsize=1024)
def _validator(form: str) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(form),
        validate_formats=True,
        ignore_unknown_formats=False,
        mask="this",
        pattern_options=RegexOptions(size_limit=MAX_PATTERN_BYTES),
        offline=True,
    )


def _refused(faults: list[tuple[str, str]]) -> Invalid:
    return Invalid(
        "that is no form that can be taken", [FieldFault(where, what) for where, what in faults]
    )


def _told(error: ValidationError, at: str) -> Iterator[FieldFault]:
    """A member that is missing or too many is named itself, not the object around it."""
    where = at + _pointer(error.instance_path)
    kind = error.kind.as_dict()
    if "property" in kind:
        yield FieldFault(where + _pointer([kind["property"]]), "is missing")
    elif "unexpected" in kind:
        for name in kind["unexpected"]:
            yield FieldFault(where + _pointer([name]), "is not known here")
    else:
        yield FieldFault(where, error.message.removeprefix("this "))


def _pointer(steps: Any) -> str:
    return "".join("/" + str(one).replace("~", "~0").replace("/", "~1") for one in steps)


# --- what a form may be made of


def _walk(node: Any, at: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every place that breaks a rule of form, with what it breaks."""
    if isinstance(node, bool):
        return
    if not isinstance(node, dict):
        yield at, "must be an object, true or false"
        return
    if depth > MAX_DEPTH:
        yield at, f"must not lie deeper than {MAX_DEPTH} schemas"
        return
    for keyword, value in node.items():
        yield from _keyword(keyword, value, at + _pointer([keyword]), depth)
    if "properties" in node and node.get("additionalProperties") is not False:
        yield f"{at}/additionalProperties", "must be false where there are properties"
    if "$defs" in node and depth > 1:
        yield f"{at}/$defs", "must stand at the top"


def _keyword(keyword: str, value: Any, at: str, depth: int) -> Iterator[tuple[str, str]]:
    below = _below(keyword, value)
    if below is None:
        yield at, "must be a list" if keyword in _LISTED else "must be an object"
    elif told := _wrong(keyword, value):
        yield at, told
    for step, inner in below or ():
        yield from _walk(inner, at + step, depth + 1)


def _below(keyword: str, value: Any) -> list[tuple[str, Any]] | None:
    """The schemas that a keyword holds, by the step that leads to each; None for nonsense."""
    if keyword in _SINGLE:
        return [("", value)]
    if keyword in _NAMED:
        return _named(value.items()) if isinstance(value, dict) else None
    if keyword in _LISTED:
        return _named(enumerate(value)) if isinstance(value, list) else None
    return []


def _named(schemas: Iterable[tuple[Any, Any]]) -> list[tuple[str, Any]]:
    return [(_pointer([name]), one) for name, one in schemas]


def _wrong(keyword: str, value: Any) -> str | None:
    if keyword == "$ref":
        own = isinstance(value, str) and _OWN.fullmatch(value)
        return None if own else f"must refer to the form's own {_DEFS}<name>"
    if keyword == "$schema":
        return None if value == DIALECT else f"must be {DIALECT}"
    return None if keyword in _KNOWN else "is a keyword that is not taken here"


class _Circle(Exception):
    """By the name in `$defs` that can't be followed."""


def _circle_or_weight(schema: Json) -> str | None:
    """Why the references can't be followed, or cost too much; None when they are well."""
    defs: Json = schema.get("$defs", {})
    weights: dict[str, int] = {}

    def weigh(node: Any, within: tuple[str, ...]) -> int:
        if isinstance(node, bool):
            return 1
        below = [_below(key, value) or [] for key, value in node.items() if key != "$defs"]
        total = 1 + sum(weigh(inner, within) for schemas in below for _, inner in schemas)
        if "$ref" in node:
            name = node["$ref"].removeprefix(_DEFS)
            if name in within or len(within) > MAX_DEPTH:
                raise _Circle(name)
            if name not in weights:
                weights[name] = weigh(defs.get(name, {}), (*within, name))
            total += weights[name]
        return total

    try:
        weight = weigh(schema, ()) + sum(weigh(one, (name,)) for name, one in defs.items())
    except _Circle as circle:
        return f"must not refer in a circle, or further than {MAX_DEPTH} steps: {circle}"
    return f"must be at most {MAX_NODES} schemas" if weight > MAX_NODES else None


def _bare(node: Any) -> dict[str, Any]:
    """The schema as `compatibility` compares it: an object at every place, without notes."""
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    bare = {keyword: value for keyword, value in node.items() if keyword not in _NOTES}
    if "properties" in bare:
        bare["properties"] = {name: _bare(one) for name, one in bare["properties"].items()}
    if "items" in bare:
        bare["items"] = _bare(bare["items"])
    return bare
