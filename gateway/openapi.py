"""The OpenAPI 3.1 document of the gateway's own routes; each service describes its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from events.http.identifiers import ID_PATTERN
from events.http.timeline import TimelineEntry, TimelineParams

OWN_RIGHTS = {
    "customer.read": ("GET /v1/customers/{id}",),
    "timeline.read": ("GET /v1/customers/{id}/timeline",),
    "status.read": ("GET /", "GET /status", "GET /docs/{service}"),
}
"""The rights that the gateway's own routes take. The parts of a customer are each asked of their
service with the caller's own token, and so bounded there."""

_PART = {
    "type": "object",
    "required": ["status", "data"],
    "properties": {
        "status": {
            "enum": ["current", "stale", "missing", "unavailable"],
            "description": "stale: older than the Consistency-Token asks for; "
            "missing: this service does not know the customer; "
            "unavailable: it did not answer in time",
        },
        "data": {"type": ["object", "null"], "description": "the service's own document"},
    },
}

_STANDING = {
    "type": "object",
    "required": ["status", "missing"],
    "properties": {
        "status": {
            "enum": ["current", "stale", "unavailable"],
            "description": "stale: it does not hold the writes of the Consistency-Token; "
            "unavailable: it did not answer in time",
        },
        "missing": {
            "type": ["integer", "null"],
            "description": "how many of the items shown this service did not have; "
            "null when it is unavailable",
        },
    },
}

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "urn:throughline:problem:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "trace": {"type": "string", "description": "trace id, for whoever reads the logs"},
        "service": {"type": "string", "description": "the service that is away, busy or late"},
    },
}


def document(services: Sequence[str]) -> dict[str, Any]:
    """The document, linking those of the `services` behind this gateway."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Throughline gateway",
            "version": "1",
            "description": "Requests to /v1/<service>/… are answered by that service: "
            + ", ".join(f"[{name}](/v1/{name}/openapi.json)" for name in services),
        },
        "paths": {
            "/": _index(),
            "/status": _simple("status", "What is up, how far behind, and what was last applied"),
            "/docs/{service}": {"get": _docs()},
            "/style.css": _text("style", "The style sheet of the pages", "text/css"),
            "/schemas": _simple("schemas", "Every event type with the address of its JSON Schema"),
            "/schemas/{type}": {"get": _schema()},
            "/asyncapi.yaml": _text("asyncapi", "The topics as AsyncAPI 3", "application/yaml"),
            "/livez": _simple("livez", "Whether the process lives"),
            "/readyz": _health("readyz", "Whether it takes requests, and which services answer"),
            "/startupz": _simple("startupz", "Whether it has started"),
            "/metrics": _text("metrics", "Prometheus metrics", "text/plain"),
            "/v1/openapi.json": _simple("openapi", "This document"),
            "/v1/customers/{id}": {"get": _customer(services)},
            "/v1/customers/{id}/timeline": {"get": _timeline(services)},
        },
        "components": {
            "schemas": {
                "Part": _PART,
                "Problem": _PROBLEM,
                "Standing": _STANDING,
                "TimelineEntry": _schemas().schema2jsonschema(TimelineEntry),
            }
        },
        "x-services": {name: f"/v1/{name}/openapi.json" for name in services},
    }


def _operation(id: str, summary: str, **responses: Any) -> dict[str, Any]:
    return {
        "operationId": id,
        "summary": summary,
        "responses": {code.removeprefix("s"): answer for code, answer in responses.items()},
    }


def _simple(id: str, summary: str) -> dict[str, Any]:
    return {"get": _operation(id, summary, s200=_json({"type": "object"}))}


def _health(id: str, summary: str) -> dict[str, Any]:
    state = _json({"type": "object"})
    draining = {**state, "description": "Draining: no new traffic is wanted"}
    return {"get": _operation(id, summary, s200=state, s503=draining)}


def _text(id: str, summary: str, media_type: str) -> dict[str, Any]:
    return {
        "get": _operation(id, summary, s200={"description": "OK", "content": {media_type: _STRING}})
    }


def _index() -> dict[str, Any]:
    both = {"application/json": {"schema": {"type": "object"}}, "text/html": _STRING}
    summary = "What is here; for a browser, the status page"
    return {"get": _operation("index", summary, s200={"description": "OK", "content": both})}


def _schema() -> dict[str, Any]:
    operation = _operation(
        "schema",
        "The JSON Schema of an event type's data",
        s200={"description": "OK", "content": {"application/schema+json": {"schema": {}}}},
        s404=_problem("No event type is called that"),
    )
    type_ = {"name": "type", "in": "path", "required": True, "schema": {"type": "string"}}
    return {**operation, "parameters": [type_]}


def _docs() -> dict[str, Any]:
    operation = _operation(
        "docs",
        "The API of a service, or of the `gateway`, as a page",
        s200={"description": "OK", "content": {"text/html": _STRING}},
        s404=_problem("No service has this name"),
        s502=_problem("What the service answered is no description"),
        s503=_problem("The service is away or busy"),
        s504=_problem("The service did not answer in time"),
    )
    service = {"name": "service", "in": "path", "required": True, "schema": {"type": "string"}}
    return {**operation, "parameters": [service]}


_STRING = {"schema": {"type": "string"}}


def _customer(services: Sequence[str]) -> dict[str, Any]:
    composed = {
        "type": "object",
        "required": ["id", "parts"],
        "properties": {
            "id": {"type": "string"},
            "parts": _by_service("Part", services),
        },
    }
    operation = _operation(
        "getCustomer",
        "What each service knows of a customer, side by side",
        s200=_json(composed),
        s400=_problem("The request itself is malformed"),
        s404=_problem("All services answered and none knows the customer"),
        s503=_problem("Too few services answered to tell"),
    )
    return {**operation, "parameters": [_id({"type": "string"}), *_HEADERS]}


def _timeline(services: Sequence[str]) -> dict[str, Any]:
    page = {
        "type": "object",
        "required": ["items", "next_cursor", "services"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/TimelineEntry"}},
            "next_cursor": {"type": ["string", "null"]},
            "services": _by_service("Standing", services),
        },
    }
    consistency = {
        "description": "With a Consistency-Token: current when one service holds its writes",
        "schema": {"enum": ["current", "stale"]},
    }
    operation = _operation(
        "getTimeline",
        "What happened with a customer, newest first: all that any service knows, each once",
        s200={**_json(page), "headers": {"Consistency": consistency}},
        s400=_problem("A parameter or a header makes no sense"),
        s503=_problem("No service answered"),
    )
    id = _id({"type": "string", "pattern": f"^{ID_PATTERN}$"})
    query = _schemas().schema2parameters(TimelineParams, location="query")
    return {**operation, "parameters": [id, *query, *_HEADERS]}


def _by_service(schema: str, services: Sequence[str]) -> dict[str, Any]:
    part = {"$ref": f"#/components/schemas/{schema}"}
    return {"type": "object", "properties": dict.fromkeys(services, part)}


def _schemas() -> Any:
    """Turns the services' own schemas into their description."""
    plugin = MarshmallowPlugin()
    APISpec("", "", "3.1.0", plugins=[plugin])
    return plugin.converter


def _id(schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": schema}


_HEADERS = [
    {
        "name": "Consistency-Token",
        "in": "header",
        "description": "as a command answered it: the parts shall contain that write",
        "schema": {"type": "string"},
    },
    {
        "name": "Prefer",
        "in": "header",
        "description": "wait=<seconds>, handling=strict",
        "schema": {"type": "string"},
    },
]


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}
