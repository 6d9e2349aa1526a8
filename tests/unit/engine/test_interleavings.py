"""Rebuild equals live: any order of topics and any borders of batches give the same projection.

Order holds within a stream only. Live, a rebuild in one go, and one event after the other are
all compared with the plainest fold there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.contracts.base import Contract
from events.envelope import Event
from events.projection.applying import Batch, apply_batch
from events.projection.memory import MemoryProjection
from events.projection.view import Document, View
from tests.conformance.making import event
from tests.happened import mixed
from tests.simulation import toy
from tests.simulation.checker import naive_views

STREAMS = ("marketing_thing-1", "sales_thing-1", "sales_thing-2", "service_thing-1")
VIEWS = ("things", "customers", "families", "types")


def thing(stream: str, version: int, drawn: int) -> Event:
    """One of the toy's facts; every fourth is a label."""
    context = stream.split("_")[0]
    if drawn % 4 == 0:
        kind = "labelled"
        data: dict[str, Any] = {"text": f"label {drawn}"}
    else:
        parent = STREAMS[drawn % len(STREAMS)]
        kind, data = "grown", {"amount": drawn, "parent": parent, "poisonous": False}
    return event(
        stream,
        version,
        type=toy.type_of(context, kind),
        data=data,
        source=context,
        subject=None if drawn % 5 == 0 else f"customer {drawn % 3}",
    )


streams = st.lists(
    st.lists(st.integers(0, 99), max_size=5), min_size=len(STREAMS), max_size=len(STREAMS)
).map(
    lambda drawn: [
        [thing(stream, version, number) for version, number in enumerate(numbers, start=1)]
        for stream, numbers in zip(STREAMS, drawn, strict=True)
    ]
)


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[list[Event]], list[list[Event]]]:
    """The streams, and their events in some order and in some batches."""
    drawn = draw(streams)
    return drawn, draw(mixed(*drawn))


def projected(batches: Sequence[Sequence[Event]]) -> dict[str, dict[str, Document]]:
    storage = MemoryProjection(toy.views(set()))
    for batch in batches:
        apply_batch(storage, Batch(batch, ()))
    return {name: dict(storage.collection(name)) for name in (*VIEWS, "timeline")}


def folded(drawn: list[list[Event]]) -> dict[str, dict[str, Document]]:
    views = naive_views({events[0].stream: events for events in drawn if events}, set())
    return {name: views[name] for name in VIEWS}


@given(lives())
def test_every_order_gives_the_same_projection(
    life: tuple[list[list[Event]], list[list[Event]]],
) -> None:
    drawn, batches = life
    live = projected(batches)
    rebuilt = projected([[one for stream in drawn for one in stream]])
    incremental = projected([[one] for batch in batches for one in batch])
    assert live == rebuilt == incremental
    assert {name: live[name] for name in VIEWS} == folded(drawn)


@given(life=lives(), again=st.data())
def test_sending_again_changes_nothing(
    life: tuple[list[list[Event]], list[list[Event]]], again: Any
) -> None:
    """A relay goes back to any earlier place, any number of times."""
    _, batches = life
    sent = [one for batch in batches for one in batch]
    repeated: list[list[Event]] = []
    for end in range(1, len(sent) + 1):
        repeated.append(sent[again.draw(st.integers(0, end - 1)) : end])
    assert projected(repeated) == projected([sent])


def test_a_view_that_looks_at_the_order_is_found_out() -> None:
    """The property can fail: a last-writer-wins field over two streams breaks it."""
    view = View("last")
    named = type("Named", (Contract,), {"TYPE": toy.type_of("sales", "labelled")})

    @view.on(named, key=lambda one: "all")
    def labelled(doc: Document, one: Event) -> None:
        doc["last"] = one.data["text"]

    def final(order: Sequence[Event]) -> dict[str, Document]:
        storage = MemoryProjection([view])
        apply_batch(storage, Batch(order, ()))
        return dict(storage.collection("last"))

    first, second = thing(STREAMS[1], 1, 4), thing(STREAMS[2], 1, 8)
    assert final([first, second]) != final([second, first])


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_batches_of_every_size(size: int) -> None:
    drawn = [[thing(stream, v, v * 7 % 23) for v in range(1, 9)] for stream in STREAMS]
    sent = [one for together in zip(*drawn, strict=True) for one in together]
    batches = [sent[start : start + size] for start in range(0, len(sent), size)]
    assert {name: projected(batches)[name] for name in VIEWS} == folded(drawn)
