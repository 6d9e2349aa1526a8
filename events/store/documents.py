"""A commit as a MongoDB document, and back. Data is sealed on the way in.

{_id: "order-7@0000000001", stream, first, last, key, context,
 events: [{id, type, subject, at, data}],
 command_id?, command_hash?, actor, correlation_id, causation_id?, traceparent?,
 recorded_at, backfilled, scope: {org_unit, team?, owner?}, epoch}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.deciding import Scope
from events.envelope import Commit, Event
from events.sealing import PLAIN, Seal
from events.types import StreamId, Version


def to_document(commit: Commit, seal: Seal = PLAIN) -> dict[str, Any]:
    head = commit.events[0]
    optional = {
        "command_id": commit.command_id,
        "command_hash": commit.command_hash,
        "causation_id": head.causation_id,
        "traceparent": head.traceparent,
    }
    return {
        "_id": commit.id,
        "stream": commit.stream,
        "first": commit.first,
        "last": commit.last,
        "key": commit.key,
        "context": head.source,
        "events": [_event_document(event, seal) for event in commit.events],
        **{name: value for name, value in optional.items() if value is not None},
        "actor": head.actor,
        "correlation_id": head.correlation_id,
        "recorded_at": head.recorded_at,
        "backfilled": head.backfilled,
        "scope": head.scope.to_data(),
        "epoch": head.epoch,
    }


def _event_document(event: Event, seal: Seal) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "subject": event.subject,
        "at": event.occurred_at,
        "data": seal.close(event.type, event.subject, event.data),
    }


def from_document(document: Mapping[str, Any], seal: Seal | None = PLAIN) -> Commit:
    """With `seal=None` the data stays closed: for the relay, which only passes it on."""
    first = document["first"]
    stream = StreamId(document["stream"])
    scope = Scope(**document["scope"])
    events = tuple(
        Event(
            id=one["id"],
            type=one["type"],
            stream=stream,
            version=Version(first + index),
            key=document["key"],
            subject=one["subject"],
            source=document["context"],
            occurred_at=one["at"],
            recorded_at=document["recorded_at"],
            actor=document["actor"],
            correlation_id=document["correlation_id"],
            causation_id=document.get("causation_id"),
            backfilled=document["backfilled"],
            scope=scope,
            epoch=document["epoch"],
            traceparent=document.get("traceparent"),
            data=seal.open(one["type"], one["subject"], one["data"]) if seal else one["data"],
        )
        for index, one in enumerate(document["events"])
    )
    return Commit(
        stream=stream,
        key=document["key"],
        events=events,
        command_id=document.get("command_id"),
        command_hash=document.get("command_hash"),
    )
