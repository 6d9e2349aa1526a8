"""Query parameters: checked as strictly as bodies, a fault is a 400 that names the parameter.

An unknown parameter is a fault too: a misspelled filter that is silently ignored answers another
question than the one asked.
"""

from __future__ import annotations

import re
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from events.http.body import unprintable
from events.http.problem import Problem, bad_parameters
from events.types import parse_time

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

_WHOLE = re.compile(r"-?[0-9]{1,18}")


class Whole(fields.Integer):
    """A whole number in plain digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _WHOLE.fullmatch(value):
            raise ValidationError("must be a whole number")
        return int(value)


class Moment(fields.String):
    """ISO 8601 with a zone, as a datetime in UTC."""

    def __init__(self, *, description: str, required: bool = False) -> None:
        super().__init__(
            required=required, metadata={"description": description, "format": "date-time"}
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return parse_time(value)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("must be an ISO 8601 time with a zone") from None


class Sorted(fields.String):
    """`placed_at` or, from the greatest on, `-placed_at`; `columns` are the names allowed."""

    def __init__(self, *columns: str, default: str) -> None:
        words = [sign + column for column in columns for sign in ("", "-")]
        says = f"must be one of {', '.join(words)}"
        super().__init__(load_default=default, validate=validate.OneOf(words, error=says))


class Params(Schema):
    """Base of all query schemas."""

    class Meta:
        unknown = RAISE


class PageParams(Params):
    """What every list takes."""

    limit = Whole(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=MAX_LIMIT),
        metadata={"description": "how many items"},
    )
    cursor = fields.String(
        # A callable: None itself would make the parameter nullable in the document.
        load_default=lambda: None,
        validate=validate.Length(max=4000),
        metadata={"description": "`next_cursor` of the page before"},
    )


class ParamsReader:
    """Reads the query of one schema."""

    def __init__(self, schema: type[Schema]) -> None:
        self._schema = schema(unknown=RAISE)
        listed = self._schema.fields.items()
        self._lists = {name for name, field in listed if isinstance(field, fields.List)}

    def read(self) -> dict[str, Any]:
        """The checked parameters of the current request; raises a 400 `Problem`."""
        try:
            loaded: dict[str, Any] = self._schema.load(self._given())
        except ValidationError as error:
            raise _problem(error.messages) from None
        return loaded

    def _given(self) -> dict[str, Any]:
        if not request.environ.get("QUERY_STRING"):
            return {}
        return {name: self._one(name, values) for name, values in request.args.lists()}

    def _one(self, name: str, values: list[str]) -> Any:
        if any(unprintable(value) for value in values):
            raise bad_parameters([(name, "must not hold control characters")])
        if name in self._lists:
            return values
        if len(values) > 1:
            raise bad_parameters([(name, "is given more than once")])
        return values[0]


def _problem(messages: Any) -> Problem:
    """Of marshmallow's messages by field, the first of each."""
    return bad_parameters([(name[:100], _first(told)) for name, told in messages.items()])


def _first(message: Any) -> str:
    while isinstance(message, (dict, list)):
        message = next(iter(message.values() if isinstance(message, dict) else message))
    return str(message)
