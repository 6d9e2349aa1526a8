"""The feed from the first day, against a Kafka consumer that only parses."""

from __future__ import annotations

import time

import requests

from bench import history
from bench.place import Failed, Place, Served
from bench.results import Measure, Outcome, Rounds

ROWS, QUICK_ROWS = 6_000, 2_000
PAGE = 200
SERVICE = "platform"

WHAT = f"""\
`GET /v1/events?after=…&limit={PAGE}` at the platform's web process, page after page from the first
day until it has caught up, by one subscriber over one connection, who may see everything. The
baseline is a consumer that polls the same topics and parses each record, in a process of its own,
without HTTP, rights, order between topics or a cursor for each event.\
"""


def take(place: Place, quick: bool) -> Outcome:
    past = history.imported(place, QUICK_ROWS if quick else ROWS)
    records = history.published(place, past)
    rates = Rounds()
    with place.web(past.space, SERVICE) as served:
        for _ in range(2 if quick else 3):
            ours = records / followed(served, records)
            baseline = place.run(past.space, "plain_reader", records)["rate"]
            rates.add(ours, float(baseline))
    return Outcome([rates.figure("events followed", "/s")], [f"{records:,} events in the log."])


def followed(served: Served, records: int) -> float:
    """Seconds until all of the log was handed out. Raises Failed when some is missing."""
    session = requests.Session()
    seen, after = 0, ""
    started = time.perf_counter()
    while True:
        answer = session.get(
            f"{served.url}/v1/events",
            params={"after": after, "limit": PAGE},
            headers=dict(served.signed()),
            timeout=60,
        )
        answer.raise_for_status()
        page = answer.json()
        seen += len(page["items"])
        after = page["next_cursor"]
        if page["caught_up"]:
            break
    if seen < records:
        raise Failed(f"the feed handed out {seen} of {records} events")
    return time.perf_counter() - started


MEASURE = Measure("feed", "Feed from the first day", WHAT, take)
