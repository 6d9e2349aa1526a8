"""The relay's book and lease: heads never go back, and an older leader is refused."""

from __future__ import annotations

import pytest

from events.errors import Fenced
from events.relay import memory, mongo
from tests.conformance.making import commit
from tests.conformance.relaying import Ports, taken

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
