"""Paging on a real MongoDB: every document once, in order, whatever comes in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import json_util
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.collection import Collection

from events.http.paging import Page, Sort, page_of
from events.http.problem import Problem
from events.mongodb import connect, database
from events.types import new_id

pytestmark = pytest.mark.integration

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def client(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with connect(mongodb_uri, "test") as client:
        yield client


@pytest.fixture(scope="module")
def things(client: MongoClient[dict[str, Any]]) -> Iterator[Collection[dict[str, Any]]]:
    db = database(client, f"test_paging_{new_id()[-12:]}")
    db["things"].create_index([("group", 1), ("value", -1), ("_id", -1)])
    yield db["things"]
    client.drop_database(db.name)


def walk(things: Collection[dict[str, Any]], sort: Sort, limit: int, **filter: Any) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = page_of(things, filter, sort=sort, cursor=cursor, limit=limit)
        assert len(page.items) == limit or page.next_cursor is None
        found.extend(item["_id"] for item in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


VALUES = st.one_of(
    st.lists(st.none() | st.sampled_from(["", "a", "b", "Z", "é"]), max_size=12),
    st.lists(st.none() | st.integers(-3, 3), max_size=12),
    st.lists(st.none() | st.sampled_from([Decimal("-1.5"), Decimal("0.10"), 3]), max_size=12),
    st.lists(
        st.none() | st.integers(0, 3).map(lambda ms: NOON + timedelta(milliseconds=ms)), max_size=12
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=VALUES,
    missing=st.booleans(),
    sort=st.sampled_from(["value", "-value", "_id", "-_id"]),
    limit=st.integers(1, 5),
)
def test_paging_finds_each_document_once_in_order(
    things: Collection[dict[str, Any]], values: list[Any], missing: bool, sort: str, limit: int
) -> None:
    group = new_id()
    documents = [
        {"_id": f"{group}-{number:02}", "group": group, "value": value}
        for number, value in enumerate(values)
    ]
    for document in documents[:2] if missing else ():
        del document["value"]
    if documents:
        things.insert_many(documents)
    order = Sort.by(sort)
    expected = [
        document["_id"] for document in things.find({"group": group}).sort(list(order.keys))
    ]
    assert len(expected) == len(values)
    assert walk(things, order, limit, group=group) == expected
    assert walk(things, order, limit, group=group, value={"$ne": "b"}) == [
        one for one in expected if values[int(one[-2:])] != "b" or (missing and one[-2:] < "02")
    ]


def test_inserts_neither_repeat_nor_hide_what_was_there(
    things: Collection[dict[str, Any]],
) -> None:
    group = new_id()

    def insert(*numbers: int) -> None:
        things.insert_many(
            {"_id": f"{group}-{number}", "group": group, "value": number} for number in numbers
        )

    def page(cursor: str | None) -> Page:
        return page_of(things, {"group": group}, sort=Sort.by("-value"), cursor=cursor, limit=3)

    insert(*range(10, 20))
    first = page(None)
    insert(100, 101, 1, 5, 15 + 100)
    second = page(first.next_cursor)
    assert [one["value"] for one in first.items] == [19, 18, 17]
    assert [one["value"] for one in second.items] == [16, 15, 14]


def test_a_cursor_of_another_list_is_refused(things: Collection[dict[str, Any]]) -> None:
    group = new_id()
    things.insert_many({"_id": f"{group}-{n}", "group": group, "value": n} for n in range(3))
    sort = Sort.by("-value")
    page = page_of(things, {"group": group}, sort=sort, limit=1)
    for other in ({"group": "other"}, {}):
        with pytest.raises(Problem, match="cursor"):
            page_of(things, other, sort=sort, cursor=page.next_cursor)
    with pytest.raises(Problem, match="cursor"):
        page_of(things, {"group": group}, sort=Sort.by("value"), cursor=page.next_cursor)


@pytest.mark.parametrize("sort", ["-value", "value"])
def test_a_later_page_reads_no_more_than_the_first(
    things: Collection[dict[str, Any]], client: MongoClient[dict[str, Any]], sort: str
) -> None:
    """The index is entered where the page begins, and nothing is sorted in memory."""
    group = new_id()
    things.insert_many(
        {"_id": f"{group}-{number:05}", "group": group, "value": number // 3}
        for number in range(3000)
    )
    cursor = None
    for _ in range(10):
        page = page_of(things, {"group": group}, sort=Sort.by(sort), cursor=cursor, limit=100)
        cursor = page.next_cursor
    examined = examined_by_page(things, group, Sort.by(sort), cursor)
    assert examined < 120


def examined_by_page(
    things: Collection[dict[str, Any]], group: str, sort: Sort, cursor: str | None
) -> int:
    """Index keys that the server looks at for one page of 100."""
    asked: list[Any] = []

    class Spy:
        def find(self, query: Any, projection: Any) -> Any:
            asked.append(query)
            return things.find(query, projection)

    spy: Any = Spy()
    page_of(spy, {"group": group}, sort=sort, cursor=cursor, limit=100)
    plan = things.find(asked[0]).sort(list(sort.keys)).limit(101).explain()
    winner = json_util.dumps(plan["queryPlanner"]["winningPlan"])
    assert '"IXSCAN"' in winner
    assert '"SORT"' not in winner
    return int(plan["executionStats"]["totalKeysExamined"])
