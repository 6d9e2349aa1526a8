"""A command at a service: placing an order, against Flask that inserts one document."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.load import Load, drive, post
from bench.orders import ORDERS, order
from bench.place import Place, Served
from bench.results import Figure, Measure, Outcome, Rounds, Target
from bench.rounds import rounds
from events.types import new_id

CLIENTS = 16
SEED = 7
WARM_SECONDS = 1.5
PROFILE_SECONDS = 8.0
ROUNDS_SECONDS = 60.0

WHAT = """\
`POST /v1/orders` at sales' web process: validated, decided, journaled on the majority, answered.
The baseline is Flask under gunicorn's own threaded worker with as many threads, on the same
MongoDB, and inserts the body as one document with `w: majority, j: true`
(bench/programs/bare.py). No worker process runs beside either of them:
what is measured is the command alone. Latency with one client, throughput with 16; the ratios are
turned so that 1 is as good as the baseline and less is worse. Processor time is what the process
spends on a command with 16 clients, and the figure that other work on the machine touches least.\
"""


@dataclass(frozen=True, slots=True)
class Side:
    """Where commands are sent, and the process that bears them."""

    served: Served
    path: str = ORDERS
    keyed: bool = False

    def load(self, clients: int, seconds: float) -> Load:
        url = self.served.url + self.path
        make = partial(request_to, url, self.served.signed, keyed=self.keyed)
        return drive(url, make, clients=clients, seconds=seconds)

    def timed(self, clients: int, seconds: float) -> tuple[Load, float]:
        """With the milliseconds of processor time that the process spent on each command."""
        before = self.served.processor_seconds()
        load = self.load(clients, seconds)
        spent = self.served.processor_seconds() - before
        return load, spent * 1000 / len(load.latencies)


@dataclass(frozen=True, slots=True)
class Against:
    """One side against the baseline, round by round."""

    latency: Rounds = field(default_factory=Rounds)
    throughput: Rounds = field(default_factory=Rounds)
    processor: Rounds = field(default_factory=Rounds)

    def figures(self, target: Target | None, suffix: str = "") -> Sequence[Figure]:
        latency, many = f"p50, 1 client{suffix}", f"throughput, {CLIENTS} clients{suffix}"
        processor = f"processor time{suffix}"
        return (
            self.latency.figure(latency, "ms", target, less_is_better=True),
            self.throughput.figure(many, "/s", target),
            self.processor.figure(processor, "ms", less_is_better=True),
        )


Signed = Callable[[], list[tuple[str, str]]]


def request_to(url: str, signed: Signed, _: int, *, keyed: bool) -> bytes:
    """An order of a customer of its own, so that nothing can be had from a cache."""
    headers = [("Idempotency-Key", new_id())] if keyed else []
    return post(url, order(new_id()), [*signed(), *headers])


def compare(sides: Mapping[str, Side], most: int, seconds: float) -> dict[str, Against]:
    """Each side against the one called `baseline`, taking turns in a new order every round."""
    found = {name: Against() for name in sides if name != "baseline"}
    for side in sides.values():
        side.load(CLIENTS, WARM_SECONDS)
    turn = random.Random(SEED)
    for _ in rounds(most, ROUNDS_SECONDS):
        names = turn.sample(list(sides), len(sides))
        alone = {name: sides[name].load(1, seconds) for name in names}
        many = {name: sides[name].timed(CLIENTS, seconds) for name in names}
        for name, against in found.items():
            _add(against, (alone[name], *many[name]), (alone["baseline"], *many["baseline"]))
    return found


def _add(
    against: Against, ours: tuple[Load, Load, float], baseline: tuple[Load, Load, float]
) -> None:
    """(one client, many clients, processor time) of both."""
    (alone, many, processor), (their_alone, their_many, their_processor) = ours, baseline
    against.latency.add(alone.percentile(0.5) * 1000, their_alone.percentile(0.5) * 1000)
    against.throughput.add(many.per_second, their_many.per_second)
    against.processor.add(processor, their_processor)


def take(place: Place, quick: bool) -> Outcome:
    with ExitStack() as running:
        bare = running.enter_context(place.bare())
        sales = running.enter_context(place.web(place.space("commands"), "sales"))
        sides = {"baseline": Side(bare), "ours": Side(sales), "keyed": Side(sales, keyed=True)}
        found = compare(sides, *lengths(quick))
    figures = [
        *found["ours"].figures(Target(0.6, 1.0)),
        *found["keyed"].figures(None, " and an Idempotency-Key"),
    ]
    return Outcome(figures)


def lengths(quick: bool) -> tuple[int, float]:
    """(most rounds, seconds of each stretch)."""
    return (2, 1.5) if quick else (4, 3.0)


def profile(place: Place, file: Path) -> None:
    with place.web(place.space("profile"), "sales", profile=file) as sales:
        Side(sales).load(1, PROFILE_SECONDS)


MEASURE = Measure("commands", "Command at a service", WHAT, take, profile)
