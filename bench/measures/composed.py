"""A customer composed of four services' answers, against the slowest of the four alone."""

from __future__ import annotations

import time
from contextlib import ExitStack

import requests

from bench.load import drive, get, percentile
from bench.place import Failed, Place, Served
from bench.results import Measure, Outcome, Rounds, Target
from events.config import SERVICES

CUSTOMERS = 50
ORDERS = 5
WAIT_SECONDS = 60
TARGET = Target(1.3, 1.3, at_most=True)

WHAT = f"""\
`GET /v1/customers/{{id}}` at the gateway, which asks marketing, sales, service and analytics side
by side, against `GET /v1/customers/{{id}}/summary` at the one of the four that is slowest, asked
directly. One client, {CUSTOMERS} customers with {ORDERS} orders each, p50 in each round. Five
processes answer one request here, on the cores of this machine: with fewer cores than services the
parts wait for one another, and the ratio says so.\
"""


def take(place: Place, quick: bool) -> Outcome:
    space = place.space("composed")
    ratios = Rounds()
    with ExitStack() as running:
        running.enter_context(place.workers(space))
        webs = {name: running.enter_context(place.web(space, name)) for name in SERVICES}
        gateway = running.enter_context(place.gateway(space, webs))
        people = fill(webs)
        for _ in range(2 if quick else 5):
            seconds = 1.0 if quick else 3.0
            parts = [
                _p50(web, [f"/v1/customers/{one}/summary" for one in people], seconds / 2)
                for web in webs.values()
            ]
            ours = _p50(gateway, [f"/v1/customers/{one}" for one in people], seconds)
            ratios.add(ours, max(parts))
    return Outcome([ratios.figure("p50 against the slowest part", "ms", TARGET)])


def _p50(served: Served, paths: list[str], seconds: float) -> float:
    def request(number: int) -> bytes:
        return get(served.url + paths[number % len(paths)], served.signed())

    return percentile(drive(served.url, request, clients=1, seconds=seconds).latencies, 0.5) * 1000


def fill(webs: dict[str, Served]) -> list[str]:
    """Customers with orders and a case, known to all four."""
    people = []
    for number in range(CUSTOMERS):
        body = {"kind": "person", "source": "bench", "name": f"Person {number}"}
        customer = _post(webs["marketing"], "/v1/customers", body)["id"]
        money = {"amount": "9.90", "currency": "USD"}
        line = {"product_id": "p", "qty": 1, "price": money, "installable": False}
        for _ in range(ORDERS):
            order = {"customer_id": customer, "channel": "web", "lines": [line]}
            _post(webs["sales"], "/v1/orders", order)
        case = {"customer_id": customer, "kind": "fault", "subject": "It skips"}
        _post(webs["service"], "/v1/cases", case)
        people.append(customer)
    deadline = time.monotonic() + WAIT_SECONDS
    while not all(_knows(web, people[-1]) for web in webs.values()):
        if time.monotonic() > deadline:
            raise Failed("the services did not come to know the customers in time")
        time.sleep(0.1)
    return people


def _post(served: Served, path: str, body: object) -> dict[str, str]:
    answer = requests.post(served.url + path, json=body, headers=dict(served.signed()), timeout=10)
    answer.raise_for_status()
    told: dict[str, str] = answer.json()
    return told


def _knows(served: Served, customer: str) -> bool:
    path = f"{served.url}/v1/customers/{customer}/summary"
    return requests.get(path, headers=dict(served.signed()), timeout=10).ok


MEASURE = Measure("composed", "Customer composed of four services", WHAT, take)
