"""Contracts as JSON Schema 2020-12, for readers who don't run our code.

The schema is what a producer may write: closed, with every bound. It accepts exactly what
`base.check` accepts, which a test tries with thousands of mutated examples. Only keywords that
draft 7 knows too are used, so that AsyncAPI tools read the same text. A field without a form in
JSON Schema is an error here: better than a published schema that says less than the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from decimal import Decimal
from functools import singledispatch
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from events.contracts import fields as ours
from events.contracts.shape import Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PERSONAL = "x-personal-data"
AT_LEAST = "x-at-least"
"""Smallest amount of money; JSON Schema can't compare decimals that are written in strings."""

DATE_TIME = (
    "^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)

Json = dict[str, Any]


def schema_id(wire_type: str) -> str:
    """The URN under which `dataschema` of the envelope names the schema."""
    return f"urn:throughline:schema:{wire_type}"


def json_schema(contract: type[Contract]) -> Json:
    """The published schema of one event type and version."""
    return {
        "$schema": DIALECT,
        "$id": schema_id(contract.TYPE),
        "title": contract.__name__,
        **_object(contract()),
    }


def described(schema: type[Schema] | Schema) -> str:
    """The docstring of a schema in one line; empty when it has none of its own."""
    own = (schema if isinstance(schema, type) else type(schema)).__dict__.get("__doc__")
    return " ".join(inspect.cleandoc(own or "").split())


def _object(schema: Schema) -> Json:
    if schema._hooks.get("validates_schema") or schema._hooks.get("validates"):
        name = type(schema).__name__
        raise TypeError(f"{name} has a rule that JSON Schema can't tell: it belongs in the domain")
    members: Mapping[str, fields.Field[Any]] = schema.fields
    result: Json = {"type": "object"}
    if text := described(schema):
        result["description"] = text
    result["properties"] = {_key(name, one): property_schema(one) for name, one in members.items()}
    result["required"] = [_key(name, one) for name, one in members.items() if one.required]
    result["additionalProperties"] = schema.unknown != RAISE
    return result


def _key(name: str, field: fields.Field[Any]) -> str:
    return field.data_key or name


def property_schema(field: fields.Field[Any]) -> Json:
    """One field: its form, its bounds, what it means, whether it is personal."""
    _refuse_unknown_form(field)
    result = _form(field)
    for validator in field.validators:
        result.update(_bound(validator, result.get("type")))
    if field.allow_none and "type" in result:
        result["type"] = [result["type"], "null"]
    if text := field.metadata.get("description"):
        result["description"] = text
    if field.metadata.get("pii"):
        result[PERSONAL] = True
    return result


def _refuse_unknown_form(field: fields.Field[Any]) -> None:
    """A subclass that checks more than the class whose form it would take needs its own."""
    for ancestor in type(field).__mro__:
        if ancestor in _form.registry and ancestor is not object:
            return
        if "_deserialize" in vars(ancestor):
            name = type(field).__name__
            raise TypeError(f"{name} has no JSON Schema form: teach json_schema.py one")


@singledispatch
def _form(field: fields.Field[Any]) -> Json:
    raise TypeError(f"{type(field).__name__} has no JSON Schema form: teach json_schema.py one")


@_form.register
def _string(_: fields.String) -> Json:
    return {"type": "string"}


@_form.register
def _matched(field: ours._Matched) -> Json:
    # `\d` means other digits too in Python, and only ours elsewhere.
    pattern = f"^(?:{field.pattern.pattern})$".replace(r"\d", "[0-9]")
    return {"type": "string", "pattern": pattern}


@_form.register
def _text(_: ours.Text) -> Json:
    forbidden = ours._CONTROL.pattern.removeprefix("[").removesuffix("]")
    return {"type": "string", "pattern": f"^[^{forbidden}]*$"}


@_form.register
def _time(_: ours.Time) -> Json:
    return {"type": "string", "format": "date-time", "pattern": DATE_TIME}


@_form.register
def _whole(_: ours.Count) -> Json:
    return {"type": "integer"}


@_form.register
def _flag(_: ours.Flag) -> Json:
    return {"type": "boolean"}


@_form.register
def _anything(_: fields.Raw) -> Json:
    return {}


@_form.register
def _map(field: fields.Dict) -> Json:
    if field.value_field is None:
        return {"type": "object"}
    return {"type": "object", "additionalProperties": property_schema(field.value_field)}


@_form.register(fields.List)
def _list(field: fields.List[Any]) -> Json:
    return {"type": "array", "items": property_schema(field.inner)}


@_form.register
def _nested(field: fields.Nested) -> Json:
    return _object(field.schema)


@_form.register
def _money(field: ours.Money) -> Json:
    result = _object(field.schema)
    if field.least is not None and field.least >= Decimal(0):
        amount = result["properties"]["amount"]
        amount["pattern"] = amount["pattern"].replace("-?", "", 1)
    if field.least is not None and field.least != Decimal(0):
        result[AT_LEAST] = str(field.least)
    return result


def _bound(validator: Any, kind: Any) -> Json:
    match validator:
        case validate.Length():
            return _length(validator, "Items" if kind == "array" else "Length")
        case validate.Range():
            return _range(validator)
        case validate.OneOf():
            return {"enum": list(validator.choices)}
        case _:
            name = getattr(validator, "__name__", type(validator).__name__)
            raise TypeError(f"the rule {name} has no JSON Schema form: it belongs in the domain")


def _length(length: validate.Length, what: str) -> Json:
    least = length.equal if length.equal is not None else length.min
    most = length.equal if length.equal is not None else length.max
    return _named({f"min{what}": least or None, f"max{what}": most})


def _range(bounds: validate.Range) -> Json:
    low = "minimum" if bounds.min_inclusive else "exclusiveMinimum"
    high = "maximum" if bounds.max_inclusive else "exclusiveMaximum"
    return _named({low: bounds.min, high: bounds.max})


def _named(keywords: Json) -> Json:
    return {key: value for key, value in keywords.items() if value is not None}
