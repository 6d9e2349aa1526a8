"""What the platform answers, as small values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Done:
    """A command's answer.

    Give it to a read as `after=`, and to the next command on the same thing as `if_match=`.
    `events` are the ids of the new ones, none when nothing had to happen; `replayed` says that an
    earlier try of the same command did it. A job that goes on after its answer has no version.
    """

    id: str
    stream: str
    version: int
    events: tuple[str, ...]
    etag: str
    token: str
    replayed: bool
    location: str
    body: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, body: Mapping[str, Any], headers: Mapping[str, str]) -> Done:
        return cls(
            id=str(body.get("id", "")),
            stream=str(body.get("stream", "")),
            version=int(body.get("version") or 0),
            events=tuple(body.get("events") or ()),
            etag=headers.get("ETag", ""),
            token=headers.get("Consistency-Token", ""),
            replayed=headers.get("Idempotency-Replayed") == "true",
            location=headers.get("Location", ""),
            body=body,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the feed; `cursor` is the place right behind it, and `raw` the CloudEvent."""

    cursor: str
    id: str
    source: str
    type: str
    customer: str | None
    time: datetime
    data: Mapping[str, Any]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, cursor: str, raw: Mapping[str, Any]) -> Event:
        return cls(
            cursor=cursor,
            id=raw["id"],
            source=raw.get("source", ""),
            type=raw["type"],
            customer=raw.get("subject"),
            time=datetime.fromisoformat(raw["time"]),
            data=raw.get("data") or {},
            raw=raw,
        )


After: TypeAlias = Done | str | Iterable[Done | str] | None
"""Writes that a read shall contain: answers of commands, or their tokens."""

IfMatch: TypeAlias = Done | str | int | None
"""The version that a command is meant for: an answer, an ETag or `*`, or a view's version."""


def token_header(after: After) -> str:
    """The tokens of `Consistency-Token`; empty when there is none."""
    if after is None:
        return ""
    several = [after] if isinstance(after, (Done, str)) else after
    tokens = (one.token if isinstance(one, Done) else one for one in several)
    return ",".join(filter(None, tokens))


def if_match_header(if_match: Done | str | int) -> str:
    if isinstance(if_match, Done):
        return if_match.etag
    return f'"{if_match}"' if isinstance(if_match, int) else if_match
