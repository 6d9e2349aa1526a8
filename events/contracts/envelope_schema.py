"""The envelope as JSON Schema: CloudEvents 1.0 in structured JSON, with our extensions.

`events.envelope.encode` writes what this page promises; a test compares the two. Producers write
no other attribute; readers ignore attributes that they don't know, as CloudEvents asks of them.
"""

from __future__ import annotations

from typing import Any

TIME = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
_TYPE = r"^crm\.[a-z]+\.[a-z_]+\.[a-z_]+\.v[1-9][0-9]*$"
_TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_LARGEST = 2**31 - 1
"""CloudEvents integers have 32 bits."""


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": description, **more}


def _time(description: str) -> dict[str, Any]:
    return _text(description, format="date-time", pattern=TIME)


def _whole(description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": _LARGEST, "description": description}


_REQUIRED: dict[str, Any] = {
    "specversion": {"const": "1.0", "description": "version of CloudEvents"},
    "id": _text("unique together with `source`; a record seen twice has the same"),
    "type": _text("what happened, in which version of its contract", pattern=_TYPE),
    "source": _text("the context that decided it", pattern="^/throughline/[a-z]+$"),
    "time": _time("when it happened; in the past for backfilled events"),
    "datacontenttype": {"const": "application/json", "description": "form of `data`"},
    "dataschema": _text("the schema of `data`", pattern="^urn:throughline:schema:crm\\..+$"),
    "stream": _text("`<aggregate type>-<aggregate id>`", pattern="^[a-z_]+-.+$"),
    "streamversion": _whole("position in the stream: 1, 2, 3 … without holes"),
    "sequence": _text("`streamversion` as ten digits", pattern="^[0-9]{10}$"),
    "partitionkey": _text("the record's key: the customer where there is one, else the stream"),
    "recordedtime": _time("when it was written to the store of its context"),
    "correlationid": _text("shared by everything that one request set off"),
    "actor": _text("who did it: a user, a service's reaction, an import"),
    "backfilled": {
        "type": "boolean",
        "description": "true: loaded from history; nobody should react to it",
    },
    "orgunit": _text("the org unit that the record belongs to"),
    "storeepoch": _whole("rises when the store of the context was restored from a backup"),
    "data": {"type": "object", "description": "as the schema of `type` says"},
}

_OPTIONAL: dict[str, Any] = {
    "subject": _text("id of the customer whom it is about"),
    "causationid": _text("id of the event or command that caused it"),
    "team": _text("the team that the record belongs to"),
    "owner": _text("the user who owns the record"),
    "traceparent": _text("W3C trace context", pattern=_TRACEPARENT),
}

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0, structured JSON",
    "properties": {**_REQUIRED, **_OPTIONAL},
    "required": [*_REQUIRED],
}
