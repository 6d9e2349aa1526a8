"""A day with one recognisable person in a house of each kind, and everything goes wrong as well.

    python -m tests.scenario_personal

Logs as every process does, to standard error, and prints the metrics at the end: whoever started
it looks for the person's data in both. A process of its own, because logs are configured once.
Needs MONGODB_URI.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from prometheus_client import REGISTRY, generate_latest
from pymongo.errors import BulkWriteError

from events.contracts.base import Contract, fact
from events.contracts.marketing import CustomerRegistered, LeadQualified
from events.contracts.service import CaseOpened
from events.envelope import Event
from events.errors import RuleBroken
from events.http import Routes
from events.projection.reader import Views
from events.projection.view import Document, View
from events.reactions.reaction import Reaction, Reply
from events.reactions.timers import Due, Timer, TimerLoop
from events.runtime.logs import configure_logs
from events.runtime.loop import Loop
from events.runtime.metrics import WorkerMetrics
from events.runtime.service import ServiceDefinition
from events.runtime.worker import describe
from events.types import CustomerId, new_id
from gateway.platform.definition import DEFINITION as PLATFORM
from services.marketing.definition import DEFINITION as MARKETING
from services.sales.definition import DEFINITION as SALES
from services.service.definition import DEFINITION as SERVICE
from services.service.domain.case import CASE
from services.service.domain.case_commands import OpenCase
from tests.happened import happened
from tests.house import House, opened

WORDS = {
    "name": "Wilhelmina Quetzalcoatl",
    "phone": "+442079460958",
    "mail": "wilhelmina@quetzal.example",
    "need": "a xylophone for the vestibule",
    "subject": "The zeppelin leaks marmalade",
    "note": "Her brother Ignatius has the key",
}
"""What no line may hold, nor any word of it that is not of everyday speech."""
"""What no line may hold, nor any of its rare words."""


Types = Sequence[type[Contract]]


def fail(*said: Any) -> None:
    """As libraries do: the message holds what could not be worked with, and so do the locals."""
    person = dict(WORDS)
    try:
        raise KeyError(str(person))
    except KeyError as error:
        raise BulkWriteError({"writeErrors": [{"op": person}], "said": said}) from error


def _breaks(event: Event, _views: Views, _at: datetime) -> Sequence[Reply]:
    locals_too = dict(event.data)
    raise ValueError(f"no answer to {locals_too} of {WORDS['name']}")


def broken(
    definition: ServiceDefinition, *, parks: Types = (), unanswered: Types = ()
) -> ServiceDefinition:
    """The house with a view that parks streams, a reaction and a route, all failing."""
    view = View("broken", open=True)

    @view.on(*parks, key=lambda event: event.id)
    def reads(_doc: Document, event: Event) -> None:
        raise TypeError(f"can't read {event.data} of {WORDS['name']}")

    routes = Routes("broken", "/v1/broken")

    @routes.command("/<id:one>", right="order.work")
    def break_down(one: str) -> Any:
        """Fails."""
        fail(one)

    return replace(
        definition,
        views=(*definition.views, view),
        reactions=(*definition.reactions, Reaction("broken", dict.fromkeys(unanswered, _breaks))),
        blueprints=(*definition.blueprints, routes),
    )


def marketing(house: House) -> None:
    """A customer and a lead, by hand, and once with every field wrong."""
    points = [
        {"kind": "email", "value": WORDS["mail"]},
        {"kind": "phone", "value": WORDS["phone"]},
    ]
    body = {
        "kind": "person",
        "source": "web_form",
        "name": WORDS["name"],
        "contact_points": points,
    }
    made: Any = house.post("/v1/customers", body)
    assert made.status_code == 201, made.json
    wrong = {**body, "kind": WORDS["name"], "locale": WORDS["note"], WORDS["need"]: 1}
    assert house.post("/v1/customers", wrong).status_code == 422
    path = f"/v1/customers/{made.json['id']}"
    house.change(path, {"field": "name", "value": WORDS["name"]})
    house.get("/v1/customers", name=WORDS["name"], **{WORDS["mail"]: WORDS["phone"]})
    house.get(f"/v1/customers/{WORDS['name']}")
    failed = house.change(f"/v1/broken/{made.json['id']}")
    assert failed.status_code == 500, failed.json


def sales(house: House) -> None:
    """A lead whose need is told, heard twice."""
    house.post("/v1/pools/root/sellers", {"seller_id": "sam"})
    need = fact(
        LeadQualified,
        lead_id="lead-1",
        customer_id="c-1",
        need=WORDS["need"],
        product_line="tools",
        scope={"org_unit": "root"},
    )
    house.hear(*happened("lead-1", need), *happened("lead-1", need))


def service(house: House) -> None:
    """A case, its resolution, a timer that the domain refuses, and one that breaks."""
    case = {"customer_id": new_id(), "kind": "fault", "subject": WORDS["subject"]}
    made = house.post("/v1/cases", case)
    assert made.status_code == 201, made.json
    solved = {"cause_code": "worn_part", "resolution": WORDS["note"]}
    house.change(f"{made.headers['Location']}/resolve", solved)
    house.change(f"{made.headers['Location']}/resolve", solved)  # a refusal

    def refused(_views: Views, now: datetime, _limit: int) -> Sequence[Due]:
        id = new_id()
        command = OpenCase(
            case_id=id,
            at=now,
            customer_id=CustomerId(new_id()),
            kind="fault",
            subject=WORDS["subject"],
        )
        return [Due("1", Reply(replace(CASE, decide=_refuse), id, command))]

    TimerLoop(house.commands, house.views, [Timer("refused", refused)]).step(0)


def _refuse(*_: Any) -> Any:
    raise RuleBroken("no-such-thing", f"{WORDS['subject']} of {WORDS['name']}")


def platform(house: House) -> None:
    """A user with a name and a login, and a search for the person."""
    body = {"login": WORDS["mail"], "name": WORDS["name"], "org_unit": "root", "roles": ["seller"]}
    answer = house.post("/v1/users/wq", body)
    assert answer.status_code == 200, answer.json
    house.get("/v1/search", q=WORDS["phone"])
    house.get("/v1/users", q=WORDS["name"])


class Breaking:
    """A role whose every step fails with all it has."""

    def step(self, _wait_seconds: float) -> int:
        fail()
        return 0

    def close(self) -> None:
        raise OSError(WORDS["name"])


class Shown:
    """What a worker shows of one house's roles, for its metrics."""

    def __init__(self, house: House) -> None:
        self._loops = {
            "projector.v1": Loop("projector.v1", lambda: house.projector),
            "reactions": Loop("reactions", lambda: house.reactor),
        }
        self._loops["projector.v1"].role = house.projector
        self._loops["reactions"].role = house.reactor

    def status(self) -> dict[str, Any]:
        return {"loops": {name: describe(loop) for name, loop in self._loops.items()}}


DAYS = (
    (broken(MARKETING, parks=[CustomerRegistered]), marketing),
    (broken(SALES, unanswered=[LeadQualified]), sales),
    (broken(SERVICE, parks=[CaseOpened]), service),
    (PLATFORM, platform),
)


@contextmanager
def watched(definition: ServiceDefinition) -> Iterator[House]:
    """The house, its logs as in its own process, its figures in the registry."""
    configure_logs("INFO", definition.name, "web")
    with opened(definition, os.environ["MONGODB_URI"]) as house:
        metrics = WorkerMetrics(definition.name, Shown(house))
        metrics.register()
        yield house
        REGISTRY.unregister(metrics)


def _loop_breaks() -> None:
    loop = Loop("breaking", Breaking).start()
    while not loop.restarts:
        """The first failure comes at once."""
    loop.stop()


def main() -> None:
    for definition, day in DAYS:
        with watched(definition) as house:
            day(house)
            sys.stdout.write(generate_latest().decode())
    _loop_breaks()
    try:
        fail()
    except BulkWriteError:
        logging.getLogger("somebody").exception("a library's line")


if __name__ == "__main__":
    main()
