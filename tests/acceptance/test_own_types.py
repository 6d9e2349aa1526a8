"""An installation adds words of its own while everything runs, and they are used at once."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from events.types import new_id
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.stories import customer
from tests.acceptance.system import System

RECORDED = "crm.platform.custom.recorded.v1"


def form(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["rooms"],
        "properties": {"rooms": {"type": "integer", "minimum": 1}, **properties},
    }


def fresh() -> str:
    """A name that no other test registers."""
    return f"visit.survey_{new_id()[-6:]}"


def register(api: Api, name: str, schema: Any) -> Any:
    body = {"description": "Somebody saw the site", "json_schema": schema}
    return api.post(f"/v1/platform/custom-types/{name}", body)


def record(api: Api, customer_id: str, name: str, data: Any) -> Any:
    path = f"/v1/platform/customers/{customer_id}/custom-events"
    return api.post(path, {"type": name, "data": data})


@pytest.mark.feature("S10")
def test_an_own_type_is_checked_at_write_and_seen_everywhere(system: System) -> None:
    ada, ida, dora, sam = map(system.api_of, ("ada", "ida", "dora", "sam"))
    someone, name = customer(dora, scope={"org_unit": "north-1"}), fresh()
    assert record(ida, someone.id, name, {"rooms": 3}).status_code == 422
    assert register(sam, name, form()).status_code == 403

    assert register(ada, name, form()).status_code == 200
    answer = record(ida, someone.id, name, {"rooms": 3})
    assert answer.status_code == 201, answer.text
    done = done_by(answer)

    for data, pointer in (
        ({"rooms": 0}, "/data/rooms"),
        ({}, "/data/rooms"),
        ({"rooms": 1, "floor": "wood"}, "/data/floor"),
    ):
        wrong = record(ida, someone.id, name, data)
        assert wrong.status_code == 422
        assert [one["pointer"] for one in wrong.json()["errors"]] == [pointer]

    for service in SERVICES:
        path = f"/v1/{service}/customers/{someone.id}/timeline"
        (entry,) = dora.read(path, [done], type=RECORDED)["items"]
        assert entry["data"]["type"] == name, service
        assert (entry["data"]["data"], entry["actor"]) == ({"rooms": 3}, "ida")
        assert entry["version"] == 1

    def fed() -> Any:
        asked = {"types": "crm.platform.custom.*", "customer": someone.id}
        return dora.get("/v1/events", asked).json()["items"]

    (item,) = eventually(fed)
    assert item["event"]["data"]["data"] == {"rooms": 3}


@pytest.mark.feature("S10")
def test_a_type_grows_but_takes_nothing_back(system: System) -> None:
    ada, ida = system.api_of("ada"), system.api_of("ida")
    someone, name = customer(system.api), fresh()
    register(ada, name, form())
    assert register(ada, name, form(floor={"type": "string"})).json()["version"] == 2
    assert record(ida, someone.id, name, {"rooms": 1, "floor": "wood"}).status_code == 201

    for narrower in (form(), form(floor={"type": "integer"}), {"type": "object"}):
        answer = register(ada, name, narrower)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:throughline:problem:incompatible-schema"
    remote = register(ada, fresh(), form(floor={"$ref": "http://127.0.0.1:9/form.json"}))
    assert remote.status_code == 422
    pointers = [one["pointer"] for one in remote.json()["errors"]]
    assert pointers == ["/json_schema/properties/floor/$ref"]


@pytest.mark.feature("S10")
def test_own_fields_of_customers(system: System) -> None:
    ada, sam, dora = map(system.api_of, ("ada", "sam", "dora"))
    someone, name = customer(dora, scope={"org_unit": "north-1"}), f"rooms_{new_id()[-6:]}"
    sam.read(f"/v1/platform/customers/{someone.id}/timeline", [someone])
    path = f"/v1/platform/customers/{someone.id}/custom-fields"
    body = {"description": "Of the house", "json_schema": {"type": "integer"}}
    assert ada.post(f"/v1/platform/custom-fields/{name}", body).status_code == 200

    done = dora.create(path, {"values": {name: 3}})
    assert sam.read(path, [done])["values"] == {name: 3}
    wrong = sam.post(path, {"values": {name: "three"}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == f"/values/{name}"
    entries = dora.read(f"/v1/sales/customers/{someone.id}/timeline", [done])["items"]
    assert {name: 3} in [one["data"].get("values") for one in entries]


def done_by(answer: Any) -> Done:
    told = answer.json()
    token = answer.headers["Consistency-Token"]
    return Done(told["id"], told["stream"], told["version"], tuple(told["events"]), token, False)
