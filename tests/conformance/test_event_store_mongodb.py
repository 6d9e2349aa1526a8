"""What only the real store can show: indexes, time zones, retried writes, restored backups."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from events.errors import Corrupt, VersionConflict
from events.mongodb import Db
from events.store.documents import to_document
from events.store.mongo import MongoEventStore
from events.types import StreamId, Version, entry_id
from tests.conformance.making import commit, event, stream_of

pytestmark = pytest.mark.integration
ORDER = StreamId("order-1")


@pytest.fixture
def store(db: Db) -> MongoEventStore:
    store = MongoEventStore(db, "sales")
    store.prepare()
    return store


def stages(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages of a query plan from the outermost to the innermost."""
    found = [plan]
    while "inputStage" in found[-1]:
        found.append(found[-1]["inputStage"])
    return found


class Asked:
    """Records the last `find` on a collection, so that the very same can be explained."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.cursor: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    def find(self, *args: Any, **kwargs: Any) -> Any:
        self.cursor = self._collection.find(*args, **kwargs)
        return self.cursor

    def find_one(self, *args: Any, **kwargs: Any) -> Any:
        return next(iter(self.find(*args, **kwargs).limit(1)), None)


def test_loading_scans_the_one_index(store: MongoEventStore) -> None:
    for number in range(50):
        store.append(commit(f"order-{number}", count=2))
    asked = Asked(store.db["commits"])
    store._commits = asked  # type: ignore[assignment]
    store.load(StreamId("order-7"))
    explained = asked.cursor.clone().explain()
    scans = stages(explained["queryPlanner"]["winningPlan"])
    assert [one["stage"] for one in scans] == ["FETCH", "IXSCAN"]
    assert scans[1]["indexName"] == "_id_"
    assert explained["executionStats"]["totalKeysExamined"] <= 2


def test_the_command_is_found_by_its_index(store: MongoEventStore) -> None:
    for number in range(50):
        store.append(commit(f"order-{number}", command=f"c{number}"))
    asked = Asked(store.db["commits"])
    store._commits = asked  # type: ignore[assignment]
    assert store.find_command("c7") is not None
    explained = asked.cursor.clone().explain()
    assert stages(explained["queryPlanner"]["winningPlan"])[-1]["indexName"] == "command_id"
    assert explained["executionStats"]["totalDocsExamined"] == 1


def test_a_missing_index_is_refused(store: MongoEventStore) -> None:
    store.verify()
    store.db["commits"].drop_index("command_id")
    with pytest.raises(Corrupt, match="command_id"):
        store.verify()
    store.prepare()
    store.verify()


def test_an_index_that_is_not_unique_is_refused(store: MongoEventStore) -> None:
    store.db["commits"].drop_index("command_id")
    store.db["commits"].create_index([("command_id", 1)], name="command_id")
    with pytest.raises(Corrupt, match="command_id"):
        store.verify()


def test_prepare_may_run_again_and_side_by_side(store: MongoEventStore, db: Db) -> None:
    store.append(commit())
    MongoEventStore(db, "sales").prepare()
    assert stream_of(*store.load(ORDER)) == [event()]


def test_times_have_a_zone(store: MongoEventStore) -> None:
    store.append(commit())
    loaded = stream_of(*store.load(ORDER))[0]
    assert loaded.occurred_at.tzinfo is not None
    assert loaded.occurred_at.astimezone(UTC) == event().occurred_at


def test_a_hole_stops_loading(store: MongoEventStore) -> None:
    for version in (1, 2, 3):
        store.append(commit(first=version))
    store.db["commits"].delete_one({"_id": entry_id(ORDER, 2)})
    with pytest.raises(Corrupt, match="version 2 is missing"):
        store.load(ORDER)
    with pytest.raises(Corrupt, match="version 2 is missing"):
        store.load(ORDER, Version(1))


def test_our_own_retried_write_is_recognised(store: MongoEventStore) -> None:
    """The first answer was lost on the way; what the driver sends again finds itself."""
    mine = commit()
    store.db["commits"].insert_one(to_document(mine))
    appended = store.append(mine)
    assert appended.commit == mine
    assert stream_of(*store.load(ORDER)) == [event()]
    with pytest.raises(VersionConflict):
        store.append(commit(id="somebody else's"))


def test_receipts_go_after_two_days(store: MongoEventStore) -> None:
    indexes = store.db["receipts"].index_information()
    assert [i["expireAfterSeconds"] for i in indexes.values() if "expireAfterSeconds" in i] == [
        48 * 3600
    ]


def test_the_epoch_is_stamped(store: MongoEventStore, db: Db) -> None:
    db["store_meta"].update_one({"_id": "epoch"}, {"$set": {"value": 3}})
    store.verify()
    assert store.epoch == 3


def test_writes_are_journaled_on_a_majority(store: MongoEventStore) -> None:
    concern = store.db["commits"].write_concern.document
    assert concern["w"] == "majority"
    assert concern["j"] is True
