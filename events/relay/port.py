"""What a relay needs: a feed of commits in commit order, and a place for what it has done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from events.envelope import Commit

Token = Mapping[str, Any]
"""Opaque position in the feed; resuming after it misses nothing."""


class TokenLost(Exception):
    """The feed cannot be resumed there: the oplog rolled over, or a backup was restored."""


@dataclass(frozen=True, slots=True)
class Fed:
    """Commits in commit order, and the token after the last of them (also when there are none).

    `more`: others are waiting already, as far as one can tell without asking.
    """

    commits: Sequence[Commit]
    token: Token
    more: bool = False


class Feed(Protocol):
    """The service's commits as they become durable."""

    def open(self, token: Token | None) -> Token:
        """Starts after the token, or now; returns the token of that moment. May raise TokenLost."""
        ...

    def take(self, wait_seconds: float) -> Fed:
        """The next commits, or none after waiting. Raises `Transient` or `TokenLost`."""
        ...

    def scan(self) -> Iterable[Commit]:
        """Every commit of the store, each stream in order."""
        ...

    def close(self) -> None: ...


class RelayBook(Protocol):
    """What has been published. Saving is refused to a relay whose lease is gone (`Fenced`)."""

    def token(self) -> Token | None: ...

    def heads(self, streams: Sequence[str]) -> Mapping[str, int]:
        """Last published version of each of the streams that has one."""
        ...

    def save(self, heads: Mapping[str, int], token: Token | None, fence: int) -> None:
        """Heads first, then the token; heads never go back."""
        ...


class Lease(Protocol):
    """At most one leader, judged by one clock. A zombie is harmless, but wasteful."""

    def acquire(self) -> int | None:
        """The fencing number when we lead, else None. It grows with every change of leader."""
        ...

    def release(self) -> None: ...
