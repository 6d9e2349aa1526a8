"""The past as it was, and as it was known: `as_of` and `known_at` against a model over the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import product
from random import Random
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from events.types import format_time
from tests.acceptance import stories
from tests.acceptance.api import Api
from tests.acceptance.history import Bought, bring_in, fresh_source, ids
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

pytestmark = pytest.mark.feature("N02")

Event = Mapping[str, Any]
Moment = datetime | None

MILLISECOND = timedelta(milliseconds=1)
QUESTIONS = 40
"""Pairs of random times asked of each service."""

FIRST = [Bought("1", date(1998, 2, 1), 1, 1000), Bought("1", date(1998, 9, 9), 2, 2000)]
LATER = [Bought("1", date(1996, 7, 7), 1, 500), Bought("1", date(1998, 5, 5), 1, 700)]
"""Found in another drawer: some of it happened before what was known already."""


@pytest.fixture(scope="module")
def story(system: System) -> list[Event]:
    """One customer's events: history, then business, then older history, then business again."""
    api, source = system.api, fresh_source()
    bring_in(system, source, FIRST)
    customer_id = ids(source, FIRST)["1"]
    stories.purchase(api, customer_id)
    case = stories.case(api, customer_id, scope={"org_unit": "u1", "team": "t1", "owner": "o1"})
    bring_in(system, source, LATER)
    stories.resolve(api, case.id)
    stories.opportunity(api, customer_id)
    Stores(system).settle()
    return [one for one in system.topics.events() if one.get("subject") == customer_id]


def test_any_two_clocks_give_what_held_then_as_known_then(api: Api, story: list[Event]) -> None:
    chance = Random(5)
    for service in SERVICES:
        for _ in range(QUESTIONS):
            as_of, known_at = (
                some_moment(chance, story, "time"),
                some_moment(chance, story, "recordedtime"),
            )
            expected = model(story, as_of, known_at)
            assert shown(api, service, story, as_of, known_at) == expected
            assert digest(api, service, story, as_of, known_at) == fingerprint(expected)


def test_a_late_discovery_about_the_past_changes_only_what_is_known_later(
    api: Api, story: list[Event]
) -> None:
    """The four combinations of before and after, for both clocks."""
    history = [one for one in story if one["backfilled"]]
    told = sorted({moment(one, "recordedtime") for one in history})
    before_discovery = moment(
        min(
            (one for one in story if not one["backfilled"]),
            key=lambda one: str(one["recordedtime"]),
        ),
        "recordedtime",
    )
    mid, now = datetime(1998, 6, 1, tzinfo=UTC), told[-1] + timedelta(days=1)
    counts = {
        (as_of, known_at): len(shown(api, "sales", story, as_of, known_at))
        for as_of, known_at in product((mid, None), (before_discovery, now))
    }
    # Registered, and one purchase of two events before mid; two more of each kind discovered.
    assert counts[mid, before_discovery] == 3
    assert counts[mid, now] == 3 + 4
    assert counts[None, before_discovery] == 1 + 4 + sum(
        moment(one, "recordedtime") <= before_discovery for one in story if not one["backfilled"]
    )
    assert counts[None, now] == len(story)


def some_moment(chance: Random, story: Sequence[Event], clock: str) -> Moment:
    """None, far before, far after, or around the moment of one of the events."""
    kind = chance.randrange(8)
    if kind == 0:
        return None
    if kind == 1:
        return datetime(1990, 1, 1, tzinfo=UTC)
    if kind == 2:
        return datetime(2100, 1, 1, tzinfo=UTC)
    near = moment(chance.choice(story), clock)
    return near + chance.choice((-1, 0, 1)) * MILLISECOND


def moment(event: Event, clock: str) -> datetime:
    return datetime.fromisoformat(event[clock])


def model(story: Iterable[Event], as_of: Moment, known_at: Moment) -> list[dict[str, Any]]:
    """Newest first; among equal times by stream and version, the greater first."""
    held = [
        entry(one)
        for one in story
        if (as_of is None or moment(one, "time") <= as_of)
        and (known_at is None or moment(one, "recordedtime") <= known_at)
    ]
    return sorted(held, key=lambda one: (one["at"], one["id"]), reverse=True)


ATTRIBUTES = {
    "customer_id": "subject",
    "at": "time",
    "recorded_at": "recordedtime",
    "type": "type",
    "stream": "stream",
    "version": "streamversion",
    "event_id": "id",
    "actor": "actor",
    "correlation_id": "correlationid",
    "causation_id": "causationid",
    "backfilled": "backfilled",
    "org_unit": "orgunit",
    "team": "team",
    "owner": "owner",
    "data": "data",
}
"""Where each field of a timeline's entry stands in the CloudEvent."""


def entry(event: Event) -> dict[str, Any]:
    """An event as the timeline must show it, every field."""
    told = {name: event[there] for name, there in ATTRIBUTES.items() if there in event}
    told["id"] = f"{event['stream']}@{event['streamversion']:010d}"
    told["source"] = event["source"].rpartition("/")[2]
    return told


def shown(
    api: Api, service: str, story: Sequence[Event], as_of: Moment, known_at: Moment
) -> list[dict[str, Any]]:
    path = f"/v1/{service}/customers/{story[0]['subject']}/timeline"
    return api.pages(path, limit=4, **clocks(as_of, known_at))


def digest(
    api: Api, service: str, story: Sequence[Event], as_of: Moment, known_at: Moment
) -> tuple[int, str]:
    path = f"/v1/{service}/customers/{story[0]['subject']}/timeline/digest"
    told = api.read(path, **clocks(as_of, known_at))
    return told["count"], told["digest"]


def fingerprint(entries: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    lines = "".join(f"{one['id']} {one['event_id']}\n" for one in reversed(entries))
    return len(entries), sha256(lines.encode()).hexdigest()


def clocks(as_of: Moment, known_at: Moment) -> dict[str, Any]:
    given = {"as_of": as_of, "known_at": known_at}
    return {name: format_time(at) for name, at in given.items() if at is not None}
