"""One face to the customer: whatever happens, all four services tell the same story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.api import Api
from tests.acceptance.history import Bought, bring_in, fresh_source, ids
from tests.acceptance.judging import judge_all, publish_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System
from tests.acceptance.test_tiers import FIRST_DAY

CUSTOMERS = 20
DEEDS = 140
"""Things done, one to three events each: some 300 events."""


@pytest.mark.feature("S93")
def test_all_four_services_tell_the_same_story_of_everybody(system: System, api: Api) -> None:
    publish_policy(api)
    source, old = fresh_source(), [Bought(f"c{n}", FIRST_DAY, 1, 100) for n in range(3)]
    bring_in(system, source, old)
    customers = [*ids(source, old).values(), *new_customers(api, CUSTOMERS - 3)]
    bought(api, customers[-1])  # without anybody active there is nothing to judge by
    Stores(system).settle()
    judge_all(api)
    live_together(api, customers)
    Stores(system).settle()

    told = by_customer(system, customers)
    assert sum(len(events) for events in told.values()) >= 300
    sources = {one["source"] for events in told.values() for one in events}
    assert sources == {f"/throughline/{service}" for service in SERVICES}
    for customer_id in customers:
        digests = [
            api.read(f"/v1/{service}/customers/{customer_id}/timeline/digest")
            for service in SERVICES
        ]
        assert digests == [digest_of(customer_id, told[customer_id])] * len(SERVICES)


def new_customers(api: Api, number: int) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return [done.id for done in pool.map(lambda _: stories.customer(api), range(number))]


def live_together(api: Api, customers: Sequence[str]) -> None:
    """Everybody does something at the same time as the others."""
    chance = Random(3)
    deeds = [(chance.choice(DEEDS_OF_ALL), chance.choice(customers)) for _ in range(DEEDS)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda deed: deed[0](api, deed[1]), deeds))


def solved(api: Api, customer_id: str) -> None:
    case = stories.case(api, customer_id)
    api.change(f"/v1/service/cases/{case.id}/respond")
    stories.resolve(api, case.id)


def talked(api: Api, customer_id: str) -> None:
    body = {"channel": "chat", "direction": "inbound", "customer_id": customer_id}
    talk = api.create("/v1/service/interactions", body)
    api.change(f"/v1/service/interactions/{talk.id}/end", {"disposition": "done"})


def went(api: Api, customer_id: str) -> None:
    lead = stories.lead(api, customer_id)
    api.change(f"/v1/marketing/leads/{lead.id}/disqualify", {"reason": "no_budget"})


def moved_house(api: Api, customer_id: str) -> None:
    values = {"values": {"hobbies": ["chess"], "locale": "de-DE"}, "source": "call"}
    api.change(f"/v1/marketing/customers/{customer_id}/profile", values)


def dealt(api: Api, customer_id: str) -> None:
    opportunity = stories.opportunity(api, customer_id)
    path = f"/v1/sales/opportunities/{opportunity.id}/lose"
    api.change(path, {"reason": "price"})


def bought(api: Api, customer_id: str) -> None:
    stories.purchase(api, customer_id)


DEEDS_OF_ALL: Sequence[Callable[[Api, str], None]] = (
    solved,
    talked,
    went,
    moved_house,
    dealt,
    bought,
)


def by_customer(system: System, customers: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in system.topics.events():
        if one.get("subject") in customers:
            told[one["subject"]].append(one)
    return told


def digest_of(customer_id: str, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the log itself says: `<stream>@<version> <event id>`, oldest first."""
    lines = sorted(
        (one["time"], f"{one['stream']}@{one['streamversion']:010d}", one["id"]) for one in events
    )
    text = "".join(f"{entry} {event_id}\n" for _, entry, event_id in lines)
    return {
        "customer_id": customer_id,
        "count": len(events),
        "digest": sha256(text.encode()).hexdigest(),
    }
