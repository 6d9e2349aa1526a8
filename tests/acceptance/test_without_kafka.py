"""Acknowledged means durable: without a log commands still succeed, and it hears of them later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.api import Api
from tests.acceptance.judging import next_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System
from tests.parts import Parts


@pytest.fixture
def no_log(system: System, parts: Parts) -> Iterator[Parts]:
    """Kafka is gone; servers that are not ours to stop skip the test."""
    Stores(system).settle()
    parts.kafka.stop()
    try:
        yield parts
    finally:
        parts.kafka.start()


def test_commands_succeed_without_a_log_and_show_everywhere_afterwards(
    system: System, api: Api, no_log: Parts
) -> None:
    customer = stories.customer(api)
    done = [
        customer,
        stories.lead(api, customer.id),
        stories.purchase(api, customer.id),
        stories.opportunity(api, customer.id),
        stories.resolve(api, stories.case(api, customer.id).id),
    ]
    api.create("/v1/analytics/tier-policies", next_policy(api))
    # Views are behind, and say so instead of pretending.
    behind = api.get(
        f"/v1/sales/customers/{customer.id}/timeline",
        Consistency_Token=customer.token,
        Prefer="wait=0.2",
    )
    assert (behind.status_code, behind.headers["Consistency"]) == (200, "stale")

    no_log.kafka.start()
    stores = Stores(system)
    stores.settle()
    published = {one["id"] for one in system.topics.events()}
    for service in SERVICES:
        path = f"/v1/{service}/customers/{customer.id}/timeline"
        shown = {item["event_id"] for item in api.pages(path, after=done)}
        assert shown >= {event for one in done for event in one.events}
        assert shown <= published
    digests = {
        api.read(f"/v1/{service}/customers/{customer.id}/timeline/digest")["digest"]
        for service in SERVICES
    }
    assert len(digests) == 1
    verified = system.cli("relay", "verify").data
    assert verified == {house: [] for house in (*SERVICES, "platform")}
