"""Publishes what the store holds, in commit order.

One rule keeps the order through every failure: **go back**. When any record of a batch is not
acknowledged, the producer is closed and everything since the saved token is sent again. A single
record is never retried, because that would put it behind its successors. Readers drop the
duplicates. When the token itself is lost, the store is scanned against the published heads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from events.crashing import crash_point
from events.envelope import Commit, Event
from events.errors import Fenced, Transient
from events.log.port import Producer
from events.relay.port import Feed, Lease, RelayBook, Token, TokenLost
from events.types import utc_now

log = structlog.get_logger(__name__)

QUIET_SECONDS = 5.0
"""How often a quiet service saves its token, which must not grow older than the oplog."""

BATCH_EVENTS = 1000
"""Sent and acknowledged together; a larger batch makes a failure dearer, not the send faster."""


@dataclass(slots=True)
class RelayCounts:
    """What a relay has done since it started."""

    published: int = 0
    restarts: int = 0
    recoveries: int = 0


class Relay:
    """One service's relay. Call `step` again and again from one thread."""

    def __init__(
        self,
        feed: Feed,
        book: RelayBook,
        lease: Lease,
        producer: Callable[[], Producer],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts = RelayCounts()
        self.behind_seconds: float | None = None
        self._feed = feed
        self._book = book
        self._lease = lease
        self._make_producer = producer
        self._producer: Producer | None = None
        self._open = False
        self._now = now
        self._saved_at = 0.0

    @property
    def leading(self) -> bool:
        return self._open

    def step(self, wait_seconds: float) -> int:
        """Publishes what is there; returns how many events, 0 also when another relay leads.

        Raises `Transient` after having gone back to the saved token.
        """
        fence = self._lease.acquire()
        if fence is None:
            self._reset()
            if wait_seconds:
                time.sleep(wait_seconds)
            return 0
        try:
            return self._publish_next(fence, wait_seconds)
        except Fenced:
            self._reset()
            self._lease.release()
            return 0
        except Transient:
            self.counts.restarts += 1
            self._reset()
            raise

    def close(self) -> None:
        """Releases the lease, so that another relay can take over at once."""
        self._reset()
        self._lease.release()

    def _publish_next(self, fence: int, wait_seconds: float) -> int:
        try:
            if not self._open:
                self._start(fence)
            fed = self._feed.take(wait_seconds)
        except TokenLost:
            log.error("relay.token_lost")
            self._recover(fence)
            return 0
        return self._publish(fed.commits, fed.token, fence)

    def _start(self, fence: int) -> None:
        token = self._book.token()
        if token is None:
            self._recover(fence)
        else:
            self._feed.open(token)
            self._open = True

    def _recover(self, fence: int) -> None:
        """Holds a new token first, then publishes what the heads lack, then goes on from it."""
        self.counts.recoveries += 1
        self._feed.close()
        token = self._feed.open(None)
        self.republish(self._feed.scan(), fence)
        self._book.save({}, token, fence)
        self._open = True

    def republish(self, commits: Iterable[Commit], fence: int) -> int:
        """Publishes the events that are above the published heads; returns how many."""
        published = 0
        for batch in _batches(commits):
            heads = self._book.heads(list({commit.stream for commit in batch}))
            missing = [c for c in batch if c.last > heads.get(c.stream, 0)]
            published += self._publish(missing, None, fence)
        return published

    def _publish(self, commits: Sequence[Commit], token: Token | None, fence: int) -> int:
        published = 0
        for batch in _batches(commits):
            events = [event for commit in batch for event in commit.events]
            self._send(events)
            crash_point("relay.after_send")
            self._book.save({commit.stream: commit.last for commit in batch}, None, fence)
            published += len(events)
            oldest = batch[0].events[0].recorded_at
            self.behind_seconds = max(0.0, (utc_now() - oldest).total_seconds())
        if token is not None and (commits or self._now() - self._saved_at > QUIET_SECONDS):
            self._book.save({}, token, fence)
            self._saved_at = self._now()
            crash_point("relay.after_checkpoint")
        if not commits:
            self.behind_seconds = 0.0
        self.counts.published += published
        return published

    def _send(self, events: Sequence[Event]) -> None:
        if self._producer is None:
            self._producer = self._make_producer()
        self._producer.send(events)

    def _reset(self) -> None:
        """Forgets everything in flight: what was not checkpointed will be sent again."""
        if self._open:
            self._feed.close()
        self._open = False
        if self._producer is not None:
            producer, self._producer = self._producer, None
            producer.close()


def _batches(commits: Iterable[Commit]) -> Iterator[list[Commit]]:
    """Splits between commits, about `BATCH_EVENTS` events each."""
    batch: list[Commit] = []
    size = 0
    for commit in commits:
        batch.append(commit)
        size += len(commit.events)
        if size >= BATCH_EVENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
