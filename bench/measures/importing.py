"""The import of the whole purchase history, until the last order shows everywhere."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from bench import history
from bench.place import Place, Space
from bench.results import Figure, Measure, Outcome, Target
from events.config import SERVICES
from events.mongodb import Db, connect, database

ROWS = 69_659
QUICK_ROWS = 4_000
EVENTS_PER_ROW = 2
LIMIT_SECONDS = 250.0
POLL_SECONDS = 0.5
ORDERS = {"_id": {"$gte": "order-", "$lt": "order."}}
"""Entries of streams `order-…`, as a range of the index on `_id`."""

WHAT = f"""\
`throughline import purchases` beside four workers with all their roles, from its start until each
of the four timelines holds all {ROWS * EVENTS_PER_ROW:,} events of the orders. Importer, relays and
projectors, MongoDB and Kafka share the machine. It is stopped after {LIMIT_SECONDS:.0f} s.\
"""


def take(place: Place, quick: bool) -> Outcome:
    rows = QUICK_ROWS if quick else ROWS
    expected = rows * EVENTS_PER_ROW
    space = place.space("import")
    with ExitStack() as running:
        running.enter_context(place.workers(space))
        importer = running.enter_context(ThreadPoolExecutor(max_workers=1))
        started = time.perf_counter()
        importing = importer.submit(_timed_import, place, space, rows)
        held = _await_everywhere(place, space, expected, importing)
        seconds = time.perf_counter() - started
        imported = importing.result()
    return _outcome(seconds, imported, expected, held, quick)


def _timed_import(place: Place, space: Space, rows: int) -> float:
    started = time.perf_counter()
    history.run_import(place, space, rows)
    return time.perf_counter() - started


def _await_everywhere(
    place: Place, space: Space, expected: int, importing: Future[float]
) -> dict[str, int]:
    """What each timeline holds of the orders, at the end or when time is up."""
    config = place.config(space)
    deadline = time.monotonic() + LIMIT_SECONDS
    with connect(config.mongodb_uri, "bench-import") as client:
        databases = {name: database(client, config.database(name)) for name in SERVICES}
        while time.monotonic() < deadline:
            if _probably(databases.values(), expected):
                held = _held(databases)
                if min(held.values()) >= expected:
                    return held
            if importing.done():
                importing.result()
            time.sleep(POLL_SECONDS)
        return _held(databases)


def _probably(databases: Any, expected: int) -> bool:
    """By the collections' own counts, which cost nothing."""
    return all(db["timeline_v1"].estimated_document_count() >= expected for db in databases)


def _held(databases: dict[str, Db]) -> dict[str, int]:
    return {name: db["timeline_v1"].count_documents(ORDERS) for name, db in databases.items()}


def _outcome(
    seconds: float, imported: float, expected: int, held: dict[str, int], quick: bool
) -> Outcome:
    target = None if quick else Target(240, 120, at_most=True)
    notes = [f"The import itself took {imported:.0f} s."]
    if min(held.values()) < expected:
        told = ", ".join(f"{name} {count:,}" for name, count in held.items())
        notes.append(f"Stopped by the limit with {told} of {expected:,} events: not finished.")
    name = f"until {expected:,} order events show everywhere"
    return Outcome([Figure(name, "s", seconds, target)], notes)


MEASURE = Measure("importing", "Import of the purchase history", WHAT, take)
