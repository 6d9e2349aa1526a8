"""A rebuild beside the live version, against the rate at which events come in meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bench import history
from bench.load import Load
from bench.place import Failed, Place, Served, Space
from bench.results import Figure, Measure, Outcome, Target
from bench.serving import PER_SECOND, serve

SERVICE = "sales"
ROWS, QUICK_ROWS = 20_000, 4_000
CATCH_UP_SECONDS = 180.0
LIMIT_SECONDS = 60.0
ALONE_SECONDS = 8.0
TARGET = Target(5, 10)

WHAT = f"""\
Sales serves {PER_SECOND} commands a second (orders placed and completed; web process and worker
with all roles run) while a rebuild of its projection reads the whole log into a new version in a
process of its own. The ratio is events applied per second by the rebuild, from its begin until
nothing is ahead, to events applied per second by the live version in the same time. That rate is
what the commands make it, so the ratio says how much faster the past is read than it grows. What
the rebuild costs the people who work meanwhile is the latency of the commands, without and with it,
measured from when each was due.\
"""


def take(place: Place, quick: bool) -> Outcome:
    with _living(place, QUICK_ROWS if quick else ROWS) as (space, web, worker):
        alone = serve(web, lambda seconds: seconds < ALONE_SECONDS)
        before = time.perf_counter(), applied_live(worker)
        rebuilt, during = _serve_while_rebuilding(place, space, web)
        seconds = time.perf_counter() - before[0]
        live = (applied_live(worker) - before[1]) / seconds
    ours = float(rebuilt["rate"])
    ratio = ours / live
    return Outcome(
        [
            Figure("events rebuilt", "/s", ours, TARGET, live, ratio, (ratio, ratio)),
            *(_latency(share, alone, during) for share in (0.5, 0.99)),
        ],
        [f"{rebuilt['events']:,} events rebuilt in {rebuilt['seconds']:.1f} s."],
    )


def _latency(share: float, alone: Load, during: Load) -> Figure:
    """During the rebuild against before it; not judged."""
    ours, baseline = during.percentile(share) * 1000, alone.percentile(share) * 1000
    ratio = ours / baseline
    name = f"p{share * 100:.0f} of commands meanwhile"
    return Figure(name, "ms", ours, None, baseline, ratio, (ratio, ratio))


@contextmanager
def _living(place: Place, rows: int) -> Iterator[tuple[Space, Served, str]]:
    """Sales with a past, caught up with it."""
    past = history.imported(place, rows)
    records = history.published(place, past)
    with (
        place.web(past.space, SERVICE) as web,
        place.workers(past.space, [SERVICE]) as (worker,),
    ):
        _await_applied(worker.url, records)
        yield past.space, web, worker.url


def _await_applied(worker: str, records: int) -> None:
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while applied_live(worker) < records:
        if time.monotonic() > deadline:
            raise Failed(f"the live version applied {applied_live(worker)} of {records} in time")
        time.sleep(0.2)


def applied_live(worker: str) -> int:
    """Events that the worker's projector has applied since it started."""
    loops: dict[str, Any] = requests.get(f"{worker}/status", timeout=10).json()["loops"]
    return int(loops.get("projector.v1", {}).get("applied", 0))


def _serve_while_rebuilding(place: Place, space: Space, web: Served) -> tuple[dict[str, Any], Load]:
    with ThreadPoolExecutor(max_workers=1) as rebuilder:
        rebuilding: Future[dict[str, Any]] = rebuilder.submit(place.run, space, "rebuild", SERVICE)
        load = serve(web, lambda seconds: not rebuilding.done() and seconds < LIMIT_SECONDS)
        return rebuilding.result(), load


def profile(place: Place, file: Path) -> None:
    with _living(place, QUICK_ROWS) as (space, _, _):
        place.run(space, "rebuild", SERVICE, profile=file)


MEASURE = Measure("rebuild", "Rebuild while serving", WHAT, take, profile)
