"""The timeline over HTTP, on a real MongoDB with the real projection's collections."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import json_util
from flask.testing import FlaskClient

from events.commands import Commands
from events.deciding import Scope
from events.envelope import Event
from events.http import Health, Runtime, create_app, stream_routes, timeline_routes
from events.http.timeline import NEWEST_FIRST, past_filter
from events.mongodb import Db, connect, database
from events.projection import timeline
from events.projection.reader import Views
from events.projection.versions import VersionBook
from events.store.memory import MemoryEventStore
from events.types import StreamId, Version, format_time, new_id
from gateway.merging import Position
from gateway.timelines import Question
from tests.access import client_of, guard
from tests.unit.http.depot import is_problem

pytestmark = pytest.mark.integration

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=30)


@pytest.fixture(scope="module")
def db(mongodb_uri: str) -> Iterator[Db]:
    with connect(mongodb_uri, "test") as client:
        db = database(client, f"test_timeline_{new_id()[-12:]}")
        VersionBook(db).open([timeline.NAME])
        Views(db).timeline.create_indexes(list(timeline.INDEXES))
        yield db
        client.drop_database(db.name)


@pytest.fixture(scope="module")
def client(db: Db) -> FlaskClient:
    commands = Commands(MemoryEventStore("sales"))
    runtime = Runtime("sales", commands, Views(db), Health(), guard("sales"))
    app = create_app(runtime, [timeline_routes(), stream_routes()], version="1")
    return client_of(app, "sales")


def event(customer: str | None, stream: str, version: int, minute: float, **more: Any) -> Event:
    at = NOON + timedelta(minutes=minute)
    given: dict[str, Any] = {
        "id": new_id(),
        "type": "crm.sales.order.placed.v1",
        "source": "sales",
        "occurred_at": at,
        "recorded_at": at,
        "backfilled": False,
        **more,
    }
    return Event(
        stream=StreamId(stream),
        version=Version(version),
        key=customer or stream,
        subject=customer,
        actor="ada",
        correlation_id="cor-1",
        causation_id=None,
        scope=Scope(),
        epoch=1,
        traceparent=None,
        data={"n": version},
        **given,
    )


@pytest.fixture
def story(db: Db) -> tuple[str, list[Event]]:
    """A customer with ten events of two streams, some at the same time, one backfilled."""
    customer = new_id()
    first, second = f"order-{new_id()}", f"case-{new_id()}"
    events = [event(customer, first, n, n) for n in range(1, 6)]
    events += [
        event(customer, second, n, n, source="service", type="crm.service.case.opened.v1")
        for n in range(1, 5)
    ]
    past = event(
        customer, f"order-{new_id()}", 1, -60 * 24 * 9000, recorded_at=LATER, backfilled=True
    )
    noise = [event(None, f"pool-{new_id()}", 1, 2), event(new_id(), f"order-{new_id()}", 1, 3)]
    entries = [timeline.entry_of(one) for one in [*events, past, *noise]]
    Views(db).timeline.insert_many(entries)
    return customer, [past, *sorted(events, key=lambda e: (e.occurred_at, e.entry))]


def read(client: FlaskClient, customer: str, **params: Any) -> Any:
    return client.get(f"/v1/customers/{customer}/timeline", query_string=params)


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.get_json()["items"]]


def test_a_timeline_is_newest_first(client: FlaskClient, story: tuple[str, list[Event]]) -> None:
    customer, events = story
    answer = read(client, customer)
    assert ids(answer) == [one.entry for one in reversed(events)]
    assert answer.get_json()["next_cursor"] is None
    newest = events[-1]
    assert answer.get_json()["items"][0] == {
        "id": newest.entry,
        "customer_id": customer,
        "at": format_time(newest.occurred_at),
        "recorded_at": format_time(newest.recorded_at),
        "source": "sales",
        "type": newest.type,
        "stream": newest.stream,
        "version": newest.version,
        "event_id": newest.id,
        "actor": "ada",
        "correlation_id": "cor-1",
        "backfilled": False,
        "org_unit": "root",
        "data": {"n": newest.version},
    }


def test_pages_follow_one_another(client: FlaskClient, story: tuple[str, list[Event]]) -> None:
    customer, events = story
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = read(client, customer, limit=3, **cursor)
        found += ids(answer)
        if answer.get_json()["next_cursor"] is None:
            break
        cursor = {"cursor": answer.get_json()["next_cursor"]}
    assert found == [one.entry for one in reversed(events)]


def test_a_cursor_of_the_gateway_is_taken(
    client: FlaskClient, story: tuple[str, list[Event]]
) -> None:
    """Made for any entry, whether or not a page of this service would end there."""
    customer, events = story
    as_of = NOON + timedelta(minutes=4)
    asked = Question.of(customer, "", {"limit": 2, "cursor": None, "as_of": as_of})
    shown = [one for one in reversed(events) if one.occurred_at <= as_of]
    for place, one in enumerate(shown):
        cursor = asked.cursor(Position(one.occurred_at, one.entry))
        answer = read(client, customer, cursor=cursor, limit=2, as_of=format_time(as_of))
        assert ids(answer) == [later.entry for later in shown[place + 1 :][:2]]
        if own := answer.get_json()["next_cursor"]:
            last = shown[place + 2]
            assert own == asked.cursor(Position(last.occurred_at, last.entry))


def test_the_past_can_be_asked_for(client: FlaskClient, story: tuple[str, list[Event]]) -> None:
    customer, events = story
    until = NOON + timedelta(minutes=2)
    happened = [one.entry for one in reversed(events) if one.occurred_at <= until]
    known = [one.entry for one in reversed(events) if one.recorded_at <= until]
    assert ids(read(client, customer, as_of=format_time(until))) == happened
    assert ids(read(client, customer, known_at=format_time(until))) == known
    both = read(client, customer, as_of="2010-01-01T00:00:00Z", known_at=format_time(LATER))
    assert ids(both) == [events[0].entry]
    assert len(happened) == 5
    assert len(known) == 4


def test_a_timeline_can_be_narrowed(client: FlaskClient, story: tuple[str, list[Event]]) -> None:
    customer, events = story
    wanted = [one.entry for one in reversed(events) if one.source == "service"]
    assert ids(read(client, customer, source="service")) == wanted
    assert ids(read(client, customer, type="crm.service.case.opened.v1")) == wanted
    assert ids(read(client, customer, type="crm.service.case.opened.v1", source="sales")) == []


def test_who_is_unknown_has_an_empty_timeline(client: FlaskClient) -> None:
    assert read(client, new_id()).get_json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "params",
    [
        {"as_of": "yesterday"},
        {"as_of": "2026-01-01"},
        {"known_at": "2026-01-01T00:00:00"},
        {"known_at": "0001-01-01T00:00:00+14:00"},
        {"as_of": ""},
        {"source": "a b"},
        {"limit": "0"},
        {"cursor": "x"},
    ],
)
def test_a_bad_parameter_is_named(client: FlaskClient, params: dict[str, str]) -> None:
    body = is_problem(read(client, "c-1", **params), 400, "bad-parameter")
    assert [one["parameter"] for one in body["errors"]] == list(params)


def test_a_cursor_belongs_to_its_customer(
    client: FlaskClient, story: tuple[str, list[Event]]
) -> None:
    cursor = read(client, story[0], limit=1).get_json()["next_cursor"]
    is_problem(read(client, "somebody-else", cursor=cursor), 400, "bad-parameter")


def test_the_index_serves_the_timeline(db: Db, story: tuple[str, list[Event]]) -> None:
    chosen = past_filter(story[0], {"as_of": LATER})
    plan = Views(db).timeline.find(chosen).sort(list(NEWEST_FIRST.keys)).explain()
    winner = json_util.dumps(plan["queryPlanner"]["winningPlan"])
    assert '"customer_at"' in winner
    assert '"SORT"' not in winner
    assert plan["executionStats"]["totalKeysExamined"] <= 11


def test_reads_wait_for_real_entries(client: FlaskClient, story: tuple[str, list[Event]]) -> None:
    newest = story[1][-1]
    for version, consistency in ((newest.version, "current"), (newest.version + 1, "stale")):
        headers = {"Consistency-Token": f"{newest.stream}@{version}", "Prefer": "wait=0"}
        answer = client.get(f"/v1/customers/{story[0]}/timeline", headers=headers)
        assert answer.headers["Consistency"] == consistency


@pytest.mark.feature("S93")
def test_a_digest_is_of_entries_and_events(
    client: FlaskClient, story: tuple[str, list[Event]]
) -> None:
    customer, events = story
    path = f"/v1/customers/{customer}/timeline/digest"

    def expected(chosen: list[Event]) -> dict[str, Any]:
        text = "".join(f"{one.entry} {one.id}\n" for one in chosen)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"customer_id": customer, "count": len(chosen), "digest": digest}

    assert client.get(path).get_json() == expected(events)
    known = [one for one in events if one.recorded_at < LATER]
    past = client.get(path, query_string={"known_at": "2026-02-01T00:00:00Z"})
    assert past.get_json() == expected(known)
    assert len(known) == 9


@pytest.mark.feature("S17")
def test_time_in_each_state_comes_from_the_stream_alone(client: FlaskClient, db: Db) -> None:
    stream, other = f"order-{new_id()}", f"order-{new_id()}"
    minutes = {1: 0, 2: 1, 3: 61.5, 4: 61.5}
    entries = [event(None, stream, version, minute) for version, minute in minutes.items()]
    entries += [
        event(None, other, 1, 5),
        event(None, stream + "x", 1, 5),
        event(None, stream + "1", 1, 5),
    ]
    Views(db).timeline.insert_many(timeline.entry_of(one) for one in entries)
    path = f"/v1/streams/{stream}/states"

    whole = client.get(path).get_json()
    assert [item["version"] for item in whole["items"]] == [1, 2, 3, 4]
    assert [item["seconds_until_next"] for item in whole["items"]] == [60, 3630, 0, None]
    assert whole["items"][0] == {
        "version": 1,
        "type": "crm.sales.order.placed.v1",
        "at": format_time(NOON),
        "seconds_until_next": 60,
    }

    first = client.get(path, query_string={"limit": 3}).get_json()
    rest = client.get(path, query_string={"limit": 3, "cursor": first["next_cursor"]}).get_json()
    assert first["items"] + rest["items"] == whole["items"]
    assert client.get(f"/v1/streams/{other}y/states").get_json()["items"] == []
    is_problem(client.get("/v1/streams/nonsense/states"), 404, "not-found")
