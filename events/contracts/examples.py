"""Example data made from a contract: with every optional field, or with none.

The same contract always gives the same example. Where a contract has rules across fields, an
example from here may break them; whoever uses one checks it and writes a better one by hand.
"""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch
from typing import Any
from zlib import crc32

from marshmallow import Schema, fields, validate

from events.contracts import fields as ours
from events.contracts.base import Contract, Data

_IDENTITY = "01934f7e-8a00-7000-8000-0000"
_TIME = "2026-01-31T09:15:00.000Z"
_LATER = {
    "first_response": "2026-01-31T10:15:00.000Z",
    "resolution": "2026-02-02T09:15:00.000Z",
    "expected_close": "2026-06-30T00:00:00.000Z",
}
_WORDS = {
    "name": "Ada Lovelace",
    "value": "+442079460000",
    "locale": "en-GB",
    "subject": "The printer does not print",
    "need": "A quieter printer for the reading room",
    "raw": "Please call me about the quiet printers.",
    "resolution": "Replaced the drum and printed a test page.",
    "reference": "minutes of the visit on 30 January",
    "product_line": "printers",
    "channel": "web",
    "pipeline": "standard",
    "stage": "offer",
    "tier": "caring",
    "kind": "complaint",
    "cause": "tier_changed",
    "reason": "wrong_date",
    "reason_code": "recomputed",
    "cause_code": "worn_part",
    "disposition": "answered",
    "field": "name",
    "org_unit": "north",
    "team": "north-1",
    "owner": "seller-7",
}
"""Readable words for common names; every other field is called what it is called."""


def full(contract: type[Contract]) -> Data:
    """An example with every field that the contract knows."""
    return _object(contract(), everything=True)


def minimal(contract: type[Contract]) -> Data:
    """An example with the required fields only, lists as short as they may be."""
    return _object(contract(), everything=False)


def _object(schema: Schema, everything: bool) -> dict[str, Any]:
    return {
        field.data_key or name: _value(field, name, everything)
        for name, field in schema.fields.items()
        if everything or field.required
    }


@singledispatch
def _value(field: fields.Field[Any], name: str, _everything: bool) -> Any:
    raise TypeError(f"{name}: {type(field).__name__} has no example: teach examples.py one")


@_value.register
def _string(field: fields.String, name: str, _everything: bool) -> Any:
    choices = [one for one in field.validators if isinstance(one, validate.OneOf)]
    # The last word, where a field says what came before, so that it differs from what came after.
    return (
        list(choices[0].choices)[-1 if name == "from" else 0] if choices else _WORDS.get(name, name)
    )


@_value.register
def _text(field: ours.Text, name: str, _everything: bool) -> str:
    text = _WORDS.get(name, f"an example of {name.replace('_', ' ')}")
    bounds = [one for one in field.validators if isinstance(one, validate.Length)]
    longest = min((one.max for one in bounds if one.max is not None), default=len(text))
    shortest = max((one.min for one in bounds if one.min is not None), default=0)
    return text[:longest].ljust(shortest, ".")


@_value.register
def _id(_: ours.Id, name: str, _everything: bool) -> str:
    return _WORDS.get(name) or f"{_IDENTITY}{crc32(name.encode()):08x}"


@_value.register
def _currency(_: ours.Currency, _name: str, _everything: bool) -> str:
    return "USD"


@_value.register
def _amount(_: ours.Amount, _name: str, _everything: bool) -> str:
    return "12.50"


@_value.register
def _time(_: ours.Time, name: str, _everything: bool) -> str:
    return _LATER.get(name, _TIME)


@_value.register
def _integer(field: fields.Integer, _name: str, _everything: bool) -> int:
    lows = [one.min for one in field.validators if isinstance(one, validate.Range)]
    return max([1, *(int(low) for low in lows if low is not None)])


@_value.register
def _boolean(_: fields.Boolean, _name: str, everything: bool) -> bool:
    return everything


@_value.register
def _anything(_: fields.Raw, _name: str, everything: bool) -> Any:
    return "something" if everything else None


@_value.register
def _map(_: fields.Dict, _name: str, everything: bool) -> dict[str, Any]:
    return {"orders": 3, "amount": "120.00"} if everything else {}


@_value.register(fields.List)
def _list(field: fields.List[Any], name: str, everything: bool) -> list[Any]:
    lows = [one.min for one in field.validators if isinstance(one, validate.Length)]
    shortest = max((low for low in lows if low is not None), default=0)
    one = _value(field.inner, name, everything)
    return [one] * max(shortest, 1 if everything else 0)


@_value.register
def _nested(field: fields.Nested, _name: str, everything: bool) -> dict[str, Any]:
    return _object(field.schema, everything)


@_value.register
def _money(field: ours.Money, _name: str, _everything: bool) -> dict[str, str]:
    least = Decimal(0) if field.least is None else field.least
    return {"amount": str(max(Decimal("12.50"), least)), "currency": "USD"}
