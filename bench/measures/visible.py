"""How long after its acknowledgement an event shows in all four timelines."""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.load import percentile
from bench.place import Failed, Place
from bench.results import Figure, Measure, Outcome, Target
from bench.serving import PER_SECOND, serve
from bench.watching import Watcher
from events.config import SERVICES
from events.types import ConsistencyToken

WARM_SECONDS = 8.0
PATIENCE_SECONDS = 30.0

WHAT = f"""\
All four workers run with all their roles, reactions included; {PER_SECOND} commands a second reach
sales' web process (orders placed and completed). The time runs from the arrival of the command's
answer at the client until the last of the four timelines shows its event. What shows is told by
one change stream over the four databases under majority concern, which is the concern that the
services read with (bench/watching.py). Everything, the client too, shares the machine.\
"""

Acknowledged = dict[str, float]
"""Entry id → `time.perf_counter` of the answer."""


def take(place: Place, quick: bool) -> Outcome:
    space = place.space("visible")
    acknowledged: Acknowledged = {}

    def tell(token: ConsistencyToken, at: float) -> None:
        acknowledged[token.entry_id] = at

    with ExitStack() as running:
        for name in SERVICES:
            running.enter_context(place.worker(space, name))
        web = running.enter_context(place.web(space, "sales"))
        watcher = running.enter_context(Watcher(place.config(space)))
        serve(web.url, lambda seconds: seconds < WARM_SECONDS)
        load = serve(web.url, lambda seconds: seconds < (15 if quick else 40), tell)
        _await_all(watcher, acknowledged)
    delays = [_delay(watcher, entry, at) for entry, at in acknowledged.items()]
    return Outcome(
        [
            Figure("p50", "ms", percentile(delays, 0.5), Target(100, 50, at_most=True)),
            Figure("p99", "ms", percentile(delays, 0.99), Target(500, 300, at_most=True)),
        ],
        [
            f"{len(delays):,} commands, {load.per_second:.0f} a second; the commands themselves:"
            f" p50 {load.percentile(0.5) * 1000:.1f} ms, p99 {load.percentile(0.99) * 1000:.1f} ms."
        ],
    )


def _await_all(watcher: Watcher, acknowledged: Acknowledged) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not watcher.all_seen(acknowledged):
        if time.monotonic() > deadline:
            missing = sum(watcher.everywhere(entry) is None for entry in acknowledged)
            raise Failed(f"{missing} of {len(acknowledged)} events are not visible everywhere")
        time.sleep(0.1)


def _delay(watcher: Watcher, entry: str, acknowledged_at: float) -> float:
    """Milliseconds; 0 for an event that showed before its command's answer had arrived."""
    shown = watcher.everywhere(entry)
    if shown is None:
        raise Failed(f"{entry} was never shown")
    return max(0.0, shown - acknowledged_at) * 1000


MEASURE = Measure("visible", "Acknowledged to visible everywhere", WHAT, take)
