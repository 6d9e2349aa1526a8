"""Read models made anew from the first event: the same documents, without a pause in service."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from events.config import CONTEXTS
from tests.acceptance import stories
from tests.acceptance.api import Api, eventually
from tests.acceptance.stores import TIMELINE, Hashes, Stores
from tests.acceptance.system import System

LISTS = {
    "marketing": ("/v1/marketing/leads", "/v1/marketing/customers"),
    "sales": ("/v1/sales/orders", "/v1/sales/opportunities"),
    "service": ("/v1/service/cases", "/v1/service/interactions"),
    "analytics": ("/v1/analytics/customers",),
}


def some_business(api: Api) -> str:
    """A customer with something in every service."""
    customer_id = stories.customer(api).id
    stories.lead(api, customer_id)
    stories.purchase(api, customer_id)
    stories.opportunity(api, customer_id)
    stories.resolve(api, stories.case(api, customer_id).id)
    return customer_id


@contextmanager
def writing(api: Api) -> Iterator[list[str]]:
    """Business goes on with others while the block runs; gives their ids."""
    stop, others = threading.Event(), list[str]()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.wait(0.05):
                others.append(some_business(api))
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        yield others
    finally:
        stop.set()
        writer.join()
    assert not failures, failures


@pytest.mark.feature("N01")
@pytest.mark.parametrize("service", SERVICES)
def test_a_projection_made_anew_is_the_one_that_lived(
    system: System, api: Api, service: str
) -> None:
    stores = Stores(system)
    quiet = some_business(api)
    stores.settle()
    before, shown = stores.views(service), reads(api, service, quiet)
    lived = stores.versions(service)["live"]

    with writing(api) as others:
        eventually(lambda: others)
        (told,) = system.cli("projections", "rebuild", "--service", service, "--swap").data.values()
        assert told["swapped"], told
        assert told["applied"] >= len(before[TIMELINE])
        at_swap = len(others)
        eventually(lambda: len(others) > at_swap)
    stores.settle()

    pointer = stores.versions(service)
    assert (pointer["live"], pointer["standby"]) == (told["version"], lived)
    eventually(lambda: stores.views(service, lived) == stores.views(service))
    after = stores.views(service)
    assert after.keys() == before.keys()
    assert untouched(before, after), "nothing stayed as it was: the test shows too little"
    assert before[TIMELINE].items() <= after[TIMELINE].items()
    assert reads(api, service, quiet) == shown
    assert len(after[TIMELINE]) > len(before[TIMELINE])


def untouched(before: Mapping[str, Hashes], after: Mapping[str, Hashes]) -> int:
    """How many documents nobody wrote to meanwhile: they are as they were."""
    return sum(after[name].get(id) == told for name in before for id, told in before[name].items())


def reads(api: Api, service: str, customer_id: str) -> dict[str, Any]:
    """Everything that the service tells about one customer."""
    base = f"/v1/{service}/customers/{customer_id}"
    told = {path: api.read(path) for path in (f"{base}/timeline", f"{base}/timeline/digest")}
    told["summary"] = api.read(f"{base}/summary")
    for path in LISTS[service]:
        if not path.endswith("/customers"):
            told[path] = api.read(path, customer_id=customer_id)
    return told


@pytest.mark.feature("N13")
def test_a_version_is_built_compared_swapped_and_taken_back(system: System, api: Api) -> None:
    stores = Stores(system)
    customer_id = some_business(api)
    stores.settle()
    stored = {context: stores.commits(context) for context in CONTEXTS}
    before = stores.versions("sales")["live"]

    built = projections(system, "rebuild")["version"]
    assert listed(system) == (before, built)
    assert projections(system, "compare")["differences"] == []
    a_lie_shows(system, stores, built)

    swapped = projections(system, "swap")
    assert (swapped["live"], swapped["standby"]) == (built, before)
    serves(api, customer_id)
    # Both are kept up to date from now on, so that going back loses nothing.
    back = projections(system, "rollback")
    assert (back["live"], back["standby"]) == (before, built)
    serves(api, customer_id)
    stores.settle()
    eventually(lambda: stores.views("sales", before) == stores.views("sales", built))

    for context in CONTEXTS:
        now = stores.commits(context)
        assert stored[context].items() <= now.items(), f"{context} rewrote what was stored"


def projections(system: System, act: str, expected: int = 0) -> dict[str, Any]:
    told = system.cli("projections", act, "--service", "sales", expected=expected)
    found: dict[str, Any] = told.data["sales"]
    return found


def listed(system: System) -> tuple[int, int]:
    told = projections(system, "list")
    return told["live"], told["building"]


def a_lie_shows(system: System, stores: Stores, version: int) -> None:
    """A document that is not what the events say is found by the comparison."""
    orders = stores.collection("sales", f"orders_v{version}")
    one = orders.find_one({"status": "completed"})
    assert one
    orders.update_one({"_id": one["_id"]}, {"$set": {"status": "cancelled"}})
    (found,) = projections(system, "compare", expected=1)["differences"]
    assert (found["collection"], found["id"]) == ("orders", one["_id"])
    orders.replace_one({"_id": one["_id"]}, one)


def serves(api: Api, customer_id: str) -> None:
    """Commands and reads go on; the new order shows in whatever version is live."""
    bought = stories.purchase(api, customer_id)
    order = api.read(f"/v1/sales/orders/{bought.id}", after=[bought])
    assert order["status"] == "completed"
