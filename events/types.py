"""The small value types that everything speaks in.

They are subclasses of `str` and `int`, so that BSON and JSON encode them as what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType

import uuid_utils

CustomerId = NewType("CustomerId", str)
"""Opaque (UUIDv7), minted by whoever meets the person first. Never made of personal data."""

Version = NewType("Version", int)
"""Position of an event in its stream: 1, 2, 3 … without holes. 0 is the empty stream."""

EMPTY = Version(0)

VERSION_DIGITS = 10

_WRITTEN = len("2026-01-31T09:15:00.000Z")


class StreamId(str):
    """`<aggregate type>-<aggregate id>`: the events of one aggregate, in order."""

    __slots__ = ()

    @classmethod
    def of(cls, aggregate: str, id: str) -> StreamId:
        return cls(f"{aggregate}-{id}")

    @property
    def aggregate(self) -> str:
        return self.split("-", 1)[0]

    @property
    def id(self) -> str:
        return self.split("-", 1)[1]


def entry_id(stream: str, version: int) -> str:
    """`<stream>@<10 digits>`: sorts like (stream, version), so a stream is one index scan."""
    return f"{stream}@{version:010d}"


@dataclass(frozen=True, slots=True)
class ConsistencyToken:
    """Names the last event of a command: a view that holds it holds everything before it too."""

    stream: StreamId
    version: Version

    def __str__(self) -> str:
        return f"{self.stream}@{self.version}"

    @property
    def entry_id(self) -> str:
        return entry_id(self.stream, self.version)

    @classmethod
    def parse(cls, text: str) -> ConsistencyToken:
        """Raises ValueError when the text is no token."""
        stream, at, version = text.strip().rpartition("@")
        if not at or "-" not in stream or not version.isascii() or not version.isdigit():
            raise ValueError(f"not a consistency token: {text[:80]!r}")
        if len(version) > VERSION_DIGITS:
            raise ValueError(f"version out of range: {text[:80]!r}")
        return cls(StreamId(stream), Version(int(version)))


def new_id() -> str:
    """A UUIDv7: unique, and roughly sorted by the time of its making."""
    return str(uuid_utils.uuid7())


def utc_now() -> datetime:
    """Now, in UTC, at the millisecond precision that MongoDB keeps."""
    return to_millis(datetime.now(UTC))


def to_millis(moment: datetime) -> datetime:
    """The same moment in UTC without microseconds below the millisecond."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone")
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def format_time(moment: datetime) -> str:
    """`2026-01-31T09:15:00.000Z`, the one form in which times are written on the wire."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """Reads ISO 8601 with a zone; raises ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if len(text) == _WRITTEN and text[-1] == "Z":
        return moment  # as `format_time` writes it: nothing to convert
    return to_millis(moment)
