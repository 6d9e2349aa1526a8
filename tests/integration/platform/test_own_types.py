"""Own types and fields as a house: registered, and taken at the very next write."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.deciding import Scope
from gateway.platform.definition import DEFINITION
from tests.access import EVERYBODY, a_caller
from tests.happened import happened
from tests.house import House, opened

ADA = a_caller("administrator", subject="ada")
SAM = a_caller("seller", subject="sam", org_unit="north-1")
MIA = a_caller("marketer", subject="mia")
TYPE = "/v1/custom-types/visit.site_survey"


def form(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def register(platform: House, path: str, schema: Any) -> Any:
    body = {"description": "Somebody was there", "json_schema": schema}
    return platform.client_of(ADA).post(path, json=body)


def record(platform: House, data: Any, by: Any = EVERYBODY, **more: Any) -> Any:
    body = {"type": "visit.site_survey", "data": data, **more}
    return platform.client_of(by).post("/v1/customers/c1/custom-events", json=body)


def test_a_type_is_taken_at_once_and_told_afterwards(platform: House) -> None:
    answer = record(platform, {"rooms": 3})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/type")

    # Neither relayed nor projected: the store itself is asked.
    assert register(platform, TYPE, form(rooms={"type": "integer"})).status_code == 200
    assert record(platform, {"rooms": 3}).status_code == 201
    answer = record(platform, {"rooms": "three"})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/data/rooms")

    platform.settle()
    shown = platform.get(TYPE).json
    assert (shown["version"], shown["subject"]) == (1, "customer")
    assert shown["json_schema"] == form(rooms={"type": "integer"})
    assert [one["id"] for one in platform.get("/v1/custom-types").json["items"]] == [shown["id"]]


def test_every_process_knows_the_newest_version(platform: House, mongodb_uri: str) -> None:
    """A second process with a memory of its own, on the same store."""
    register(platform, TYPE, form(rooms={"type": "integer"}))
    with opened(DEFINITION, mongodb_uri) as other:
        other.commands.store = platform.commands.store
        assert record(other, {"rooms": 3}).status_code == 201
        assert record(other, {"rooms": 3, "floor": "wood"}).status_code == 422
        newer = form(rooms={"type": "integer"}, floor={"enum": ["wood"]})
        assert register(platform, TYPE, newer).json["version"] == 2
        assert record(other, {"rooms": 3, "floor": "wood"}).status_code == 201


def test_a_newer_version_that_takes_less_is_refused(platform: House) -> None:
    register(platform, TYPE, form(rooms={"type": "integer"}))
    answer = register(platform, TYPE, form(rooms={"type": "integer", "maximum": 9}))
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:throughline:problem:incompatible-schema"
    assert answer.json["facts"]["refusals"] == ["rooms narrows maximum from nothing to 9"]

    answer = register(platform, TYPE, form(rooms={"$ref": "http://localhost/x"}))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/json_schema/properties/rooms/$ref"
    assert register(platform, "/v1/custom-types/crm.sales", form()).status_code == 422


def test_an_event_stands_in_the_timeline_when_it_happened(platform: House) -> None:
    register(platform, TYPE, form())
    assert record(platform, {}, occurred_at="2026-01-31T09:15:00Z").status_code == 201
    answer = record(platform, {}, occurred_at="2999-01-31T09:15:00Z")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/occurred_at")
    platform.settle()
    (entry,) = platform.get("/v1/customers/c1/timeline").json["items"]
    assert (entry["at"], entry["data"]["type"]) == ("2026-01-31T09:15:00.000Z", "visit.site_survey")


def test_fields_are_set_changed_and_taken_away(platform: House) -> None:
    path = "/v1/customers/c1/custom-fields"
    assert platform.get(path).json == {"id": "c1", "values": {}, "version": 0}
    register(platform, "/v1/custom-fields/floor", {"enum": ["wood", "stone"]})
    register(platform, "/v1/custom-fields/rooms", {"type": "integer"})

    assert platform.post(path, {"values": {"floor": "wood", "rooms": 3}}).status_code == 200
    assert platform.post(path, {"values": {"floor": None, "rooms": 4}}).json["version"] == 2
    shown = platform.get(path).json
    assert (shown["values"], shown["version"]) == ({"rooms": 4}, 2)

    answer = platform.post(path, {"values": {"floor": "glass", "height": 2}})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == ["/values/floor", "/values/height"]
    assert platform.post(path, {"values": {}}).status_code == 422
    assert platform.get("/v1/custom-fields/rooms").json["json_schema"] == {"type": "integer"}
    assert len(platform.get("/v1/custom-fields").json["items"]) == 2


@pytest.fixture
def in_north(platform: House) -> None:
    register(platform, TYPE, form())
    register(platform, "/v1/custom-fields/rooms", {"type": "integer"})
    known = fact(
        CustomerRegistered, customer_id="c1", kind="person", roles=["end_customer"],
        contact_points=[], source="web", scope={"org_unit": "north-1"},
    )  # fmt: skip
    platform.hear(*happened("c1", known, scope=Scope("north-1")))


def test_what_is_recorded_belongs_where_the_customer_does(platform: House, in_north: None) -> None:
    """A marketer of the whole enterprise writes it, and the customer's seller sees it."""
    platform.client = platform.client_of(MIA)
    path = "/v1/customers/c1/custom-fields"
    assert platform.post(path, {"values": {"rooms": 3}}).status_code == 200
    assert record(platform, {}, MIA).status_code == 201
    platform.settle()

    sam = platform.client_of(SAM)
    assert sam.get(path).json["values"] == {"rooms": 3}
    assert len(sam.get("/v1/customers/c1/timeline").json["items"]) == 3
    tom = platform.client_of(a_caller("seller", subject="tom", org_unit="south-1"))
    assert tom.get(path).json["values"] == {}
    assert tom.get("/v1/customers/c1/timeline").json["items"] == []
    assert tom.post(path, json={"values": {"rooms": 9}}).status_code == 404
    assert record(platform, {}, SAM, scope={"org_unit": "south-1"}).status_code == 403


def test_data_are_personal_and_rights_are_asked(platform: House, in_north: None) -> None:
    platform.post("/v1/customers/c1/custom-fields", {"values": {"rooms": 3}})
    analyst = platform.client_of(a_caller("analyst"))
    assert "values" not in analyst.get("/v1/customers/c1/custom-fields").json
    for role in ("analyst", "auditor", "administrator"):
        assert record(platform, {}, a_caller(role)).status_code == 403
    for role in ("director", "integrator"):
        body = {"description": "x", "json_schema": form()}
        assert platform.client_of(a_caller(role)).post(TYPE, json=body).status_code == 403
        assert platform.client_of(a_caller(role)).get("/v1/custom-types").status_code == 200
