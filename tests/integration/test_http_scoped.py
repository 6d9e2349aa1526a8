"""What a query may find: on a real MongoDB, the documents in reach and no others, however asked."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from events.access.caller import Caller
from events.deciding import Scope
from events.http.paging import Sort, page_of
from events.http.scoped import Scoped, ScopedViews
from events.mongodb import Db, connect, database
from events.types import new_id
from tests.access import a_caller

UNITS, TEAMS, OWNERS = ("root", "north", "south"), (None, "red", "blue"), (None, "sam", "sue")
PLACES = [Scope(*place) for place in itertools.product(UNITS, TEAMS, OWNERS)]
RIGHT = "order.read"

CALLERS = [
    a_caller("seller", subject="sam", org_unit="north", team="red"),
    a_caller("regional_manager", subject="remy", org_unit="south", region=["north"]),
    a_caller("agent", subject="sue", org_unit="south"),
    a_caller("director", subject="dora"),
]


@pytest.fixture(scope="module")
def db(mongodb_uri: str) -> Iterator[Db]:
    with connect(mongodb_uri, "test") as client:
        db = database(client, f"test_scoped_{new_id()[-12:]}")
        db["orders"].insert_many(
            [{"_id": f"{at:02d}", "n": at % 5, **one.to_data()} for at, one in enumerate(PLACES)]
        )
        db["orders"].insert_one({"_id": "lost", "n": 1})
        yield db
        client.drop_database(db.name)


def expected(caller: Caller) -> set[str]:
    reach = caller.reach(RIGHT)
    assert reach
    found = {f"{at:02d}" for at, place in enumerate(PLACES) if reach.covers(place)}
    return found | ({"lost"} if reach.everything else set())


def orders(db: Db, caller: Caller) -> Scoped:
    reach = caller.reach(RIGHT)
    assert reach
    return Scoped(db["orders"], reach.filter)


def ids(documents: Any) -> set[str]:
    return {one["_id"] for one in documents}


@pytest.mark.parametrize("caller", CALLERS, ids=lambda one: one.subject)
class TestOneRule:
    """Whichever way the question is put."""

    def test_find(self, db: Db, caller: Caller) -> None:
        assert ids(orders(db, caller).find({})) == expected(caller)
        assert ids(orders(db, caller).find({"n": 1})) <= expected(caller)

    def test_find_one(self, db: Db, caller: Caller) -> None:
        seen = {
            id
            for id in [*(f"{at:02d}" for at in range(len(PLACES))), "lost"]
            if orders(db, caller).find_one({"_id": id})
        }
        assert seen == expected(caller)

    def test_count(self, db: Db, caller: Caller) -> None:
        assert orders(db, caller).count_documents({}) == len(expected(caller))

    def test_aggregate(self, db: Db, caller: Caller) -> None:
        counted = orders(db, caller).aggregate([{"$group": {"_id": None, "n": {"$sum": 1}}}])
        assert [one["n"] for one in counted] == [len(expected(caller))]

    def test_pages(self, db: Db, caller: Caller) -> None:
        seen: list[str] = []
        cursor = None
        while True:
            page = page_of(orders(db, caller), {}, sort=Sort.by("-n"), cursor=cursor, limit=4)
            seen += [one["_id"] for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(set(seen))
        assert set(seen) == expected(caller)

    def test_a_filter_of_the_callers_own_widens_nothing(self, db: Db, caller: Caller) -> None:
        wide: Any = {"$or": [{"owner": {"$exists": True}}, {"owner": {"$exists": False}}]}
        assert ids(orders(db, caller).find(wide)) == expected(caller)


@pytest.mark.parametrize("stage", ["$lookup", "$unionWith", "$graphLookup", "$facet", "$out"])
def test_an_aggregate_can_not_step_aside(db: Db, stage: str) -> None:
    with pytest.raises(ValueError, match="reach"):
        orders(db, CALLERS[0]).aggregate([{stage: {"coll": "orders", "pipeline": []}}])


def test_only_a_view_that_is_open_is_whole() -> None:
    class Reading:
        timeline = "timeline"

        def collection(self, name: str) -> Any:
            return name

    scoped = ScopedViews(Reading(), {"owner": "sam"}, frozenset({"policies"}))  # type: ignore[arg-type]
    assert scoped.collection("orders")._within == {"owner": "sam"}
    assert scoped.timeline._within == {"owner": "sam"}
    assert scoped.collection("policies")._within == {}
