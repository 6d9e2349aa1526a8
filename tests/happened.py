"""Events for tests: facts with an envelope, in one stream or mixed as topics may mix them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from events.contracts.base import Fact, all_contracts
from events.deciding import Scope
from events.envelope import Event
from events.projection.view import Document, View, fold, touches
from events.types import StreamId, Version

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def about(one: Fact, **changes: Any) -> Fact:
    """The same fact about something else."""
    return Fact(one.type, {**one.data, **changes})


def happened(
    id: str, *facts: Fact, start: datetime = NOON, scope: Scope | None = None
) -> list[Event]:
    """One aggregate's stream from its beginning, an event a minute from `start` on.

    The aggregate and the source are the contract's; ids are `<stream>.<version>`.
    """
    return [
        _event(id, number, one, start + (number - 1) * MINUTE, scope or Scope())
        for number, one in enumerate(facts, start=1)
    ]


def _event(id: str, number: int, one: Fact, at: datetime, scope: Scope) -> Event:
    schema = all_contracts()[one.type]
    stream = StreamId.of(schema.AGGREGATE, id)
    subject = one.data.get("customer_id")
    return Event(
        id=f"{stream}.{number}",
        type=one.type,
        stream=stream,
        version=Version(number),
        key=subject or stream,
        subject=subject,
        source=schema.CONTEXT,
        occurred_at=at,
        recorded_at=at,
        actor="tester",
        correlation_id="test",
        causation_id=None,
        backfilled=False,
        scope=scope,
        epoch=1,
        traceparent=None,
        data=one.data,
    )


def shown_by(view: View, *batches: Iterable[Event]) -> dict[str, Document]:
    """The view's documents by id after the batches, each a unit of work of its own."""
    documents: dict[str, Document] = {}
    for batch in batches:
        changed = fold(view, deepcopy(documents), touches(view, batch))
        documents.update((document["_id"], document) for document in changed)
    return documents


def mixed(*streams: Sequence[Event]) -> st.SearchStrategy[list[list[Event]]]:
    """The streams' events in any order that keeps each stream's own, cut into any batches."""
    turns = [number for number, stream in enumerate(streams) for _ in stream]
    return st.tuples(
        st.permutations(turns), st.lists(st.booleans(), min_size=len(turns), max_size=len(turns))
    ).map(lambda drawn: _deal(streams, *drawn))


def _deal(
    streams: Sequence[Sequence[Event]], turns: Sequence[int], cuts: Sequence[bool]
) -> list[list[Event]]:
    left = [iter(stream) for stream in streams]
    batches: list[list[Event]] = [[]]
    for turn, cut in zip(turns, cuts, strict=True):
        if cut:
            batches.append([])
        batches[-1].append(next(left[turn]))
    return batches
