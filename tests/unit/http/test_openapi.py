"""The document is valid OpenAPI 3.1 and says what the service does."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response
from openapi_spec_validator import OpenAPIV31SpecValidator

from events.http import Routes, create_app, stream_routes, timeline_routes
from tests.unit.http.depot import Depot, ParcelAnswer, parcel_routes


@pytest.fixture
def document(depot: Depot) -> dict[str, Any]:
    blueprints = [parcel_routes(depot), timeline_routes(), stream_routes()]
    app = create_app(depot.runtime, blueprints, version="2.3.4", title="Depot")
    response = app.test_client().get("/v1/openapi.json")
    assert response.content_type == "application/json"
    found: dict[str, Any] = response.get_json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }


def names(operation: dict[str, Any]) -> set[str]:
    return {
        one["$ref"].rsplit("/", 1)[1] if "$ref" in one else one["name"]
        for one in operation["parameters"]
    }


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "Depot", "version": "2.3.4"}
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_has_an_id_and_says_what_it_is(document: dict[str, Any]) -> None:
    found = operations(document)
    assert set(found) == {
        "sendParcel",
        "moveParcel",
        "deliverParcel",
        "getParcel",
        "listParcels",
        "getTimeline",
        "getTimelineDigest",
        "getStreamStates",
    }
    assert found["moveParcel"]["summary"] == "Move a parcel."
    assert found["moveParcel"]["description"] == "It must not have been delivered."
    assert found["moveParcel"]["tags"] == ["parcels"]


def test_every_operation_documents_problems(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    content = document["components"]["responses"]["Problem"]["content"]
    assert list(content) == ["application/problem+json"]


def test_headers_are_documented_where_they_count(document: dict[str, Any]) -> None:
    found = operations(document)
    assert "IfMatch" in names(found["moveParcel"])
    assert "IfMatch" not in names(found["sendParcel"])
    assert all("IdempotencyKey" in names(found[n]) for n in ("sendParcel", "deliverParcel"))
    assert {"ConsistencyToken", "Prefer", "limit", "cursor", "sort", "place"} <= names(
        found["listParcels"]
    )
    assert set(found["sendParcel"]["responses"]["201"]["headers"]) == {
        "ETag",
        "Consistency-Token",
        "Idempotency-Replayed",
        "Location",
    }
    assert set(found["getParcel"]["responses"]["200"]["headers"]) == {"Consistency", "ETag"}
    assert document["components"]["parameters"]["IfMatch"]["required"] is True


def test_bodies_are_documented_with_their_bounds(document: dict[str, Any]) -> None:
    found = operations(document)
    assert "requestBody" not in found["deliverParcel"]
    body = found["sendParcel"]["requestBody"]
    assert body["required"] is True
    reference = body["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["customer_id", "place"]
    assert schema["properties"]["customer_id"]["pattern"].startswith("^(")
    assert schema["properties"]["place"]["maxLength"] == 100
    assert schema["properties"]["sent_at"]["format"] == "date-time"
    page = document["components"]["schemas"]["ParcelAnswerPage"]
    assert page["required"] == ["items", "next_cursor"]
    assert page["properties"]["next_cursor"]["type"] == ["string", "null"]


def test_path_parameters_say_what_an_id_is(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/v1/parcels/{parcel_id}"]["parameters"]
    assert parameters[0]["schema"]["pattern"].startswith("^[A-Za-z0-9]")


def test_health_is_no_part_of_it(document: dict[str, Any]) -> None:
    assert all(path.startswith("/v1/") for path in document["paths"])


def test_two_operations_of_one_name_are_refused(depot: Depot) -> None:
    other = Routes("boxes", "/v1/boxes")

    @other.query("", ParcelAnswer, right="order.read")
    def get_parcel() -> Response:
        """Not a parcel."""
        return Response()

    with pytest.raises(ValueError, match="getParcel"):
        create_app(depot.runtime, [parcel_routes(depot), other], version="1")
