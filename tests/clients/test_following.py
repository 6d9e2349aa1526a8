"""The feed as the Python client follows it: no gap and no double, whatever breaks on the way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.clients import feed as feeds
from tests.clients.conftest import BRISK
from tests.clients.feed import Feed, away, event
from tests.clients.serving import Reply, Served, problem, served
from throughline import Event, Forbidden, Gone, Patience, Throughline, Unreachable, following

COUNT = 20
both_ways = pytest.mark.parametrize("sse", [False, True], ids=["pages", "sse"])


@pytest.fixture
def feed() -> Feed:
    return Feed(COUNT)


@pytest.fixture
def server(feed: Feed) -> Iterator[Served]:
    with served(feed) as server:
        yield server


@pytest.fixture
def crm(server: Served) -> Throughline:
    return Throughline(server.url, patience=BRISK)


def take(events: Iterator[Event], count: int) -> list[int]:
    return [one.data["number"] for one in itertools.islice(events, count)]


@both_ways
def test_an_event_is_read_whole(crm: Throughline, sse: bool) -> None:
    with crm.follow(sse=sse, patience=BRISK) as events:
        first = next(events)
    assert first == Event(
        cursor="1",
        id="e-0",
        source="sales",
        type="crm.sales.thing.happened.v1",
        customer="c-0",
        time=datetime(2026, 11, 27, 12, 0, 0, 123_000, UTC),
        data={"number": 0, "words": "Zoë\u2028"},
        raw=event(0),
    )


@both_ways
def test_all_come_in_order_and_then_what_is_new(feed: Feed, crm: Throughline, sse: bool) -> None:
    with crm.follow(sse=sse, patience=BRISK) as events:
        assert take(events, COUNT) == list(range(COUNT))
        feed.grow(event(COUNT), event(COUNT + 1))
        assert take(events, 2) == [COUNT, COUNT + 1]


@both_ways
def test_a_cut_in_the_middle_leaves_no_gap_and_no_double(
    feed: Feed, server: Served, crm: Throughline, sse: bool
) -> None:
    feed.cuts = [0, 4, 1, None, 0, 2, 7]
    with crm.follow(sse=sse, patience=BRISK) as events:
        assert take(events, COUNT) == list(range(COUNT))
        feed.grow(event(COUNT))
        assert take(events, 1) == [COUNT]
    assert len(feed.cuts) <= 4, "it came back at least three times"
    places = [int(feeds.place_asked(one) or 0) for one in server.asked]
    assert places == sorted(places)
    assert places[-1] >= 5, "and never from the start"


@both_ways
def test_a_gateway_that_starts_again_is_waited_for(feed: Feed, crm: Throughline, sse: bool) -> None:
    with crm.follow(sse=sse, patience=BRISK) as events:
        assert take(events, 2) == [0, 1]
        feed.replies = away()
        feed.cuts = [0]
        assert take(events, COUNT - 2) == list(range(2, COUNT))


@both_ways
def test_a_server_that_is_gone_for_a_while_is_waited_for(feed: Feed, sse: bool) -> None:
    """The port is closed, and then another process has it."""
    with served(feed) as first:
        port = first.server_port
        events = Throughline(first.url).follow(sse=sse, patience=BRISK)
        assert take(events, 1) == [0]
    feed.cuts = [0]
    with served(feed, port):
        assert take(events, COUNT - 1) == list(range(1, COUNT))
        events.close()


@both_ways
def test_it_goes_on_at_a_cursor(crm: Throughline, sse: bool) -> None:
    with crm.follow(sse=sse, patience=BRISK) as events:
        take(events, 7)
        saved = events.cursor
    assert saved == "7"
    with crm.follow(after=saved, sse=sse, patience=BRISK) as events:
        assert take(events, COUNT - 7) == list(range(7, COUNT))


@both_ways
def test_repetitions_are_dropped(feed: Feed, crm: Throughline, sse: bool) -> None:
    feed.log[5:5] = [event(3), event(4)]
    feed.log += [event(3, source="elsewhere"), event(0)]
    feed.grow(event(99))
    with crm.follow(sse=sse, patience=BRISK) as events:
        assert take(events, COUNT + 2) == [*range(COUNT), 3, 99]


def test_only_so_many_are_remembered(
    feed: Feed, crm: Throughline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "REMEMBERED", 3)
    feed.log = [event(number) for number in (0, 1, 2, 0, 3, 0)]
    numbers = [one.data["number"] for one in crm.follow(forever=False)]
    assert numbers == [0, 1, 2, 3, 0], "the last came back after three others"


@both_ways
def test_only_the_types_and_the_customer_asked_for(
    server: Served, crm: Throughline, sse: bool
) -> None:
    with crm.follow(
        types=["crm.service.*", "crm.x"], customer="c-1", sse=sse, patience=BRISK
    ) as events:
        assert take(events, 3) == [2, 5, 8]
    assert server.asked[-1].query["types"] == ["crm.service.*", "crm.x"]
    assert server.asked[-1].one("customer") == "c-1"


@both_ways
def test_the_place_moves_over_what_is_not_for_us(
    feed: Feed, server: Served, crm: Throughline, sse: bool
) -> None:
    with crm.follow(types=["crm.service.*"], sse=sse, patience=BRISK) as events:
        take(events, 6)
        assert events.cursor == "18"
        feed.grow(event(100), event(101), event(104))
        assert take(events, 2) == [101, 104]
        assert events.cursor == "23"


@both_ways
def test_from_now_on_is_one_place_although_the_first_answers_are_lost(
    feed: Feed, crm: Throughline, sse: bool
) -> None:
    """`latest` would be another place at each try."""
    feed.cuts = [0, None, 0]
    feed.meanwhile = [[event(50)], [event(51)], [event(52)], [event(53)]]
    with crm.follow(after="latest", sse=sse, patience=BRISK) as events:
        assert take(events, 2) == [52, 53]


def test_it_ends_where_everything_is_read(feed: Feed, crm: Throughline) -> None:
    feed.cuts = [None, 0, None]
    with crm.follow(forever=False, patience=BRISK) as events:
        assert [one.data["number"] for one in events] == list(range(COUNT))
        assert events.cursor == str(COUNT)
    assert [*crm.follow(after=str(COUNT), forever=False)] == []
    with pytest.raises(ValueError, match="no end"):
        crm.follow(sse=True, forever=False)


@both_ways
@pytest.mark.parametrize(("status", "kind"), [(410, Gone), (403, Forbidden)])
def test_what_no_waiting_helps_is_said(
    feed: Feed, crm: Throughline, sse: bool, status: int, kind: type[Exception]
) -> None:
    events = crm.follow(sse=sse)
    take(events, 1)
    feed.replies = [problem(status, "gone")] * 3
    feed.cuts = [0]
    events = crm.follow(sse=sse)
    with pytest.raises(kind):
        take(events, COUNT)


@both_ways
def test_patience_may_have_an_end(sse: bool) -> None:
    crm = Throughline("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        take(crm.follow(sse=sse, patience=Patience(0.05, first_pause=0.001)), 1)


def test_a_stream_that_only_ends_is_given_up_like_one_that_is_not_there() -> None:
    with served(lambda _: Reply(200, {"Content-Type": "text/event-stream"})) as server:
        patience = Patience(0.05, first_pause=0.001)
        with pytest.raises(Unreachable, match="again and again"):
            take(Throughline(server.url).follow(sse=True, patience=patience), 1)


def test_a_stream_is_left_alone_for_as_long_as_it_asks() -> None:
    """More than patience has is not waited for."""
    reply = Reply(200, {"Content-Type": "text/event-stream"}, [b"retry: 60000\n\n"])
    with served(lambda _: reply) as server:
        with pytest.raises(Unreachable):
            take(Throughline(server.url).follow(sse=True, patience=BRISK), 1)
        assert len(server.asked) == 1


def test_pages_that_come_at_once_are_not_asked_for_without_end(
    feed: Feed, server: Served, crm: Throughline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that drains answers at once, with nothing."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            feed.grow(event(COUNT))

    monkeypatch.setattr("throughline.following.time.sleep", sleep)
    monkeypatch.setattr(feeds.threading.Condition, "wait_for", lambda *_, **__: False)
    assert take(crm.follow(after=str(COUNT)), 1) == [COUNT]
    assert len(slept) == 3
