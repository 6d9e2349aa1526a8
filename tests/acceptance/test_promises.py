"""What is promised to whoever builds on the platform: schemas by URL, versions in every path, and
the same answer on every way that a question can take.
"""

from __future__ import annotations

import jsonschema
import pytest

from tests.acceptance import stories
from tests.acceptance.api import Api, eventually
from tests.acceptance.system import System

HOUSES = ("marketing", "sales", "service", "analytics", "platform")


@pytest.mark.feature("S121")
def test_every_event_keeps_the_schema_that_is_published_for_it(api: Api) -> None:
    stories.customer(api, name="Ada")
    listed = api.read("/schemas")["schemas"]
    page = api.get("/v1/events", {"limit": 200}).json()
    assert page["items"]
    for item in page["items"]:
        event = item["event"]
        answer = api.get(listed[event["type"]])
        assert answer.headers["Content-Type"] == "application/schema+json"
        jsonschema.validate(event["data"], answer.json())
    assert "asyncapi: 3." in api.get("/asyncapi.yaml").text
    assert api.get("/schemas/crm.sales.order.stolen.v1").status_code == 404


@pytest.mark.feature("S121")
def test_every_path_says_its_version_and_every_type_too(api: Api) -> None:
    for house in HOUSES:
        paths = api.read(f"/v1/{house}/openapi.json")["paths"]
        assert paths
        assert all(path.startswith("/v1/") for path in paths)
    assert all(name.rsplit(".", 1)[1].startswith("v") for name in api.read("/schemas")["schemas"])


@pytest.mark.feature("S43")
@pytest.mark.parametrize("kind", ["sale", "lease", "service"])
def test_the_same_question_has_one_answer_on_every_way(system: System, api: Api, kind: str) -> None:
    """The seller's screen, the agent's, the office's, an integrator's feed: one version."""
    someone = stories.customer(api, scope={"org_unit": "north-1"})
    sam, ann, ida = map(system.api_of, ("sam", "ann", "ida"))
    body = {"customer_id": someone.id, "kind": kind, "channel": "phone",
            "lines": [stories.line("12.50")]}  # fmt: skip
    placed = sam.create("/v1/sales/orders", body)
    done = sam.change(f"/v1/sales/orders/{placed.id}/complete")

    order = sam.read(f"/v1/sales/orders/{placed.id}", [done])
    assert (order["kind"], order["status"], order["version"]) == (kind, "completed", 2)
    for service in HOUSES[:4]:
        story = ann.read(f"/v1/{service}/customers/{someone.id}/timeline", [done])["items"]
        assert max(one["version"] for one in story if one["stream"] == done.stream) == 2

    def followed() -> bool:
        page = ida.get("/v1/events", {"customer": someone.id, "types": "crm.sales.*"}).json()
        versions = [one["event"]["streamversion"] for one in page["items"]]
        assert versions == [1, 2]
        return True

    eventually(followed)
