"""What only a real change stream can do: end, forget, and be asked for nonsense."""

from __future__ import annotations

import pytest

from events.errors import Transient
from events.mongodb import Db
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.relay.port import TokenLost
from events.store.mongo import MongoEventStore
from tests.conformance.making import commit
from tests.conformance.relaying import drain, ids, nothing, taken

pytestmark = pytest.mark.integration


@pytest.fixture
def store(db: Db) -> MongoEventStore:
    store = MongoEventStore(db, "sales")
    store.prepare()
    return store


@pytest.mark.parametrize("token", [{"_data": "82"}, {"_data": "nonsense"}, {"other": 1}])
def test_a_token_that_is_none_is_lost(
    db: Db, store: MongoEventStore, token: dict[str, str]
) -> None:
    feed = ChangeStreamFeed(db)
    with pytest.raises(TokenLost):
        feed.open(token)
    feed.close()


def test_a_renamed_collection_ends_the_feed(db: Db, store: MongoEventStore) -> None:
    feed = ChangeStreamFeed(db)
    feed.open(None)
    store.append(commit())
    taken(feed, 1)
    db["commits"].rename("commits_of_before")
    with pytest.raises(TokenLost):
        drain(feed, None)
    feed.close()


def test_a_forgotten_cursor_is_transient(db: Db, store: MongoEventStore) -> None:
    feed = ChangeStreamFeed(db)
    token = feed.open(None)
    db.command({"killCursors": "commits", "cursors": [feed._cursor]}, session=feed._session)
    with pytest.raises(Transient):
        feed.take(0.1)
    feed.open(token)
    store.append(commit())
    assert len(taken(feed, 1)[0]) == 1
    feed.close()


def test_changes_and_deletions_are_not_fed(db: Db, store: MongoEventStore) -> None:
    """They should not happen; if they do, the log must not repeat or break."""
    feed = ChangeStreamFeed(db)
    feed.open(None)
    store.append(commit("order-1"))
    db["commits"].update_one({}, {"$set": {"touched": True}})
    db["commits"].delete_many({})
    store.append(commit("order-2"))
    assert ids(taken(feed, 2)[0]) == ["order-1@0000000001", "order-2@0000000001"]
    feed.close()


def test_a_quiet_token_moves_on(db: Db, store: MongoEventStore) -> None:
    """Else it would be older than the oplog one day."""
    feed = ChangeStreamFeed(db)
    before = feed.open(None)
    db["elsewhere"].insert_many([{} for _ in range(10)])
    tokens = [nothing(feed) for _ in range(20)]
    assert tokens[-1] != before
    feed.close()


def test_more_commits_than_one_reply(db: Db, store: MongoEventStore) -> None:
    feed = ChangeStreamFeed(db)
    feed.open(None)
    commits = [commit(f"order-{number}") for number in range(2500)]
    store.append_many(commits)
    assert len(taken(feed, 2500)[0]) == 2500
    feed.close()


def test_a_lease_without_a_server_clock_is_not_needed(db: Db) -> None:
    """The end of a tenure is the server's time, whatever the clock of this machine says."""
    MongoLease(db, "one").acquire()
    held = db["relay"].find_one({"_id": "lease"})
    now = db.command("hello")["localTime"]
    assert held is not None
    seconds = (held["until"].replace(tzinfo=None) - now.replace(tzinfo=None)).total_seconds()
    assert 5 < seconds <= 11


def test_released_leases_keep_their_number(db: Db) -> None:
    lease = MongoLease(db, "one")
    lease.acquire()
    lease.release()
    held = db["relay"].find_one({"_id": "lease"})
    assert held == {"_id": "lease", "fence": 1}


def test_books_of_two_processes_are_one(db: Db, store: MongoEventStore) -> None:
    feed = ChangeStreamFeed(db)
    token = feed.open(None)
    MongoRelayBook(db).save({"order-1": 2}, token, 5)
    assert MongoRelayBook(db).token() == token
    feed.close()


def test_heads_that_another_relay_inserted_meanwhile_are_raised(
    db: Db, store: MongoEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its look and its insert, the other one was faster with some of them."""
    book = MongoRelayBook(db)
    MongoRelayBook(db).save({"order-1": 2, "order-2": 9}, None, 1)
    with monkeypatch.context() as patch:
        patch.setattr(book, "heads", lambda _: {})
        book.save({"order-1": 5, "order-2": 3, "order-3": 1}, None, 1)
    heads = book.heads(["order-1", "order-2", "order-3"])
    assert heads == {"order-1": 5, "order-2": 9, "order-3": 1}
