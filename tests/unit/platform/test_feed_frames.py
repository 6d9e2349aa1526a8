"""Server-sent events on the wire, read back as browsers read them."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.platform.feed.scanning import Item, Sight
from gateway.platform.feed.streaming import CHUNK_BYTES, chunks, frame, heartbeat
from gateway.platform.feed.wanted import Wanted
from tests.conformance.making import event
from tests.integration.platform.feed.reading import Sse

SIGHT = Sight(Wanted())


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)))
def test_any_data_survives_the_lines(data: dict[str, object]) -> None:
    body = SIGHT.body(event(data=data))
    [read] = Sse().feed(frame(Item("cursor", "crm.a.b.c.v1", body)))
    assert (read.id, read.type) == ("cursor", "crm.a.b.c.v1")
    assert orjson.loads(read.data)["data"] == data


def test_a_heartbeat_fires_nothing() -> None:
    sse = Sse()
    assert sse.feed(heartbeat(None)) == []
    assert sse.last_event_id == ""


def test_a_heartbeat_may_move_the_cursor_and_still_fires_nothing() -> None:
    sse = Sse()
    assert sse.feed(frame(Item("one", "t", b"{}")) + heartbeat("two"))[0].id == "one"
    assert sse.last_event_id == "two"


def test_small_events_travel_together_and_large_ones_alone() -> None:
    small, large = Item("s", "t", b"x"), Item("l", "t", b"x" * CHUNK_BYTES)
    told = list(chunks([small, small, large, small]))
    assert [one.count(b"data: ") for one in told] == [3, 1]
    assert b"".join(told) == b"".join(map(frame, [small, small, large, small]))
    assert list(chunks([])) == []


def test_the_form_is_the_callers_choice() -> None:
    sight = Sight(Wanted(), shown=lambda one: {"id": one.id})
    assert sight.body(event()) == b'{"id":"event order-1 1"}'
