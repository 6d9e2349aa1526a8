"""Server-sent events over a real HTTP server, from a real Kafka."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable

import pytest

from gateway.platform.feed import streaming
from gateway.platform.feed.errors import BadCursor, Busy
from gateway.platform.feed.scanning import Sight
from gateway.platform.feed.wanted import Wanted
from tests.integration.platform.feed.reading import Sent, Sse
from tests.integration.platform.feed.serving import listening, served
from tests.integration.platform.feed.test_holding import free_readers
from tests.integration.platform.feed.writing import Log, happening, ids, mixed, until

pytestmark = pytest.mark.integration

ALL = Sight(Wanted())


def told(sent: Iterable[Sent], customer: str | None = None) -> list[str]:
    events = [json.loads(one.data) for one in sent]
    return [one["id"] for one in events if customer is None or one["subject"] == customer]


@pytest.mark.feature("N04")
def test_a_listener_gets_what_was_and_what_comes(log: Log) -> None:
    log.write(*mixed(40))
    with served(log.feed()) as port, listening(port) as listener:
        assert listener.answer.status == 200
        assert listener.headers["Content-Type"].startswith("text/event-stream")
        assert listener.headers["Cache-Control"] == "no-store"
        assert listener.headers["X-Accel-Buffering"] == "no"
        before = listener.take(40)
        assert listener.sse.retry == streaming.RETRY_MS
        log.write(*mixed(10, start=40))
        sent = before + listener.take(10)
    assert sorted(told(sent)) == sorted(ids(log.written))
    for number in range(5):
        customer = f"customer-{number}"
        assert told(sent, customer) == ids(log.written, customer)
    assert {one.type for one in sent} == {one.type for one in log.written}


@pytest.mark.feature("N04")
def test_who_comes_back_with_the_last_id_gets_exactly_the_rest(log: Log) -> None:
    """The connection breaks after any number of events; nothing is lost and nothing comes twice."""
    log.write(*mixed(60))
    sent: list[Sent] = []
    with served(log.feed()) as port:
        for count in (1, 7, 19):
            with listening(port, sent[-1].id if sent else "") as listener:
                # What came in the same piece as the last one is lost with the connection.
                sent += listener.take(count)[:count]
        log.write(*mixed(40, start=60))
        with listening(port, sent[-1].id) as listener:
            sent += listener.take(100 - len(sent))
    assert sorted(told(sent)) == sorted(ids(log.written))
    assert told(sent, "customer-3") == ids(log.written, "customer-3")


def test_the_last_id_goes_before_the_address(log: Log) -> None:
    """A browser comes back to the address that it was given first."""
    log.write(*mixed(20))
    with served(log.feed()) as port:
        with listening(port, after="") as listener:
            first = listener.take(20)
        with listening(port, first[14].id, after=first[2].id) as listener:
            assert told(listener.take(5)) == told(first[15:])


def test_only_what_was_asked_for(log: Log) -> None:
    log.write(*mixed(50))
    asked = [one for one in log.written if one.source == "sales" and one.subject == "customer-2"]
    with (
        served(log.feed()) as port,
        listening(port, types="crm.sales.*", customer="customer-2") as listener,
    ):
        assert told(listener.take(len(asked))) == ids(asked)


def test_a_heartbeat_takes_the_cursor_along(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who listens for what is rare would go through all the rest again and again."""
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr(streaming, "WAIT_SECONDS", 0.1)
    log.write(*mixed(50))
    feed, sse = log.feed(), Sse()
    stream = feed.stream("", Sight(Wanted(), lambda _: False))
    end = feed.page("latest", ALL, limit=1).next_cursor
    try:
        for _ in range(200):
            assert sse.feed(next(stream)) == []
            if sse.last_event_id == end:
                break
        comments = sse.comments
        sse.feed(next(stream))
        assert sse.comments == comments + 1, "later ones are comments and nothing else"
        assert sse.last_event_id == end
    finally:
        stream.close()


def test_a_process_that_drains_ends_its_streams(log: Log) -> None:
    draining = threading.Event()
    log.write(*mixed(10))
    feed = log.feed(draining=draining)
    with served(feed) as port, listening(port) as listener:
        listener.take(10)
        draining.set()
        assert listener.rest() == []
    until(lambda: free_readers(feed) == 16, "the reader was not given back")


def test_a_stream_ends_after_a_while_so_that_rights_are_asked_anew(log: Log) -> None:
    log.write(*mixed(10))
    feed = log.feed(stream_seconds=0.0)
    assert list(feed.stream("", ALL)) == [b"retry: 2000\n\n"]


def test_there_are_never_more_streams_than_allowed(log: Log) -> None:
    log.write(*mixed(10))
    feed = log.feed(streams=2)
    with served(feed) as port:
        with listening(port) as one, listening(port) as two:
            one.take(10)
            two.take(10)
            with listening(port) as third:
                assert third.answer.status == 503
                assert third.headers["Retry-After"]
                problem = json.loads(third.answer.read())
                assert problem["type"].endswith(":feed-busy")
            assert feed.page("", ALL, limit=10).items, "pages go on"
        # Both have gone away; their places are free as soon as the server notices.
        log.write(*mixed(20, start=10))
        until(lambda: feed._slots._free._value == 2, "no place was given back")  # type: ignore[attr-defined]
        with listening(port) as again:
            again.take(30)


def test_a_slow_listener_holds_up_nobody_else(log: Log) -> None:
    large = [happening(n, f"customer-{n % 5}", data={"text": "x" * 50_000}) for n in range(400)]
    log.write(*large)
    with served(log.feed()) as port, listening(port) as slow, listening(port) as quick:
        assert slow.answer.status == 200
        assert sorted(told(quick.take(400))) == sorted(ids(large))


def test_a_refused_stream_takes_no_place(log: Log) -> None:
    feed = log.feed(streams=1, readers=1)
    for _ in range(3):
        with pytest.raises(BadCursor):
            feed.stream("nonsense", ALL)
    stream = feed.stream("", ALL)
    with pytest.raises(Busy):
        feed.stream("", ALL)
    stream.close()  # before a single byte was asked for
    stream.close()
    feed.stream("", ALL).close()


def test_what_is_no_cursor_names_the_header(log: Log) -> None:
    with served(log.feed()) as port, listening(port, "nonsense") as listener:
        assert listener.answer.status == 400
        [error] = json.loads(listener.answer.read())["errors"]
        assert error["header"] == "Last-Event-ID"
