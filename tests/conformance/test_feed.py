"""The relay's feed: commit order, and tokens that miss nothing or say that they are lost."""

from __future__ import annotations

import pytest

from events.relay.port import TokenLost
from tests.conformance.making import commit
from tests.conformance.relaying import Ports, drain, ids, nothing, taken


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
