"""Following the log page by page, on a real Kafka."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from events.envelope import Event, encode
from events.errors import Transient
from gateway.platform.feed.errors import BadCursor, Gone
from gateway.platform.feed.feed import Feed, FeedPage
from gateway.platform.feed.scanning import Sight
from gateway.platform.feed.wanted import Wanted
from tests.conformance.making import event
from tests.integration.platform.feed.writing import Log, happening, ids, mixed, until

pytestmark = pytest.mark.integration

ALL = Sight(Wanted())
PAGES = 2_000


def follow(
    feed: Feed, after: str = "", sight: Sight = ALL, limit: int = 50
) -> tuple[list[dict[str, Any]], str, list[str]]:
    """Page after page until there is nothing more: the events, where it ended, their cursors."""
    events, cursors = [], []
    for _ in range(PAGES):
        page = feed.page(after, sight, limit=limit)
        events += [orjson.loads(one.body) for one in page.items]
        cursors += [one.cursor for one in page.items]
        after = page.next_cursor
        if page.caught_up:
            return events, after, cursors
    raise AssertionError("it never caught up")


def told(events: Sequence[dict[str, Any]], customer: str | None = None) -> list[str]:
    return [one["id"] for one in events if customer is None or one["subject"] == customer]


CUSTOMERS = [f"customer-{n}" for n in range(5)]


@pytest.mark.feature("N04")
def test_from_the_first_day_in_order_for_each_customer(log: Log) -> None:
    log.write(*mixed(200))
    events, _, _ = follow(log.feed(), limit=7)
    assert sorted(told(events)) == sorted(ids(log.written))
    for customer in CUSTOMERS:
        assert told(events, customer) == ids(log.written, customer)


def test_events_come_as_they_are_on_the_topic(log: Log) -> None:
    [written] = log.write(event(source="sales"))
    [item] = log.feed().page("", ALL, limit=10).items
    assert item.body == encode(written)


@pytest.mark.feature("N04")
def test_behind_every_cursor_is_exactly_the_rest(log: Log) -> None:
    log.write(*mixed(60))
    feed = log.feed()
    events, _, cursors = follow(feed, limit=9)
    whole = told(events)
    for number, cursor in enumerate(cursors, start=1):
        rest, _, _ = follow(feed, cursor)
        assert sorted(told(rest)) == sorted(whole[number:])
        for customer in CUSTOMERS:
            assert told(rest, customer) == told(events[number:], customer)


@pytest.mark.feature("N04")
def test_who_stays_away_while_much_happens_goes_on_without_gap_or_double(log: Log) -> None:
    log.write(*mixed(90))
    before, cursor, _ = follow(log.feed())
    log.write(*mixed(3_000, start=90))
    # Another process serves the same subscriber a month later.
    after, _, _ = follow(log.feed(), cursor, limit=200)
    assert sorted(told(before) + told(after)) == sorted(ids(log.written))
    for customer in CUSTOMERS:
        assert told(before + after, customer) == ids(log.written, customer)


def test_two_readers_do_not_disturb_one_another(log: Log) -> None:
    log.write(*mixed(400))
    feed, seen = log.feed(), dict[int, list[str]]()

    def read(limit: int) -> None:
        events, _, _ = follow(feed, limit=limit)
        seen[limit] = told(events, "customer-1")

    threads = [threading.Thread(target=read, args=(limit,)) for limit in (13, 50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert seen == dict.fromkeys((13, 50), ids(log.written, "customer-1"))


def test_latest_is_what_comes_from_now_on(log: Log) -> None:
    feed = log.feed()
    log.write(*mixed(10))
    page = feed.page("latest", ALL, limit=10)
    assert (page.items, page.caught_up) == ([], True)
    fresh = log.write(*mixed(3, start=10))
    events, _, _ = follow(feed, page.next_cursor)
    assert sorted(told(events)) == sorted(ids(fresh))


def test_an_event_ends_the_wait(log: Log) -> None:
    feed = log.feed()
    end = feed.page("latest", ALL, limit=1).next_cursor
    pages: list[FeedPage] = []
    waiting = threading.Thread(target=lambda: pages.append(feed.page(end, ALL, limit=5, wait=20)))
    waiting.start()
    [written] = log.write(happening(1, "customer-1"))
    waiting.join()
    assert [orjson.loads(one.body)["id"] for one in pages[0].items] == [written.id]


def test_a_process_that_drains_lets_nobody_wait(log: Log) -> None:
    draining = threading.Event()
    draining.set()
    page = log.feed(draining=draining).page("latest", ALL, limit=5, wait=20)
    assert page.items == []


def test_only_the_types_that_were_asked_for(log: Log) -> None:
    log.write(*mixed(60))
    sight = Sight(Wanted(("crm.sales.*", "crm.service.case.opened.v1")))
    events, cursor, _ = follow(log.feed(), sight=sight, limit=4)
    asked = [one for one in log.written if one.source in ("sales", "service")]
    assert sorted(told(events)) == sorted(ids(asked))
    # What was passed over is behind the cursor: with another filter it does not come any more.
    assert follow(log.feed(), cursor)[0] == []


def test_of_one_customer_everything_also_what_is_in_streams_of_nobody(log: Log) -> None:
    pool = [
        event(
            "pool-9",
            n + 1,
            id=f"p{n}",
            key=f"pool-of-{n}",
            subject=f"customer-{n % 2}",
            type="crm.sales.pool.lead_assigned.v1",
            source="sales",
        )
        for n in range(20)
    ]
    both = [one for pair in zip(mixed(20, customers=2), pool, strict=True) for one in pair]
    log.write(*both)
    sight = Sight(Wanted(customer="customer-1"))
    events, _, _ = follow(log.feed(), sight=sight, limit=3)
    assert told(events) == ids(both, "customer-1"), "and all of it in the order of publication"


def test_what_a_caller_may_not_see_moves_the_cursor(log: Log) -> None:
    log.write(*mixed(40))
    seen: list[str] = []

    def visible(one: Event) -> bool:
        seen.append(one.id)
        return one.subject == "customer-2"

    sight = Sight(Wanted(), visible)
    feed = log.feed()
    events, cursor, _ = follow(feed, sight=sight)
    assert told(events) == ids(log.written, "customer-2")
    assert sorted(seen) == sorted(ids(log.written))
    follow(feed, cursor, sight)
    assert len(seen) == 40, "nothing is looked at twice"


def test_a_rare_type_is_found_page_by_page(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.platform.feed.scanning.SCAN", 20)
    log.write(*mixed(200))
    rare = happening(999, "customer-3", "platform")
    log.write(rare)
    sight = Sight(Wanted(customer="customer-3"), lambda one: one.id == rare.id)
    page = log.feed().page("", sight, limit=5)
    assert (page.items, page.caught_up) == ([], False)
    assert told(follow(log.feed(), sight=sight)[0]) == [rare.id]


def test_a_record_that_is_no_event_holds_nobody_up(log: Log) -> None:
    first, second = mixed(2, customers=1)
    log.write(first)
    log.spoil(first, b"not even JSON")
    log.spoil(first, b'{"type": "x"}', first.type)
    log.write(second)
    assert told(follow(log.feed())[0]) == ids([first, second])


def test_offsets_without_a_record_hold_nobody_up(log: Log) -> None:
    """A transaction's marker takes an offset: behind each event here, and at the end of the log."""
    events = mixed(8, customers=2)
    log.transact(*events)
    feed = log.feed()
    read, end, cursors = follow(feed, limit=3)
    assert sorted(told(read)) == sorted(ids(events))
    assert feed.page(end, ALL, limit=1).items == []
    assert end == feed.page("latest", ALL, limit=1).next_cursor
    for number, cursor in enumerate(cursors, start=1):
        assert sorted(told(follow(feed, cursor)[0])) == sorted(told(read[number:]))


class Locked:
    """A seal whose keys are gone."""

    def close(self, wire_type: str, subject: str | None, data: Any) -> Any:
        return data

    def open(self, wire_type: str, subject: str | None, data: Any) -> dict[str, Any]:
        raise KeyError(subject)


def test_an_event_whose_data_cannot_be_opened_comes_as_it_was_sent(log: Log) -> None:
    [written] = log.write(event(source="sales", data={"sealed": "x"}))
    events, _, _ = follow(log.feed(), sight=Sight(Wanted(), seal=Locked()))
    assert events == [orjson.loads(encode(written))]


def test_an_event_that_is_twice_in_the_log_comes_twice_with_one_id(log: Log) -> None:
    one = happening(1, "customer-1")
    log.write(one, one)
    assert told(follow(log.feed())[0]) == [one.id, one.id]


def test_a_page_goes_on_where_the_last_one_left_its_reader(log: Log) -> None:
    """No seek, no second client: what was fetched beyond the page is used."""
    log.write(*mixed(100))
    feed = log.feed()
    first = feed.page("", ALL, limit=10)
    [reader] = feed._readers._kept
    held = reader.merge.count
    assert held >= 10
    second = feed.page(first.next_cursor, ALL, limit=10)
    assert feed._readers._kept == [reader]
    assert reader.merge.count == held - len(second.items)


def test_what_is_no_cursor_of_this_log_is_refused(log: Log, kafka_bootstrap: str) -> None:
    log.write(*mixed(20))
    feed = log.feed()
    far = follow(feed)[1]
    other = Log(kafka_bootstrap)
    try:
        with pytest.raises(BadCursor, match="another log"):
            other.feed().page(far, ALL, limit=1)
    finally:
        other.close()
    for text in ("nonsense", far[:-4], far + "AAAA"):
        with pytest.raises(BadCursor):
            feed.page(text, ALL, limit=1)
    assert feed.page(far, ALL, limit=1).items == []


def test_a_log_that_is_made_anew_refuses_old_cursors_and_takes_new_ones(log: Log) -> None:
    """Also in a process that knew the old one."""
    log.write(*mixed(40))
    feed = log.feed()
    old = follow(feed)[1]
    log.make_anew()
    until(lambda: refuses(feed, old), "the old cursor went on being taken")
    fresh = log.write(*mixed(5))
    until(lambda: len(follow(feed)[0]) == 5, "the new log is not read")
    assert sorted(told(follow(feed)[0])) == sorted(ids(fresh))


def refuses(feed: Feed, cursor: str) -> bool:
    """Whether it is told that the log is another one; before that the brokers may be away."""
    try:
        feed.page(cursor, ALL, limit=1)
    except Transient:
        return False
    except BadCursor as error:
        return "another log" in error.detail
    return False


def test_a_log_that_was_cut_says_so(log: Log) -> None:
    log.write(*mixed(30))
    feed = log.feed()
    early = feed.page("", ALL, limit=1).next_cursor
    log.cut(1)
    with pytest.raises(Gone):
        log.feed().page(early, ALL, limit=1)
    rest, _, _ = follow(log.feed())
    assert 0 < len(rest) < 30, "from the first day that is left"
