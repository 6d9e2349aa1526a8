"""How long after its acknowledgement an event shows in all four timelines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.load import percentile
from bench.place import Failed, Place, Served
from bench.results import Figure, Measure, Outcome, Target
from bench.serving import PER_SECOND, serve
from bench.watching import Watcher, Yardstick, sent_times
from events.types import ConsistencyToken

SERVICE = "sales"
WARM_SECONDS = 8.0
PATIENCE_SECONDS = 30.0
TARGETS = {0.5: Target(100, 50, at_most=True), 0.99: Target(500, 300, at_most=True)}

WHAT = f"""\
All four workers run with all their roles, reactions included; {PER_SECOND} commands a second reach
sales' web process (orders placed and completed). The time runs from the arrival of the command's
answer at the client until the last of the four timelines shows its event. What shows is told by
one change stream over the four databases under majority concern, which is the concern that the
services read with (bench/watching.py). Everything, the client too, shares the machine. The stages
between are told by the times of the records in Kafka, which the relay's producer sets. A durable
insert of nothing, tried now and then meanwhile, tells how busy the machine was: an event needs
several such waits, one after the other, to become visible.\
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds since the epoch, by entry: answered, sent to Kafka, shown first, shown everywhere."""

    answered: dict[str, float] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    everywhere: dict[str, float] = field(default_factory=dict)


def take(place: Place, quick: bool) -> Outcome:
    space = place.space("visible")
    config = place.config(space)
    times = Times()

    def tell(token: ConsistencyToken, at: float) -> None:
        times.answered[token.entry_id] = at

    with ExitStack() as running:
        workers = running.enter_context(place.workers(space))
        web = running.enter_context(place.web(space, SERVICE))
        watcher = running.enter_context(Watcher(config))
        yardstick = running.enter_context(Yardstick(config))
        serve(web, lambda seconds: seconds < WARM_SECONDS)
        before = _processor_seconds(workers)
        load = serve(web, lambda seconds: seconds < (12 if quick else 40), tell)
        spent = (_processor_seconds(workers) - before) / load.seconds
        _await_all(lambda: watcher.missing(times.answered))
        times.sent.update(sent_times(config, SERVICE))
        for entry in times.answered:
            times.first[entry], times.everywhere[entry] = watcher.shown(entry)
    commands = f"{load.per_second:.0f} commands a second, {len(times.answered):,} in all; they took"
    own = [f"p{share * 100:.0f} {load.percentile(share) * 1000:.0f} ms" for share in TARGETS]
    spent_figure = Figure("processor time of the four workers", "cores", spent)
    figures = [*_figures(times), *yardstick.figures(), spent_figure]
    return Outcome(figures, [f"{commands} {', '.join(own)} themselves."])


def _processor_seconds(workers: Sequence[Served]) -> float:
    return sum(worker.processor_seconds() for worker in workers)


def _figures(times: Times) -> Sequence[Figure]:
    stages = (
        ("answered → sent by the relay", times.answered, times.sent),
        ("sent → in the first timeline", times.sent, times.first),
        ("in the first → in the last timeline", times.first, times.everywhere),
    )
    whole = [
        Figure(f"p{share * 100:.0f}", "ms", _between(times.answered, times.everywhere, share), goal)
        for share, goal in TARGETS.items()
    ]
    parts = [
        Figure(f"{name}, p{share * 100:.0f}", "ms", _between(begin, end, share))
        for name, begin, end in stages
        for share in TARGETS
    ]
    return [*whole, *parts]


def _between(begin: Mapping[str, float], end: Mapping[str, float], share: float) -> float:
    """Milliseconds; what came before its command's answer had arrived took none."""
    known = begin.keys() & end.keys()
    return percentile((max(0.0, end[one] - begin[one]) for one in known), share) * 1000


def _await_all(missing: Callable[[], int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing():
        if time.monotonic() > deadline:
            raise Failed(f"{missing()} events are not visible everywhere")
        time.sleep(0.1)


MEASURE = Measure("visible", "Acknowledged to visible everywhere", WHAT, take)
