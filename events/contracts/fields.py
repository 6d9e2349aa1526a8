"""The vocabulary of fields. Every field that holds personal data is marked `pii=True`.

Data stays JSON-shaped: these fields check form and meaning, they do not turn strings into objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from events.types import parse_time

MAX_TEXT = 4000
"""Longest free text in characters; longer material belongs behind a reference."""

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?")
_TIME = re.compile(
    r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def _options(
    required: bool, pii: bool, description: str | None, allow_none: bool = False
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if pii:
        metadata["pii"] = True
    if description:
        metadata["description"] = description
    return {"required": required, "allow_none": allow_none, "metadata": metadata}


class _Matched(fields.String):
    """A string of one form, without silent conversion from numbers."""

    pattern = _ID
    says = "must be an identifier"

    def __init__(
        self, *, required: bool = True, pii: bool = False, description: str | None = None
    ) -> None:
        super().__init__(**_options(required, pii, description))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not self.pattern.fullmatch(value):
            raise ValidationError(self.says)
        return value


class Id(_Matched):
    """An opaque identifier: letters, digits and `._:-`, at most 100."""


class Code(_Matched):
    """A word of a controlled, installation-defined vocabulary: snake_case."""

    pattern = _CODE
    says = "must be a snake_case code"


class Currency(_Matched):
    """ISO 4217 letters."""

    pattern = _CURRENCY
    says = "must be three capital letters (ISO 4217)"


class Amount(_Matched):
    """A decimal as a string: never a float."""

    pattern = _AMOUNT
    says = "must be a decimal number in a string, at most 15 digits before and 4 after the point"


class Time(_Matched):
    """ISO 8601 with seconds and a zone (RFC 3339)."""

    pattern = _TIME
    says = "must be an ISO 8601 time with a zone"

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            parse_time(super()._deserialize(value, attr, data, **kwargs))
        except (ValueError, OverflowError):
            raise ValidationError(self.says) from None
        return str(value)


class Text(fields.String):
    """Free text without control or text-direction characters."""

    def __init__(
        self,
        *,
        required: bool = True,
        pii: bool = False,
        shortest: int = 0,
        longest: int = MAX_TEXT,
        description: str | None = None,
    ) -> None:
        super().__init__(
            validate=validate.Length(min=shortest, max=longest),
            **_options(required, pii, description),
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if _CONTROL.search(text):
            raise ValidationError("must not hold control or text-direction characters")
        return text


class OneOf(fields.String):
    """One of a closed set of words."""

    def __init__(self, *words: str, required: bool = True, description: str | None = None) -> None:
        super().__init__(validate=validate.OneOf(words), **_options(required, False, description))


class Count(fields.Integer):
    """A whole number, `least` or more."""

    def __init__(
        self,
        *,
        required: bool = True,
        least: int = 0,
        most: int = 10**12,
        description: str | None = None,
    ) -> None:
        super().__init__(
            strict=True,
            validate=validate.Range(min=least, max=most),
            **_options(required, False, description),
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("must be a whole number")
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it."""

    def __init__(self, *, required: bool = True, description: str | None = None) -> None:
        super().__init__(**_options(required, False, description))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Nested(fields.Nested):
    """An object with a schema of its own."""

    def __init__(
        self, schema: type[Schema], *, required: bool = True, description: str | None = None
    ) -> None:
        super().__init__(schema, **_options(required, False, description))


class ListOf(fields.List[Any]):
    """A list, bounded so that no event grows without limit."""

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        required: bool = True,
        shortest: int = 0,
        longest: int = 100,
        description: str | None = None,
    ) -> None:
        super().__init__(
            inner,
            validate=validate.Length(min=shortest, max=longest),
            **_options(required, False, description),
        )


class Anything(fields.Raw):
    """Any JSON value: for the old and new value of a field whose type depends on its name."""

    def __init__(
        self, *, required: bool = True, pii: bool = False, description: str | None = None
    ) -> None:
        super().__init__(**_options(required, pii, description, allow_none=True))


class Facts(fields.Dict):
    """A flat object of named figures and words: the factors of a decision."""

    def __init__(self, *, required: bool = True, description: str | None = None) -> None:
        super().__init__(keys=fields.String(), **_options(required, False, description))


class MoneySchema(Schema):
    """An amount of a currency; the amount is a decimal in a string."""

    class Meta:
        unknown = RAISE

    amount = Amount()
    currency = Currency()


class ScopeSchema(Schema):
    """Where a record belongs, which is who may see it."""

    class Meta:
        unknown = RAISE

    org_unit = Id()
    team = Id(required=False)
    owner = Id(required=False)


class DecisionSchema(Schema):
    """Why a policy decided so: enough to recompute it."""

    class Meta:
        unknown = RAISE

    policy_id = Id()
    policy_version = Count(least=1)
    cause_event_ids = ListOf(Id())
    factors = Facts()


class Money(Nested):
    """See `MoneySchema`; `least` refuses smaller amounts, `"0"` refuses negative ones."""

    def __init__(
        self, *, required: bool = True, least: str | None = "0", description: str | None = None
    ) -> None:
        super().__init__(MoneySchema, required=required, description=description)
        self.least = None if least is None else Decimal(least)

    def _deserialize(
        self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        money = super()._deserialize(value, attr, data, partial=partial, **kwargs)
        amount = Decimal(money["amount"])
        if self.least is not None and (amount < self.least or (not amount and amount.is_signed())):
            raise ValidationError({"amount": [f"must be at least {self.least}"]})
        return money


class Scope(Nested):
    """See `ScopeSchema`."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(ScopeSchema, required=required)


class Decision(Nested):
    """See `DecisionSchema`."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(DecisionSchema, required=required)


def personal_fields(schema: type[Schema] | Schema, at: str = "") -> Sequence[str]:
    """JSON-Pointer-like paths (`/contact_points/*/value`) of the fields that are marked."""
    declared: Mapping[str, Any] = (schema() if isinstance(schema, type) else schema).fields
    found: list[str] = []
    for name, field in declared.items():
        path = f"{at}/{name}"
        inner = field
        while isinstance(inner, fields.List):
            path, inner = path + "/*", inner.inner
        if inner.metadata.get("pii") or field.metadata.get("pii"):
            found.append(path)
        if isinstance(inner, fields.Nested):
            found.extend(personal_fields(inner.schema, path))
    return found
