"""What happens on the stage: small stories, each with a fault that a right engine survives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from events import crashing
from events.envelope import Event
from events.errors import Transient
from events.log.memory import MemorySending
from events.log.port import Consumer, Polled, Producer, Sending
from events.projection.reader import Views
from events.runtime.rebuilding import Rebuild
from events.types import ConsistencyToken
from tests.oracle.journal import Answer
from tests.oracle.planted.stage import Stage, die

CUSTOMER = "c-1"
MOST_STEPS = 200
"""How long a story waits for the moment of its fault."""


def order(stage: Stage, customer: str = CUSTOMER, quantity: int = 2) -> Answer:
    line = {
        "product_id": "p-1",
        "qty": quantity,
        "price": {"amount": "12.34", "currency": "USD"},
        "installable": False,
    }
    body = {"customer_id": customer, "channel": "web", "lines": [line]}
    return acknowledged(stage.client.command("sales", "/orders", body))


def complete(stage: Stage, placed: Answer) -> Answer:
    path = f"/orders/{placed.id}/complete"
    return acknowledged(stage.client.command("sales", path, if_match=f'"{placed.version}"'))


def acknowledged(answer: Answer | None) -> Answer:
    if answer is None:
        raise AssertionError("the command was refused")
    return answer


def trade(stage: Stage) -> None:
    """Orders of several customers; the first is completed before anything is published."""
    complete(stage, order(stage))
    for number in range(4):
        order(stage, f"c-{number}")
    stage.settle()
    complete(stage, order(stage))
    stage.settle()


def ask_twice(stage: Stage) -> None:
    """A client that did not get its answer sends the same again."""
    line = {
        "product_id": "p-1",
        "qty": 1,
        "price": {"amount": "1.00", "currency": "USD"},
        "installable": False,
    }
    body = {"customer_id": CUSTOMER, "channel": "web", "lines": [line]}
    for _ in range(2):
        stage.client.command("sales", "/orders", body, key="the-same")
    stage.settle()


def read_at_once(stage: Stage) -> None:
    """Nothing is projected yet when the customer looks for the order."""
    placed = order(stage)
    stage.client.fresh_read("sales", CUSTOMER, [placed])
    stage.settle()


def race(stage: Stage) -> None:
    """Two web processes hold the same order in memory, and each decides on it."""
    other = stage.replica()
    placed = order(stage)
    path, seen = f"/orders/{placed.id}", f'"{placed.version}"'
    other.command("sales", f"{path}/complete", if_match=seen)
    stage.client.command("sales", f"{path}/cancel", {"reason": "changed_mind"}, if_match=seen)
    stage.settle()


@cache
def dies_at(point: str) -> Callable[[Stage], None]:
    """The worker is killed at a named point, again and again, and starts again.

    One point, one story: a right engine plays each only once.
    """

    def armed() -> None:
        crashing.arm(point, die)

    def story(stage: Stage) -> None:
        trade(stage)
        armed()
        trade(stage)
        if "marketing" in stage.services:
            deal(stage, armed)
        crashing.arm("")

    return story


def deal(stage: Stage, before: Callable[[], None] = lambda: None) -> None:
    """Leads are qualified and wait, then sellers come; `before` precedes each qualification."""
    leads = [captured(stage, number) for number in range(4)]
    stage.settle()
    for number, lead in enumerate(leads):
        before()
        path, body = f"/leads/{lead.id}/qualify", {"need": "a pump", "product_line": "pumps"}
        acknowledged(stage.client.command("marketing", path, body, if_match=f'"{lead.version}"'))
        stage.settle()
        if number == 1:
            stage.company.staff()
            stage.settle()


def captured(stage: Stage, number: int) -> Answer:
    person = {"kind": "person", "source": "web", "name": f"Customer {number}"}
    customer = acknowledged(stage.client.command("marketing", "/customers", person))
    body = {"customer_id": customer.id, "touch": "web", "channel": "web"}
    return acknowledged(stage.client.command("marketing", "/leads", body))


class LosesTheFirst:
    """A producer whose first batch loses its first event on the way; the rest arrives."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def send(self, events: Sequence[Event]) -> Sending:
        self._producer.send(events[1:]).wait()
        return MemorySending(Transient("one record was not acknowledged"))

    def close(self) -> None:
        self._producer.close()


def lost_record(stage: Stage) -> None:
    """Kafka does not take one record of a batch; the readers see the others before it comes."""
    trade(stage)
    whole, losses = stage.producer, ["once"]

    def producer(service: str) -> Producer:
        made = whole(service)
        return LosesTheFirst(made) if losses and losses.pop() else made

    stage.roles.pop("sales.relay").close()
    stage.producer = producer
    complete(stage, order(stage))
    for _ in range(MOST_STEPS):
        if losses:
            stage.step()
    stage.producer = whole
    stage.settle()
    trade(stage)


class Frozen:
    """A consumer that woke up: it hands out what it had polled before."""

    def __init__(self, consumer: Consumer, held: Polled) -> None:
        self._consumer = consumer
        self._held = [held]

    def poll(self, timeout_seconds: float) -> Polled:
        return self._held.pop() if self._held else self._consumer.poll(timeout_seconds)

    def __getattr__(self, name: str) -> object:
        return getattr(self._consumer, name)


def zombie(stage: Stage) -> None:
    """A projector freezes with a batch in its hands; another goes on; then it wakes up."""
    trade(stage)
    house = stage.houses["sales"]
    old = stage.projector(house, 1)
    old.step(1.0)
    order(stage)
    stage.step_one("sales.relay", lambda: stage.relay(house))
    held = old.consumer.poll(5.0)
    stage.settle()
    trade(stage)
    old.consumer = old.intake.consumer = Frozen(old.consumer, held)  # type: ignore[assignment]
    try:
        old.step(1.0)
    finally:
        old.close()


def rebuilt(stage: Stage) -> None:
    """A new version is built, goes live, and takes over; work goes on."""
    trade(stage)
    stage.rebuild("sales")
    trade(stage)


def swapped_while_reading(stage: Stage) -> None:
    """A version that lags goes live between the wait for a write and the reading of it."""
    trade(stage)
    rebuild = Rebuild(stage.houses["sales"])
    rebuild.begin()
    rebuild.run()
    placed = order(stage)
    stage.settle()
    held = Views.holds

    def holds_and_swaps(self: Views, token: ConsistencyToken) -> bool:
        found = held(self, token)
        if rebuild_waits:
            rebuild_waits.pop()
            rebuild.swap()
        self._read_at = 0.0
        return found

    rebuild_waits = ["once"]
    Views.holds = holds_and_swaps  # type: ignore[method-assign]
    try:
        stage.client.fresh_read("sales", CUSTOMER, [placed])
    finally:
        Views.holds = held  # type: ignore[method-assign]
    stage.settle()


def interleaved(stage: Stage) -> None:
    """A customer buys between two news about him from another context; then a rebuild."""
    customer = acknowledged(
        stage.client.command("marketing", "/customers", {"kind": "person", "source": "web"})
    )
    path = f"/customers/{customer.id}/profile"
    for version, name in enumerate(["Ann", "Anna", "Anne"], start=1):
        order(stage, customer.id)
        stage.settle()
        body = {"source": "web", "values": {"name": name}}
        stage.client.command("marketing", path, body, if_match=f'"{version}"')
        stage.settle()
    stage.rebuild("sales")
    stage.settle()
