"""The standing check: a service that tells another story than the others is named in a minute."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.api import Api, eventually
from tests.acceptance.system import System

WITHIN_SECONDS = 180
"""Three rounds of ten seconds and what goes before are well within a minute. The rest is patience
with a machine that has other work."""


def drift(api: Api) -> Any:
    return api.read("/status")["drift"]


@pytest.mark.feature("S93")
@pytest.mark.feature("N10")
@pytest.mark.timeout(600)
def test_a_service_that_lost_an_entry_is_told_within_a_minute(system: System, api: Api) -> None:
    eventually(lambda: drift(api)["compared"] > 0 or stories.customer(api) is None, 60)
    assert drift(api)["customers"] == []

    someone = stories.customer(api)
    for service in ("marketing", "sales", "service", "analytics"):
        api.read(f"/v1/{service}/customers/{someone.id}/timeline", [someone])
    sales = system.mongodb[system.config.database("sales")]
    timeline = sales["timeline_v1"]
    lost = timeline.find_one_and_delete({"_id": someone.entry})
    assert lost is not None
    try:

        def told() -> Any:
            customers = drift(api)["customers"]
            return next((one for one in customers if one["customer_id"] == someone.id), None)

        found = eventually(told, WITHIN_SECONDS)
        digests = found["digests"]
        assert digests["sales"].startswith("0:")
        assert len({digests[one] for one in ("marketing", "service", "analytics")}) == 1
        page = api.get("/", Accept="text/html").text
        assert "differ between services" in page
        assert "throughline_gateway_drifting_customers 1.0" in api.get("/metrics").text
    finally:
        timeline.insert_one(lost)
    eventually(lambda: drift(api)["customers"] == [], WITHIN_SECONDS)
