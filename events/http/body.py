"""The JSON body of a request: read strictly, refused clearly, never half understood.

A fault of form is a 400 or 415 here; a fault of content is a 422 with JSON Pointers. What passes
can be stored in MongoDB and printed anywhere: 64-bit integers, no control or text-direction
characters, no member twice, nesting of at most 32.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
from flask import request
from marshmallow import RAISE, Schema, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from events.contracts.base import flatten_faults
from events.errors import FieldFault
from events.http.problem import Problem, invalid_body

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
"""Far deeper than any command, far shallower than any parser's stack."""

_INT64 = 2**63
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class NoBody(Schema):
    """For commands that need no more than their path: empty, or an empty object."""

    class Meta:
        unknown = RAISE


class BodyReader:
    """Reads bodies of one schema. An empty body is an empty object where nothing is required."""

    def __init__(self, schema: type[Schema]) -> None:
        self._schema = schema(unknown=RAISE)
        required = any(field.required for field in self._schema.fields.values())
        self.required = required

    def read(self) -> dict[str, Any]:
        """The checked body of the current request; raises `Problem`."""
        raw = request.get_data(cache=True)
        if len(raw) >= MAX_BODY_BYTES and request.content_length is None:
            # werkzeug cuts a chunked body at the cap in silence.
            raise RequestEntityTooLarge
        if not raw and not self.required:
            return self._load({})
        _check_media_type()
        return self._load(parse_object(raw))

    def _load(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            loaded: dict[str, Any] = self._schema.load(body)
        except ValidationError as error:
            raise invalid_body(flatten_faults(error.messages)) from None
        return loaded


def _check_media_type() -> None:
    environ = request.environ
    given = environ.get("CONTENT_TYPE", "")
    if given != "application/json":
        charset = request.mimetype_params.get("charset", "utf-8").lower()
        if not _JSON_TYPE.fullmatch(request.mimetype) or charset not in ("utf-8", "utf8"):
            raise _unsupported("the body must be application/json in UTF-8")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise _unsupported("the body must not be compressed")


def _unsupported(detail: str) -> Problem:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    return Problem(415, "unsupported-media-type", detail, headers=headers)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Bytes to a JSON object; raises `Problem` 400 for its form, 422 for its content."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _malformed(error) from None
    if not isinstance(value, dict):
        raise Problem(400, "malformed-json", "the body must be a JSON object")
    faults: list[FieldFault] = []
    _inspect(value, "", 1, faults)
    if faults:
        raise invalid_body(faults)
    _check_text(raw)
    return value


def _malformed(error: orjson.JSONDecodeError) -> Problem:
    where = f"line {error.lineno} column {error.colno}"
    return Problem(400, "malformed-json", f"the body is not valid JSON: {error.msg} at {where}")


def _inspect(value: Any, pointer: str, depth: int, faults: list[FieldFault]) -> None:
    """Walks containers; leaves are looked at in place, which halves the calls."""
    if depth > MAX_DEPTH:
        raise Problem(400, "too-deep", f"the body nests deeper than {MAX_DEPTH} levels")
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        if isinstance(key, str) and _UNPRINTABLE.search(key):
            faults.append(FieldFault(pointer, "a member's name holds control characters"))
        elif isinstance(inner, str):
            if _UNPRINTABLE.search(inner):
                detail = "must not hold control or text-direction characters"
                faults.append(FieldFault(_step(pointer, key), detail))
        elif isinstance(inner, (dict, list)):
            _inspect(inner, _step(pointer, key), depth + 1, faults)
        elif isinstance(inner, (int, float)) and abs(inner) >= _INT64:
            faults.append(FieldFault(_step(pointer, key), "the number is too large"))


def _step(pointer: str, key: str | int) -> str:
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _check_text(raw: bytes) -> None:
    """What the parser lets pass in silence: a member given twice."""
    json.loads(raw, object_pairs_hook=_once, parse_int=len, parse_float=len)


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
        raise Problem(400, "duplicate-member", f"the member {twice[:100]!r} is given twice")


def unprintable(text: str) -> bool:
    """Whether a text holds NUL, other control or text-direction characters."""
    return _UNPRINTABLE.search(text) is not None
