"""Nothing forbidden is seen and nothing allowed is hidden: random enterprises, over real HTTP.

A check is one person and one record by one operation: lists, single reads, timelines, counts and
commands. The answers are compared with a model that shares no line with what decides them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from events.types import new_id
from tests.acceptance.api import Api, Done
from tests.acceptance.doors import Doors
from tests.acceptance.enterprise import Enterprise, Person, Place
from tests.acceptance.policy_model import may, sees, sees_personal
from tests.acceptance.system import System

PEOPLE, CUSTOMERS = 40, 50
CHECKS = 20_000
THREADS = 8

PATHS = {
    "customers": "/v1/marketing/customers",
    "leads": "/v1/marketing/leads",
    "orders": "/v1/sales/orders",
    "opportunities": "/v1/sales/opportunities",
    "cases": "/v1/service/cases",
}
HIDDEN = "•••"


@dataclass(frozen=True)
class Record:
    kind: str
    done: Done
    place: Place
    customer: str


@dataclass
class World:
    """Everything that was made, and how often somebody was compared with the model."""

    enterprise: Enterprise
    doors: Doors
    records: list[Record] = field(default_factory=list)
    checks: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Record]:
        return [one for one in self.records if one.kind == kind]

    def compare(self, what: str, person: Person, record: str, seen: bool, expected: bool) -> None:
        self.checks[what] += 1
        if seen != expected:
            word = "sees" if seen else "does not see"
            self.wrong.append(f"{person} {word} {record} by {what}")


def make(api: Api, world: World) -> None:
    """Customers with a record of every kind, each in a place of its own."""
    for number in range(CUSTOMERS):
        place = world.enterprise.place()
        body = {"kind": "person", "source": "web", "name": f"Person {number}"}
        customer = api.create(PATHS["customers"], {**body, "scope": place.body()})
        world.records.append(Record("customers", customer, place, customer.id))
        about = {"customer_id": customer.id}
        amount = {"amount": "10.00", "currency": "USD"}
        line = {"product_id": "p", "qty": 1, "price": amount, "installable": False}
        for kind, more in {
            "leads": {"touch": "web", "channel": "web"},
            "orders": {"channel": "web", "lines": [line]},
            "opportunities": {"amount": amount},
            "cases": {"kind": "fault", "subject": "It skips"},
        }.items():
            place = world.enterprise.place()
            done = api.create(PATHS[kind], {**about, **more, "scope": place.body()})
            world.records.append(Record(kind, done, place, customer.id))


@pytest.fixture(scope="module")
def world(system: System) -> Iterator[World]:
    mark = new_id()[-6:]
    enterprise = Enterprise(random.Random(mark), mark, PEOPLE)
    world = World(enterprise, Doors(system, enterprise))
    make(system.api, world)
    for record in world.records:  # all services hold everything before anybody looks
        service = PATHS[record.kind].split("/")[2]
        for name in {service, "sales", "analytics"}:
            system.api.read(f"/v1/{name}/customers/{record.customer}/timeline", [record.done])
    return world


def lists(world: World, person: Person, api: Api) -> None:
    for kind, path in PATHS.items():
        if not may(person, kind):
            world.compare(f"list {kind}", person, kind, api.get(path).status_code != 403, False)
            continue
        listed = {one["id"]: one for one in api.pages(path, limit=200)}
        for record in world.of(kind):
            expected = sees(world.enterprise, person, kind, record.place)
            seen = record.done.id in listed
            world.compare(f"list {kind}", person, record.done.id, seen, expected)
            if kind == "customers" and seen:
                shown = listed[record.done.id]["name"] != HIDDEN
                world.compare("name", person, record.done.id, shown, sees_personal(person))


def singles(world: World, person: Person, api: Api, chance: random.Random) -> None:
    for record in chance.sample(world.records, 60):
        answer = api.get(f"{PATHS[record.kind]}/{record.done.id}")
        expected = sees(world.enterprise, person, record.kind, record.place)
        world.compare("get", person, record.done.id, answer.status_code == 200, expected)
        assert answer.status_code in ((200, 404) if may(person, record.kind) else (403,))


def timelines(world: World, person: Person, api: Api) -> None:
    for customer in world.of("customers"):
        service = random.choice(["marketing", "sales", "service", "analytics"])
        path = f"/v1/{service}/customers/{customer.done.id}/timeline"
        if not may(person, "timeline"):
            world.compare("timeline", person, path, api.get(path).status_code != 403, False)
            continue
        entries = {one["id"] for one in api.pages(path)}
        about = [one for one in world.records if one.customer == customer.done.id]
        for record in about:
            expected = sees(world.enterprise, person, "timeline", record.place)
            seen = record.done.entry in entries
            world.compare("timeline", person, record.done.id, seen, expected)
        count = api.read(f"{path}/digest")["count"]
        world.compare("count", person, path, count == len(entries), True)


def commands(world: World, person: Person, api: Api, chance: random.Random) -> None:
    """On a version that is not the record's: who reaches it is told of the version, others not."""
    for kind, verb in (("orders", "complete"), ("cases", "close")):
        what = "complete order" if kind == "orders" else "resolve case"
        for record in chance.sample(world.of(kind), 15):
            path = f"{PATHS[kind]}/{record.done.id}/{verb}"
            answer = api.post(path, {}, If_Match='"99"')
            expected = sees(world.enterprise, person, what, record.place)
            world.compare(verb, person, record.done.id, answer.status_code == 412, expected)
            assert answer.status_code in ((412, 404) if may(person, what) else (403,))


@pytest.mark.feature("S63")
def test_nothing_forbidden_is_seen_and_nothing_allowed_is_hidden(world: World) -> None:
    def visit(person: Person) -> None:
        chance, api = random.Random(person.id), world.doors.api(person)
        lists(world, person, api)
        singles(world, person, api, chance)
        timelines(world, person, api)
        commands(world, person, api, chance)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(visit, world.enterprise.people))

    assert world.wrong == []
    assert world.checks.total() >= CHECKS, world.checks


def test_the_model_is_not_of_one_opinion(world: World) -> None:
    """A world in which everybody sees everything would prove nothing."""
    seen = Counter(
        sees(world.enterprise, person, record.kind, record.place)
        for person in world.enterprise.people
        for record in world.records
    )
    assert min(seen[True], seen[False]) > seen.total() / 10
