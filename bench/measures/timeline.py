"""A page of a very long timeline, against a page of a short one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import requests

from bench.load import drive, get, percentile
from bench.place import Place, Served, Space
from bench.results import Measure, Outcome, Rounds, Target
from events.deciding import Scope
from events.envelope import Event
from events.mongodb import connect, database
from events.projection import timeline
from events.types import StreamId, Version, format_time, new_id, utc_now

SERVICE = "sales"
LONG, SHORT = 100_000, 10
QUICK_LONG = 20_000
OTHERS = 2_000
"""Customers around them with as many events as the short one."""

PAGE = SHORT
DEEP_PAGES = 20
BEGINNING = datetime(2016, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=50)
CHUNK = 5_000
TARGET = Target(1.5, 1.2, at_most=True)

WHAT = f"""\
`GET /v1/customers/{{id}}/timeline?limit={PAGE}` at sales' web process, for a customer with
{LONG:,} events and one with {SHORT}, in turn, request by request, over one connection. Of the long
timeline half of the pages are the newest and half lie anywhere in it, reached by a cursor. Pages
hold {PAGE} events on both sides, so that only the length of the timeline differs; {OTHERS:,} other
customers are around. The entries are those that a projection writes, put into the collection
directly. p99 in each round, at most the ratio in the table.\
"""


def take(place: Place, quick: bool) -> Outcome:
    space = place.space("timeline")
    with place.web(space, SERVICE) as served:
        long, short = fill(place, space, QUICK_LONG if quick else LONG)
        pages = _pages(served, long, QUICK_LONG if quick else LONG)
        lasts, middles = Rounds(), Rounds()
        _alternating(served, pages, short, 1.0)
        for _ in range(3 if quick else 6):
            ours, baseline = _alternating(served, pages, short, 2.0 if quick else 5.0)
            lasts.add(percentile(ours, 0.99) * 1000, percentile(baseline, 0.99) * 1000)
            middles.add(percentile(ours, 0.5) * 1000, percentile(baseline, 0.5) * 1000)
    return Outcome([lasts.figure("p99 of a page", "ms", TARGET), middles.figure("p50", "ms")])


def _alternating(
    web: Served, pages: Sequence[str], short: str, seconds: float
) -> tuple[list[float], list[float]]:
    """Latencies of both sides."""
    page_of_short = _page(web, short)

    def request(number: int) -> bytes:
        page = page_of_short if number % 2 else pages[number // 2 % len(pages)]
        return get(page, web.signed())

    latencies = drive(web.url, request, clients=1, seconds=seconds).latencies
    return latencies[0::2], latencies[1::2]


def _page(web: Served, customer_id: str) -> str:
    return f"{web.url}/v1/customers/{customer_id}/timeline?limit={PAGE}"


def _pages(web: Served, customer_id: str, length: int) -> list[str]:
    """The newest page as often as all the deep ones together."""
    newest = _page(web, customer_id)
    moments = (
        BEGINNING + APART * (length * n // (DEEP_PAGES + 1)) for n in range(1, DEEP_PAGES + 1)
    )
    deep = [_following(web, f"{newest}&as_of={format_time(moment)}") for moment in moments]
    return [page for one in deep for page in (newest, one)]


def _following(web: Served, page: str) -> str:
    """The page after another one. Raises KeyError when there is none."""
    answer = requests.get(page, headers=dict(web.signed()), timeout=10)
    answer.raise_for_status()
    return f"{page}&cursor={answer.json()['next_cursor']}"


def fill(place: Place, space: Space, length: int) -> tuple[str, str]:
    """Entries of one long timeline, one short one and the others'; the ids of the two."""
    config = place.config(space)
    long, short = new_id(), new_id()
    with connect(config.mongodb_uri, "bench-timeline") as client:
        collection = database(client, config.database(SERVICE))[f"{timeline.NAME}_v1"]
        entries = _entries(long, short, length)
        while chunk := list(islice(entries, CHUNK)):
            collection.insert_many([timeline.entry_of(event) for event in chunk], ordered=False)
    return long, short


def _entries(long: str, short: str, length: int) -> Iterator[Event]:
    yield from _story(long, length)
    yield from _story(short, SHORT)
    for _ in range(OTHERS):
        yield from _story(new_id(), SHORT)


def _story(customer_id: str, length: int) -> Iterator[Event]:
    """Calls, one stream each, evenly spread over the years."""
    now = utc_now()
    for number in range(length):
        yield Event(
            id=new_id(),
            type="crm.service.interaction.started.v1",
            stream=StreamId.of("interaction", new_id()),
            version=Version(1),
            key=customer_id,
            subject=customer_id,
            source="service",
            occurred_at=BEGINNING + APART * number,
            recorded_at=now,
            actor="bench",
            correlation_id=customer_id,
            causation_id=None,
            backfilled=True,
            scope=Scope(),
            epoch=1,
            traceparent=None,
            data={"customer_id": customer_id, "channel": "phone", "number": number},
        )


def profile(place: Place, file: Path) -> None:
    space = place.space("profile")
    with place.web(space, SERVICE, profile=file) as served:
        long, short = fill(place, space, QUICK_LONG)
        _alternating(served, _pages(served, long, QUICK_LONG), short, 8.0)


MEASURE = Measure("timeline", "Page of a long timeline", WHAT, take, profile)
