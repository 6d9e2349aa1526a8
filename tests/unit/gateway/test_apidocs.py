"""An OpenAPI document as rows."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.apidocs import ApiPage, Operation, api_page
from gateway.openapi import document
from gateway.schemas import Examples, type_words

DOCUMENTS = sorted((Path(__file__).parents[3] / "docs/reference/openapi").glob("*.json"))
BASE = "http://127.0.0.1:8000"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["$ref", "type", "items", "properties", "required", "enum", "anyOf", "schema",
             "content", "get", "parameters", "responses", "requestBody", "tags", "name"]
        ) | st.text(max_size=3),
        inner | st.sampled_from(["#/paths", "#/components/schemas/a", "array", "object"]),
        max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


def operations(page: ApiPage) -> dict[str, Operation]:
    return {one.id: one for group in page.groups for one in group.operations}


@pytest.fixture(scope="module")
def sales() -> ApiPage:
    (path,) = [path for path in DOCUMENTS if path.stem == "sales"]
    return api_page(json.loads(path.read_text()), BASE, "/v1/sales")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_operation_and_schema_is_there(path: Path) -> None:
    described = json.loads(path.read_text())
    shown = operations(api_page(described, BASE, f"/v1/{path.stem}"))
    named = [one["operationId"] for item in described["paths"].values()
             for method, one in item.items() if method != "parameters"]  # fmt: skip
    assert sorted(shown) == sorted(named)
    assert all(one.path.startswith(f"/v1/{path.stem}/") for one in shown.values())


def test_the_gateways_own_document() -> None:
    shown = operations(api_page(document(("sales",)), BASE, "/v1"))
    assert shown["getCustomer"].path == "/v1/customers/{id}"
    assert shown["index"].path == "/"


def test_an_operation_as_a_caller_needs_it(sales: ApiPage) -> None:
    placed = operations(sales)["placeOrder"]
    assert (placed.method, placed.path) == ("POST", "/v1/sales/orders")
    fields = {one.name: (one.type, one.required, one.refers_to) for one in placed.request_fields}
    assert fields["lines"] == ("list of OrderLine", True, "OrderLine")
    assert fields["kind"] == ("sale, lease or service", False, "")
    assert {one.refers_to for one in placed.outcomes} == {"CommandAnswer", "ProblemDocument"}
    assert [one.name for one in sales.schemas["Money"]] == ["amount", "currency"]


def test_path_parameters_of_the_whole_path_come_first(sales: ApiPage) -> None:
    places = [one.place for one in operations(sales)["getTimeline"].parameters]
    assert places == sorted(places, key=["path", "query", "header"].index)
    assert places[0] == "path"


def test_the_example_is_one_command_whose_body_is_json(sales: ApiPage) -> None:
    words = shlex.split(operations(sales)["placeOrder"].curl.replace("\\\n", " "))
    assert words[:5] == ["curl", "-i", "-X", "POST", f"{BASE}/v1/sales/orders"]
    body = json.loads(words[words.index("-d") + 1])
    assert set(body["lines"][0]["price"]) == {"amount", "currency"}


def test_hostile_names_stay_one_word_of_the_command() -> None:
    described = {"paths": {"/v1/x; rm -rf '/": {"get": {}}}}
    (operation,) = operations(api_page(described, BASE, "/v1/x")).values()
    assert len(shlex.split(operation.curl)) == 3


def test_schemas_that_refer_to_one_another_end() -> None:
    many = [f"f{n}" for n in range(50)]
    again = {"$ref": "#/components/schemas/A"}
    schema = {"type": "object", "required": many, "properties": dict.fromkeys(many, again)}
    whole = {"components": {"schemas": {"A": schema, "B": {"$ref": "#/components/schemas/B"}}}}
    assert len(json.dumps(Examples(whole).of(again))) < 100_000
    assert Examples(whole).of({"$ref": "#/components/schemas/B"}) == "…"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"anyOf": [{"type": "integer"}, {"$ref": "#/components/schemas/A"}]}, "integer or A"),
        ({"enum": ["open"]}, "open"),
        ({}, "any"),
        ("nonsense", "any"),
    ],
)
def test_types_in_words(schema: Any, words: str) -> None:
    assert type_words(schema) == words


@settings(max_examples=200)
@given(JSON, JSON, JSON)
def test_no_document_breaks_the_page(operation: Any, schema: Any, other: Any) -> None:
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    described = {
        "paths": {"/v1/a": {"get": operation, "post": body}},
        "components": {"schemas": {"a": schema}},
        "info": other,
    }
    api_page(described, BASE, "/v1/x")
    api_page({"paths": other, "tags": schema, "components": operation}, BASE, "/v1/x")
