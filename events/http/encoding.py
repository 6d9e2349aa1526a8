"""How values look in JSON answers: UTC milliseconds, decimals as strings, `_id` as `id`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from bson.decimal128 import Decimal128
from flask import Flask
from flask.json.provider import JSONProvider

from events.types import format_time

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        # MongoDB's times are UTC even when a driver hands them out without a zone.
        return format_time(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Decimal128):
        return f"{value.to_decimal():f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def to_json(value: Any) -> bytes:
    """JSON bytes of documents and answers."""
    return orjson.dumps(value, _default, _OPTIONS)


def public(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as callers see it: `_id` is `id`, names with an underscore stay inside."""
    shown = {key: value for key, value in document.items() if not key.startswith("_")}
    return {"id": document["_id"], **shown} if "_id" in document else shown


class OrjsonProvider(JSONProvider):
    """Flask's own JSON (jsonify, request.json, test client) through the same encoder."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return to_json(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


def use_orjson(app: Flask) -> None:
    app.json = OrjsonProvider(app)
