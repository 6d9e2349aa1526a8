"""Feed, book and lease: a token misses nothing, heads never go back, an older leader is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from events.envelope import Commit
from events.errors import Fenced
from events.mongodb import Db
from events.relay import memory, mongo
from events.relay.memory import MemoryFeed, MemoryLease, MemoryRelayBook, Oplog, Tenure
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.relay.port import Feed, Lease, RelayBook, Token, TokenLost
from events.store.memory import MemoryEventStore
from events.store.mongo import MongoEventStore
from events.store.port import EventStore
from tests.conformance.making import commit

PATIENCE_SECONDS = 20.0


@dataclass
class Ports:
    """One service's store with all that its relays share."""

    store: EventStore
    feed: Callable[[], Feed]
    book: Callable[[], RelayBook]
    lease: Callable[[str], Lease]
    pass_time: Callable[[float], None]
    """Lets seconds go by for every lease."""
    lose_tokens: Callable[[], None]


@pytest.fixture
def ports(backend: str, request: pytest.FixtureRequest) -> Ports:
    return _in_memory() if backend == "memory" else _on_mongodb(request.getfixturevalue("db"))


def _in_memory() -> Ports:
    store, oplog, tenure, book = MemoryEventStore("sales"), Oplog(), Tenure(), MemoryRelayBook()
    clock = [0.0]

    def pass_time(seconds: float) -> None:
        clock[0] += seconds

    return Ports(
        store=store,
        feed=lambda: MemoryFeed(store, oplog),
        book=lambda: book,
        lease=lambda owner: MemoryLease(tenure, owner, lambda: clock[0]),
        pass_time=pass_time,
        lose_tokens=oplog.roll_over,
    )


def _on_mongodb(db: Db) -> Ports:
    store = MongoEventStore(db, "sales")
    store.prepare()
    leases: list[MongoLease] = []

    def lease(owner: str) -> MongoLease:
        leases.append(MongoLease(db, owner))
        return leases[-1]

    def pass_time(seconds: float) -> None:
        """Instead of waiting, everything that has a time is moved into the past."""
        earlier = {"$dateSubtract": {"startDate": "$until", "unit": "second", "amount": seconds}}
        db["relay"].update_one(
            {"_id": "lease", "until": {"$exists": True}}, [{"$set": {"until": earlier}}]
        )
        for one in leases:
            one._renew_at -= seconds

    return Ports(
        store=store,
        feed=lambda: ChangeStreamFeed(db),
        book=lambda: MongoRelayBook(db),
        lease=lease,
        pass_time=pass_time,
        lose_tokens=lambda: _recreate(db),
    )


def _recreate(db: Db) -> None:
    """As a restore does it: the collection is another one, with the same commits."""
    held = list(db["commits"].find())
    db.drop_collection("commits")
    if held:
        db["commits"].insert_many(held)


def taken(feed: Feed, count: int) -> tuple[list[Commit], Token]:
    """At least so many commits, and the token after them."""
    found: list[Commit] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        fed = feed.take(0.1)
        found += fed.commits
        if len(found) >= count:
            return found, fed.token
        assert time.monotonic() < deadline, f"{len(found)} of {count} commits"


def nothing(feed: Feed) -> Token:
    fed = feed.take(0.05)
    assert list(fed.commits) == []
    return fed.token


def ids(commits: list[Commit]) -> list[str]:
    return [one.id for one in commits]


# --- the feed


def test_a_feed_gives_whole_commits_in_commit_order(ports: Ports) -> None:
    feed = ports.feed()
    feed.open(None)
    commits = [commit("order-2", count=3), commit("order-1"), commit("order-2", first=4)]
    for one in commits:
        ports.store.append(one)
    assert taken(feed, 3)[0] == commits
    feed.close()


def test_a_new_feed_begins_now(ports: Ports) -> None:
    ports.store.append(commit("order-1"))
    feed = ports.feed()
    feed.open(None)
    nothing(feed)
    ports.store.append(commit("order-2"))
    assert ids(taken(feed, 1)[0]) == ["order-2@0000000001"]
    feed.close()


def test_the_token_of_opening_misses_nothing(ports: Ports) -> None:
    first = ports.feed()
    token = first.open(None)
    first.close()
    ports.store.append(commit("order-1"))
    second = ports.feed()
    second.open(token)
    assert ids(taken(second, 1)[0]) == ["order-1@0000000001"]
    second.close()


def test_a_token_continues_after_what_was_taken_with_it(ports: Ports) -> None:
    first = ports.feed()
    first.open(None)
    ports.store.append(commit("order-1"))
    ports.store.append(commit("order-2"))
    _, token = taken(first, 2)
    ports.store.append(commit("order-3"))
    first.close()
    second = ports.feed()
    assert second.open(token) is not None
    assert ids(taken(second, 1)[0]) == ["order-3@0000000001"]
    nothing(second)
    second.close()


def test_a_token_may_be_used_again(ports: Ports) -> None:
    feed = ports.feed()
    token = feed.open(None)
    ports.store.append(commit("order-1"))
    for _ in range(2):
        feed.open(token)
        assert ids(taken(feed, 1)[0]) == ["order-1@0000000001"]
    feed.close()


def test_a_quiet_feed_gives_a_token_too(ports: Ports) -> None:
    feed = ports.feed()
    feed.open(None)
    token = nothing(feed)
    ports.store.append(commit("order-1"))
    feed.open(token)
    assert ids(taken(feed, 1)[0]) == ["order-1@0000000001"]
    feed.close()


def test_a_scan_gives_every_commit_each_stream_in_order(ports: Ports) -> None:
    for one in (commit("order-2", first=1, count=12), commit("order-1"), commit("order-10")):
        ports.store.append(one)
    ports.store.append(commit("order-2", first=13))
    found = ids(list(ports.feed().scan()))
    assert sorted(found) == found
    assert set(found) == {
        "order-1@0000000001",
        "order-10@0000000001",
        "order-2@0000000001",
        "order-2@0000000013",
    }


def test_a_lost_token_is_told_when_resuming(ports: Ports) -> None:
    feed = ports.feed()
    feed.open(None)
    ports.store.append(commit("order-1"))
    _, token = taken(feed, 1)
    feed.close()
    ports.lose_tokens()
    later = ports.feed()
    with pytest.raises(TokenLost):
        drain(later, token)
    later.close()


def test_a_lost_token_is_told_while_reading(ports: Ports) -> None:
    feed = ports.feed()
    feed.open(None)
    ports.store.append(commit("order-1"))
    taken(feed, 1)
    ports.lose_tokens()
    with pytest.raises(TokenLost):
        drain(feed, None)
    feed.close()


def test_after_the_loss_a_new_feed_can_be_opened(ports: Ports) -> None:
    ports.store.append(commit("order-1"))
    ports.lose_tokens()
    feed = ports.feed()
    feed.open(None)
    ports.store.append(commit("order-2"))
    assert ids(taken(feed, 1)[0]) == ["order-2@0000000001"]
    feed.close()


def drain(feed: Feed, token: Token | None) -> None:
    if token is not None:
        feed.open(token)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        feed.take(0.05)


# --- the book


def test_a_new_book_is_empty(ports: Ports) -> None:
    assert ports.book().token() is None
    assert ports.book().heads(["order-1"]) == {}


def test_heads_and_token_are_kept(ports: Ports) -> None:
    token = ports.feed().open(None)
    ports.book().save({"order-1": 3, "order-2": 1}, token, 1)
    assert ports.book().heads(["order-1", "order-2", "order-3"]) == {"order-1": 3, "order-2": 1}
    assert ports.book().token() == token


def test_heads_never_go_back(ports: Ports) -> None:
    ports.book().save({"order-1": 7}, None, 1)
    ports.book().save({"order-1": 3, "order-2": 2}, None, 2)
    assert ports.book().heads(["order-1", "order-2"]) == {"order-1": 7, "order-2": 2}


def test_saving_heads_leaves_the_token(ports: Ports) -> None:
    token = ports.feed().open(None)
    ports.book().save({}, token, 1)
    ports.book().save({"order-1": 1}, None, 1)
    assert ports.book().token() == token


def test_an_older_leader_cannot_move_the_token(ports: Ports) -> None:
    feed = ports.feed()
    old = feed.open(None)
    ports.store.append(commit("order-1"))
    _, new = taken(feed, 1)
    ports.book().save({}, new, 2)
    with pytest.raises(Fenced):
        ports.book().save({}, old, 1)
    assert ports.book().token() == new
    ports.book().save({}, old, 2)
    ports.book().save({}, new, 3)
    feed.close()


# --- the lease


def test_one_leads(ports: Ports) -> None:
    one, two = ports.lease("one"), ports.lease("two")
    assert one.acquire() == 1
    assert two.acquire() is None
    assert one.acquire() == 1


def test_who_renews_in_time_stays(ports: Ports) -> None:
    one, two = ports.lease("one"), ports.lease("two")
    one.acquire()
    for _ in range(4):
        ports.pass_time(mongo.LEASE_SECONDS / 2)
        assert one.acquire() == 1
        assert two.acquire() is None


def test_who_is_silent_loses_the_lead(ports: Ports) -> None:
    one, two = ports.lease("one"), ports.lease("two")
    one.acquire()
    ports.pass_time(mongo.LEASE_SECONDS + 1)
    assert two.acquire() == 2
    assert one.acquire() is None


def test_who_was_only_slow_keeps_the_lead(ports: Ports) -> None:
    one = ports.lease("one")
    one.acquire()
    ports.pass_time(mongo.LEASE_SECONDS + 1)
    assert one.acquire() == 1


def test_a_released_lead_can_be_taken_at_once(ports: Ports) -> None:
    one, two = ports.lease("one"), ports.lease("two")
    one.acquire()
    one.release()
    assert two.acquire() == 2
    assert one.acquire() is None


def test_the_fence_never_goes_back(ports: Ports) -> None:
    fences = []
    for owner in ("one", "two", "one", "three"):
        lease = ports.lease(owner)
        fences.append(lease.acquire())
        lease.release()
    assert fences == [1, 2, 3, 4]


def test_a_restarted_owner_takes_over_with_a_new_number(ports: Ports) -> None:
    zombie = ports.lease("one")
    assert zombie.acquire() == 1
    restarted = ports.lease("one")
    assert restarted.acquire() == 2
    ports.pass_time(mongo.LEASE_SECONDS / 2)
    assert zombie.acquire() is None


def test_who_does_not_lead_releases_nothing(ports: Ports) -> None:
    one, two = ports.lease("one"), ports.lease("two")
    one.acquire()
    two.acquire()
    two.release()
    assert ports.lease("three").acquire() is None


def test_both_leases_last_as_long() -> None:
    assert memory.LEASE_SECONDS == mongo.LEASE_SECONDS
