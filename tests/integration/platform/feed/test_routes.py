"""The feed's two routes: what they answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from events.envelope import Event
from events.http import openapi_document
from gateway.platform.feed.feed import Feed
from gateway.platform.feed.scanning import Sight
from gateway.platform.feed.wanted import Wanted
from tests.access import client_of
from tests.integration.platform.feed.serving import app_of
from tests.integration.platform.feed.writing import Log, ids, mixed
from tests.unit.http.depot import is_problem

pytestmark = pytest.mark.integration


def get(feed: Feed, query: dict[str, Any], **ways: Any) -> Any:
    return client_of(app_of(feed, **ways), "platform").get("/v1/events", query_string=query)


def test_a_page_has_items_with_cursors_and_the_next_one(log: Log) -> None:
    log.write(*mixed(30))
    feed, after, seen = log.feed(), "", []
    while True:
        answer = get(feed, {"after": after, "limit": 8})
        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        page = answer.get_json()
        seen += [one["event"]["id"] for one in page["items"]]
        if page["items"]:
            assert page["items"][-1]["cursor"] == page["next_cursor"]
        after = page["next_cursor"]
        if page["caught_up"]:
            break
    assert sorted(seen) == sorted(ids(log.written))


def test_types_are_repeated_or_separated_by_commas(log: Log) -> None:
    log.write(*mixed(25))
    feed = log.feed()
    asked = sorted(ids(one for one in log.written if one.source in ("sales", "service")))
    for types in ("crm.sales.*,crm.service.*", ["crm.sales.*", "crm.service.*"]):
        items = get(feed, {"types": types}).get_json()["items"]
        assert sorted(one["event"]["id"] for one in items) == asked


def test_rights_and_form_are_asked_for_at_every_request(log: Log) -> None:
    log.write(*mixed(10))
    feed, allowed = log.feed(), ["customer-1"]

    def visible() -> Any:
        mine = allowed[-1]
        return lambda event: event.subject == mine

    def shown() -> Any:
        def show(event: Event) -> dict[str, Any]:
            return {"id": event.id, "about": event.subject}

        return show

    for customer in ("customer-1", "customer-4"):
        allowed.append(customer)
        items = get(feed, {}, visible=visible, shown=shown).get_json()["items"]
        expected = [{"id": id, "about": customer} for id in ids(log.written, customer)]
        assert [one["event"] for one in items] == expected


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"after": "nonsense"}, "after"),
        ({"after": "-5"}, "after"),
        ({"after": "A" * 4001}, "after"),
        ({"types": "crm.sales.*.v1"}, "types"),
        ({"types": "*"}, "types"),
        ({"types": "a,,b"}, "types"),
        ({"types": "a" * 201}, "types"),
        ({"types": ",".join(["a"] * 51)}, "types"),
        ({"customer": "a b"}, "customer"),
        ({"customer": "customer-1\n"}, "customer"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"wait": 21}, "wait"),
        ({"wait": -1}, "wait"),
        ({"type": "crm.sales.*"}, "type"),
    ],
)
def test_what_is_wrong_is_named(log: Log, query: dict[str, Any], parameter: str) -> None:
    body = is_problem(get(log.feed(), query), 400, "bad-parameter")
    assert [one["parameter"] for one in body["errors"]] == [parameter]


def test_what_the_log_no_longer_holds_is_gone(log: Log) -> None:
    log.write(*mixed(30))
    feed = log.feed()
    early = get(feed, {"limit": 1}).get_json()["next_cursor"]
    log.cut(1)
    is_problem(get(log.feed(), {"after": early}), 410, "gone")


def test_without_kafka_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.log.kafka_clients.BOOTSTRAP_MS", 300)
    feed = Feed("127.0.0.1:1", ["crm.sales.events"])
    answer = get(feed, {})
    is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]


def test_a_head_request_opens_no_stream(log: Log) -> None:
    feed = log.feed(streams=1)
    client = client_of(app_of(feed), "platform")
    for _ in range(2):
        answer = client.head("/v1/events/stream")
        assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    feed.stream("", Sight(Wanted())).close()


def test_both_routes_are_in_the_document(log: Log) -> None:
    paths = openapi_document(app_of(log.feed()))["paths"]
    page, stream = paths["/v1/events"]["get"], paths["/v1/events/stream"]["get"]
    named = {one["name"] for one in page["parameters"] if "name" in one}
    assert {"after", "types", "customer", "limit", "wait"} <= named
    assert "text/event-stream" in stream["responses"]["200"]["content"]
