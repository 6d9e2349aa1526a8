"""The relay's ports in memory, over `MemoryEventStore.commits`, with the faults of the real ones.

Used by unit tests and the simulation; held to the same conformance suite as `mongo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from events.envelope import Commit
from events.errors import Fenced, Transient
from events.relay.port import Fed, Token, TokenLost
from events.store.memory import MemoryEventStore

LEASE_SECONDS = 10.0
FEED_BATCH = 1000


@dataclass(slots=True)
class Oplog:
    """Shared by all feeds of a store: tokens of an earlier generation cannot be resumed."""

    generation: int = 1

    def roll_over(self) -> None:
        """Loses every token that was given out, and every feed that is open."""
        self.generation += 1


class MemoryFeed:
    """See `Feed`. A token is the number of commits before it, and the oplog's generation."""

    def __init__(
        self, store: MemoryEventStore, oplog: Oplog | None = None, batch: int = FEED_BATCH
    ) -> None:
        self._store = store
        self._oplog = oplog or Oplog()
        self._batch = batch
        self._generation = 0
        self._next: int | None = None

    def open(self, token: Token | None) -> Token:
        self.close()
        if token is not None:
            self._check(token["generation"])
        self._generation = self._oplog.generation
        self._next = len(self._store.commits) if token is None else token["next"]
        return self._token(self._next)

    def take(self, wait_seconds: float) -> Fed:
        """Never waits: nothing else runs meanwhile."""
        if self._next is None:
            raise Transient("the feed is not open")
        self._check(self._generation)
        commits = self._store.commits[self._next : self._next + self._batch]
        self._next += len(commits)
        return Fed(commits, self._token(self._next), more=len(commits) == self._batch)

    def scan(self) -> Iterable[Commit]:
        """By `_id`, and, like a cursor, not at one moment: commits made meanwhile may appear."""
        last, length = "", -1
        rest: list[Commit] = []
        while True:
            if length != len(self._store.commits):
                length = len(self._store.commits)
                above = [commit for commit in self._store.commits if commit.id > last]
                rest = sorted(above, key=lambda one: one.id, reverse=True)
            if not rest:
                return
            commit = rest.pop()
            last = commit.id
            yield commit

    def close(self) -> None:
        self._next = None

    def _token(self, following: int) -> Token:
        return {"generation": self._generation, "next": following}

    def _check(self, generation: int) -> None:
        if generation != self._oplog.generation:
            raise TokenLost("the oplog has rolled over")


class MemoryRelayBook:
    """See `RelayBook`. One per service, shared by its relays."""

    def __init__(self) -> None:
        self._heads: dict[str, int] = {}
        self._token: Token | None = None
        self._fence = 0

    def token(self) -> Token | None:
        return self._token

    def heads(self, streams: Sequence[str]) -> Mapping[str, int]:
        return {stream: self._heads[stream] for stream in streams if stream in self._heads}

    def save(self, heads: Mapping[str, int], token: Token | None, fence: int) -> None:
        for stream, version in heads.items():
            self._heads[stream] = max(version, self._heads.get(stream, 0))
        if token is None:
            return
        if fence < self._fence:
            raise Fenced("another relay has taken over")
        self._token, self._fence = token, fence


@dataclass(slots=True)
class Tenure:
    """Who leads, until when, and how often that has changed."""

    owner: str | None = None
    until: float = 0.0
    fence: int = 0


class MemoryLease:
    """See `Lease`. `tenure` is shared by the competitors, `now` is the one clock that judges."""

    def __init__(self, tenure: Tenure, owner: str, now: Callable[[], float]) -> None:
        self._tenure = tenure
        self._owner = owner
        self._now = now
        self._fence: int | None = None
        self._renew_at = 0.0

    def acquire(self) -> int | None:
        now, held = self._now(), self._tenure
        if self._fence is not None and now < self._renew_at:
            return self._fence
        self._claim(held, now)
        self._renew_at = now + LEASE_SECONDS / 3
        ours = held.owner == self._owner and self._fence in (None, held.fence)
        self._fence = held.fence if ours else None
        return self._fence

    def release(self) -> None:
        held = self._tenure
        if (held.owner, held.fence) == (self._owner, self._fence):
            held.owner, held.until = None, 0.0
        self._fence = None

    def _claim(self, held: Tenure, now: float) -> None:
        """Renews our own tenure or takes a free one; a restarted owner gets a new number."""
        ours, free = held.owner == self._owner, held.until <= now
        if not (ours or free):
            return
        if not ours or self._fence is None:
            held.fence += 1
        held.owner, held.until = self._owner, now + LEASE_SECONDS
