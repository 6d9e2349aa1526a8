"""The OpenAPI 3.1 document: what all operations share, and what our fields mean in it."""

from __future__ import annotations

from typing import Any, ClassVar

import flask_smorest
from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Text, Time, _Matched
from events.contracts.json_schema import property_schema
from events.http.encoding import to_json
from events.http.identifiers import ID_PATTERN, STREAM_PATTERN, IdConverter, StreamConverter
from events.http.params import Moment
from events.http.problem import MEDIA_TYPE


class ErrorPlace(Schema):
    """One fault: at a pointer into the body, in a query parameter, or in a header."""

    pointer = fields.String(metadata={"description": "RFC 6901, into the body"})
    parameter = fields.String()
    header = fields.String()
    detail = fields.String(required=True)


class ProblemDocument(Schema):
    """RFC 9457."""

    type = fields.String(required=True, metadata={"format": "uri", "description": "stable"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    trace = fields.String(required=True, metadata={"description": "finds it in the logs"})
    errors = fields.List(fields.Nested(ErrorPlace))
    facts = fields.Dict(metadata={"description": "what the broken rule was about"})


def _header(description: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "description": description,
        "required": required,
        "schema": {"type": "string", **schema},
    }


_WORD = "^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}$"

PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "IfMatch": (
        "If-Match",
        _header(
            'The ETag that was seen, or * for "whatever it is now"',
            True,
            pattern=r'^(\*|"[0-9]{1,10}")$',
        ),
    ),
    "IfMatchOptional": (
        "If-Match",
        _header("The ETag that was seen, where it matters", pattern=r'^(\*|"[0-9]{1,10}")$'),
    ),
    "IdempotencyKey": (
        "Idempotency-Key",
        _header(
            "Repeating a request with its key answers again and does nothing again",
            pattern="^[!-~]([ -~]{0,198}[!-~])?$",
        ),
    ),
    "ConsistencyToken": (
        "Consistency-Token",
        _header("Wait until the view holds these writes; several with commas"),
    ),
    "Prefer": ("Prefer", _header("wait=<seconds>, handling=strict (RFC 7240)")),
    "XCorrelationId": ("X-Correlation-Id", _header("Ties requests together", pattern=_WORD)),
    "XCausationId": ("X-Causation-Id", _header("What led to this request", pattern=_WORD)),
}

HEADERS = {
    "ETag": _header("The aggregate's version, for If-Match"),
    "ConsistencyToken": _header("Lets a read wait for this write"),
    "IdempotencyReplayed": _header("true: an earlier request with this key did it", enum=["true"]),
    "Location": _header("Where the new aggregate is", format="uri-reference"),
    "Consistency": _header("Whether the view held the tokens' writes", enum=["current", "stale"]),
}


BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "the token of the sign-in; the gateway gives each service one of its own",
}


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's document with our components; errors are handled by `problems.py`."""

    DEFAULT_ERROR_RESPONSE_NAME: ClassVar[str] = "Problem"

    def _register_responses(self) -> None:
        content = {MEDIA_TYPE: {"schema": ProblemDocument}}
        description = "The request failed: a problem document (RFC 9457)"
        components = self.spec.components
        components.response("Problem", {"description": description, "content": content})
        for name, (header, document) in PARAMETERS.items():
            components.parameter(name, "header", {"name": header, **document})
        for name, document in HEADERS.items():
            components.header(name, document)
        components.security_scheme("bearer", BEARER)
        self.spec.options["security"] = [{"bearer": []}]
        self.ma_plugin.converter.add_attribute_function(_describe)
        self.register_converter(IdConverter, _id_schema)
        self.register_converter(StreamConverter, _stream_schema)

    def _register_error_handlers(self) -> None:
        """`problems.register_problems` handles every exception, not only HTTP's."""

    def _openapi_json(self) -> Response:
        document: bytes | None = self._app.extensions.get("openapi.json")
        if document is None:
            document = self._app.extensions["openapi.json"] = to_json(self.document())
        return Response(document, content_type="application/json")

    def document(self) -> dict[str, Any]:
        """The whole document, JSON-shaped."""
        whole: dict[str, Any] = self.spec.to_dict()
        return whole


def _describe(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """Pattern and format of our own fields, which are no marshmallow validators."""
    if isinstance(field, (_Matched, Text, Time)):
        told = property_schema(field)
        return {key: told[key] for key in ("pattern", "format") if key in told}
    return {"format": "date-time"} if isinstance(field, Moment) else {}


def _id_schema(_converter: Any) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{ID_PATTERN}$"}


def _stream_schema(_converter: Any) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{STREAM_PATTERN}$"}
