"""The port of the event store, and the caps that hold for every store behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from events.envelope import Commit
from events.errors import Corrupt, TooLarge
from events.types import EMPTY, StreamId, Version

MAX_EVENTS = 100
"""Events of one commit; a command that needs more is several commands."""
MAX_COMMIT_BYTES = 512 * 1024
"""A commit must stay far below MongoDB's 16 MB, as must its change event."""
MAX_EVENT_BYTES = 256 * 1024
"""An event must fit into a Kafka message (1 MB by default) with its envelope."""


@dataclass(frozen=True, slots=True)
class Appended:
    """`commit` is what the store holds now; `replayed` when an earlier call had stored it."""

    commit: Commit
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Remembers a command that was answered without events."""

    command_id: str
    command_hash: str | None
    stream: StreamId
    version: Version


class EventStore(Protocol):
    """One service's truth. `append` returns only when the commit is durable on a majority."""

    context: str
    epoch: int

    def load(self, stream: StreamId, after: Version = EMPTY) -> Sequence[Commit]:
        """The commits after a version, oldest first; raises `Corrupt` on a hole."""
        ...

    def append(self, commit: Commit, claims: Sequence[str] = ()) -> Appended:
        """Raises `VersionConflict`, `KeyReused`, `TooLarge`, or `RuleBroken` for a taken claim.

        `KeyReused` also when a receipt of the command, which comes with a hash, is remembered.

        `claims` are words that only one stream may hold (one owner per member number); they are
        reserved with the commit or not at all.
        """
        ...

    def append_many(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        """Each commit stands alone; the answer is in the order of the commits."""
        ...

    def find_command(self, command_id: str) -> Commit | Receipt | None:
        """What a command with this id led to, if it has been answered."""
        ...

    def remember(self, receipt: Receipt) -> None:
        """Keeps a receipt for at least 24 hours."""
        ...


def check_caps(commit: Commit) -> None:
    """Raises `TooLarge` before anything is written."""
    if len(commit.events) > MAX_EVENTS:
        raise TooLarge(f"{len(commit.events)} events in one commit, at most {MAX_EVENTS}")
    total = 0
    for event in commit.events:
        size = len(orjson.dumps(event.data))
        total += size
        if size > MAX_EVENT_BYTES:
            raise TooLarge(f"an event of {size} bytes, at most {MAX_EVENT_BYTES}")
    if total > MAX_COMMIT_BYTES:
        raise TooLarge(f"a commit of {total} bytes, at most {MAX_COMMIT_BYTES}")


def check_contiguous(stream: str, commits: Sequence[Commit], after: int) -> None:
    """A stream is 1, 2, 3 …; anything else must not be decided upon."""
    expected = after + 1
    for commit in commits:
        if commit.first != expected:
            raise Corrupt(f"{stream}: version {expected} is missing before {commit.first}")
        expected = commit.last + 1
