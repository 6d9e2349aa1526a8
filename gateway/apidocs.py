"""An OpenAPI document as a page of plain rows: operations by tag, schemas, an example each.

Pure: takes a document that a service answered, which may be anything, and never fails on it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.schemas import (
    Examples,
    Field,
    Schema,
    fields,
    mapping,
    named,
    resolved,
    sequence,
    text,
    type_words,
)

METHODS = ("get", "put", "post", "patch", "delete")
OTHERS = "operations"
"""The heading of operations without a tag."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of what an operation may be told besides its body."""

    place: str
    field: Field


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer that an operation may give."""

    status: str
    description: str
    body: str
    refers_to: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, as a caller of the gateway sees it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Parameter]
    request: str
    request_fields: list[Field]
    outcomes: list[Outcome]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one tag."""

    name: str
    description: str
    operations: list[Operation]


@dataclass(frozen=True, slots=True)
class ApiPage:
    """Everything that the page shows."""

    title: str
    version: str
    description: str
    groups: list[Group]
    schemas: dict[str, list[Field]]


def api_page(described: Schema, base: str, prefix: str) -> ApiPage:
    """`base` is the gateway's address; `prefix` stands for the service's own `/v1`."""
    info = mapping(described.get("info"))
    schemas = mapping(mapping(described.get("components")).get("schemas"))
    return ApiPage(
        text(info.get("title")) or "API",
        text(info.get("version")),
        text(info.get("description")),
        _groups(described, base, prefix),
        {str(name): fields(schema, described) for name, schema in schemas.items()},
    )


def _groups(described: Schema, base: str, prefix: str) -> list[Group]:
    meanings = {
        text(tag.get("name")): text(tag.get("description"))
        for tag in map(mapping, sequence(described.get("tags")))
    }
    found: dict[str, list[Operation]] = {name: [] for name in meanings}
    for tag, operation in _operations(described, base, prefix):
        found.setdefault(tag, []).append(operation)
    return [Group(name, meanings.get(name, ""), some) for name, some in found.items() if some]


def _operations(described: Schema, base: str, prefix: str) -> Iterator[tuple[str, Operation]]:
    for path, item in mapping(described.get("paths")).items():
        shown = prefix + path.removeprefix("/v1") if path.startswith("/v1/") else str(path)
        shared = sequence(mapping(item).get("parameters"))
        for method in METHODS:
            if method in mapping(item):
                told = mapping(item[method])
                tags = [tag for tag in sequence(told.get("tags")) if isinstance(tag, str)]
                operation = _operation(told, shared, method.upper(), shown, base, described)
                yield (tags or [OTHERS])[0], operation


def _operation(
    told: Schema, shared: list[Any], method: str, path: str, base: str, whole: Schema
) -> Operation:
    body = _content(resolved(told.get("requestBody"), whole))
    return Operation(
        text(told.get("operationId")) or f"{method} {path}",
        method,
        path,
        text(told.get("summary")),
        text(told.get("description")),
        _parameters([*shared, *sequence(told.get("parameters"))], whole),
        type_words(body) if body else "",
        fields(body, whole),
        [_outcome(status, one, whole) for status, one in mapping(told.get("responses")).items()],
        _curl(method, base + path, body, whole),
    )


def _parameters(told: list[Any], whole: Schema) -> list[Parameter]:
    """Path first, headers last: in the order in which a caller needs them."""
    rows = [_parameter(resolved(one, whole)) for one in told]
    order = {"path": 0, "query": 1}
    return sorted(rows, key=lambda row: order.get(row.place, 2))


def _parameter(told: Schema) -> Parameter:
    field = Field(
        text(told.get("name")),
        type_words(told.get("schema")),
        told.get("required") is True,
        text(told.get("description")),
    )
    return Parameter(text(told.get("in")), field)


def _outcome(status: str, told: Any, whole: Schema) -> Outcome:
    found = resolved(told, whole)
    body = _content(found)
    return Outcome(
        status, text(found.get("description")), type_words(body) if body else "", named(body)
    )


def _content(told: Schema) -> Schema:
    """The schema of the first media type."""
    media = next(iter(mapping(told.get("content")).values()), None)
    return mapping(mapping(media).get("schema"))


def _curl(method: str, url: str, body: Schema, whole: Schema) -> str:
    words = ["curl", "-i"] if method == "GET" else ["curl", "-i", "-X", method]
    lines = [f"{' '.join(words)} {shlex.quote(url)}"]
    if body:
        filled = json.dumps(Examples(whole).of(body), ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(filled)}"]
    return " \\\n  ".join(lines)
