"""An event with its envelope, and the envelope on the wire: CloudEvents 1.0, structured JSON.

One `Event` is the same thing in the store, on the topic and in a projection. Its identity for
readers is (stream, version); `id` is unique too and is what integrators remove duplicates by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from events.contracts.base import Data
from events.contracts.upcasting import upcast
from events.deciding import Scope
from events.errors import Poison
from events.sealing import PLAIN, Seal
from events.types import VERSION_DIGITS, StreamId, Version, entry_id, format_time, parse_time

SOURCE_PREFIX = "/throughline/"
TYPE_HEADER = "ce_type"
CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, to whom, when, when we knew, why, and where it belongs.

    `source` is the context that decided it; `key` decides the Kafka partition and never changes
    within a stream; `subject` is the customer. `occurred_at` lies in the past for backfill,
    `recorded_at` never does.
    """

    id: str
    type: str
    stream: StreamId
    version: Version
    key: str
    subject: str | None
    source: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    correlation_id: str
    causation_id: str | None
    backfilled: bool
    scope: Scope
    epoch: int
    traceparent: str | None
    data: Data

    @property
    def entry(self) -> str:
        """`_id` of this event in every timeline."""
        return entry_id(self.stream, self.version)

    @property
    def predecessor(self) -> str | None:
        """`_id` of the event that must have been applied before; None for the first."""
        return None if self.version == 1 else entry_id(self.stream, self.version - 1)


@dataclass(frozen=True, slots=True)
class Commit:
    """All events of one command: they are stored, or not, as one."""

    stream: StreamId
    key: str
    events: tuple[Event, ...]
    command_id: str | None
    command_hash: str | None

    @property
    def first(self) -> Version:
        return self.events[0].version

    @property
    def last(self) -> Version:
        return self.events[-1].version

    @property
    def id(self) -> str:
        return entry_id(self.stream, self.first)


def encode(event: Event) -> bytes:
    """The record's value. Attribute names are CloudEvents': lower case without separators."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": SOURCE_PREFIX + event.source,
        "time": format_time(event.occurred_at),
        "datacontenttype": "application/json",
        "dataschema": f"urn:throughline:schema:{event.type}",
        "stream": event.stream,
        "streamversion": event.version,
        "sequence": f"{event.version:0{VERSION_DIGITS}d}",
        "partitionkey": event.key,
        "recordedtime": format_time(event.recorded_at),
        "correlationid": event.correlation_id,
        "actor": event.actor,
        "backfilled": event.backfilled,
        "orgunit": event.scope.org_unit,
        "storeepoch": event.epoch,
    }
    optional = (
        ("subject", event.subject),
        ("causationid", event.causation_id),
        ("team", event.scope.team),
        ("owner", event.scope.owner),
        ("traceparent", event.traceparent),
    )
    attributes.update((name, value) for name, value in optional if value is not None)
    attributes["data"] = event.data
    return orjson.dumps(attributes)


class Unopened(Poison):
    """The envelope can be read, its data can't (yet): `event` has them as they were sent."""

    def __init__(self, event: Event, error: Exception) -> None:
        reason = f"data of {event.type}: {type(error).__name__}: {error}"
        super().__init__(event.entry, reason[:500])
        self.event = event


def decode(value: bytes, seal: Seal = PLAIN) -> Event:
    """Reads a record's value; an older version of a type arrives as the latest one.

    Raises `Poison` when the envelope itself is unreadable: such a record names no stream that
    could be parked, so it has not been written by a relay. Raises `Unopened` when the data can't
    be opened or brought up to date.
    """
    attributes = _attributes(value)
    wire_type, data = attributes["type"], attributes["data"]
    try:
        opened = upcast(wire_type, seal.open(wire_type, attributes.get("subject"), data))
    except Exception as error:
        raise Unopened(_event_of(attributes, wire_type, data), error) from error
    return _event_of(attributes, *opened)


def _attributes(value: bytes) -> dict[str, Any]:
    """What our own code relies on is checked; whole envelopes are the business of contracts."""
    try:
        attributes: dict[str, Any] = orjson.loads(value)
        sound = (
            isinstance(attributes["type"], str)
            and isinstance(attributes["stream"], str)
            and type(attributes["streamversion"]) is int
            and attributes["streamversion"] > 0
            and isinstance(attributes["data"], dict)
        )
    except _UNREADABLE as error:
        raise Poison("record", f"unreadable envelope: {type(error).__name__}") from error
    if not sound:
        raise Poison("record", "unreadable envelope: wrong types")
    return attributes


def _event_of(attributes: dict[str, Any], wire_type: str, data: dict[str, Any]) -> Event:
    get = attributes.get
    try:
        return Event(
            id=attributes["id"],
            type=wire_type,
            stream=StreamId(attributes["stream"]),
            version=Version(attributes["streamversion"]),
            key=attributes["partitionkey"],
            subject=get("subject"),
            source=attributes["source"].removeprefix(SOURCE_PREFIX),
            occurred_at=parse_time(attributes["time"]),
            recorded_at=parse_time(attributes["recordedtime"]),
            actor=attributes["actor"],
            correlation_id=attributes["correlationid"],
            causation_id=get("causationid"),
            backfilled=attributes["backfilled"],
            scope=Scope(attributes["orgunit"], get("team"), get("owner")),
            epoch=attributes["storeepoch"],
            traceparent=get("traceparent"),
            data=data,
        )
    except _UNREADABLE as error:
        raise Poison("record", f"unreadable envelope: {type(error).__name__}") from error


def headers_of(event: Event) -> list[tuple[str, bytes]]:
    """The type as a header lets a consumer skip what it does not care for without parsing."""
    return [(TYPE_HEADER, event.type.encode()), ("content-type", CONTENT_TYPE)]
