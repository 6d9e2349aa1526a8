"""Events, commits and records to try the ports with; every envelope field is filled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from events.deciding import Scope
from events.envelope import Commit, Event
from events.types import StreamId, Version

AT = datetime(2026, 3, 2, 9, 30, 15, 250_000, tzinfo=UTC)
RECORDED = datetime(2026, 3, 2, 9, 30, 16, 750_000, tzinfo=UTC)
KIND = "crm.sales.order.noted.v1"


def event(stream: str = "order-1", version: int = 1, **changes: Any) -> Event:
    """Its id is made of its place, unless told otherwise."""
    fields: dict[str, Any] = {
        "id": f"event {stream} {version}",
        "type": KIND,
        "stream": StreamId(stream),
        "version": Version(version),
        "key": f"key of {stream}",
        "subject": "customer-7",
        "source": "sales",
        "occurred_at": AT,
        "recorded_at": RECORDED,
        "actor": "tester",
        "correlation_id": "correlation",
        "causation_id": "cause",
        "backfilled": False,
        "scope": Scope("europe", "north", "ada"),
        "epoch": 1,
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "data": {"number": version},
    }
    return Event(**{**fields, **changes})


def commit(
    stream: str = "order-1",
    first: int = 1,
    count: int = 1,
    *,
    command: str | None = None,
    hashed: str | None = "hash",
    **changes: Any,
) -> Commit:
    """`count` events from `first` on. `changes` go to every event."""
    events = tuple(event(stream, version, **changes) for version in range(first, first + count))
    return Commit(StreamId(stream), events[0].key, events, command, hashed if command else None)


def stream_of(*commits: Commit) -> list[Event]:
    return [one for commit in commits for one in commit.events]
