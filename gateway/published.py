"""What integrators build against, by URL: the JSON Schema of every event type, and AsyncAPI.

The files are those that the contracts generated and that are never changed again, only added to.
They tell nothing of anybody, so they are open to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import orjson
from flask import Flask, Response

import events.contracts
from events.contracts.base import all_contracts
from gateway.problems import Refusal

FOLDER = Path(events.contracts.__file__).parent / "published"
SCHEMA = "application/schema+json"
HEADERS = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}


def add_to(app: Flask) -> None:
    app.add_url_rule("/schemas", view_func=schemas)
    app.add_url_rule("/schemas/<wire_type>", view_func=schema)
    app.add_url_rule("/asyncapi.yaml", view_func=asyncapi)


def schemas() -> Response:
    """Every type with the address of its schema."""
    told = {"schemas": {name: f"/schemas/{name}" for name in sorted(_schemas())}}
    return _answer(orjson.dumps(told), "application/json")


def schema(wire_type: str) -> Response:
    content = _schemas().get(wire_type)
    if content is None:
        raise Refusal(404, "not-found", "no event type is called that; /schemas lists them")
    return _answer(content, SCHEMA)


def asyncapi() -> Response:
    return _answer((FOLDER / "asyncapi.yaml").read_bytes(), "application/yaml")


@cache
def _schemas() -> Mapping[str, bytes]:
    """By wire type; read once, for the files of a release don't change."""
    return {name: (FOLDER / f"{name}.json").read_bytes() for name in all_contracts()}


def _answer(content: bytes, content_type: str) -> Response:
    return Response(content, content_type=content_type, headers=HEADERS)
