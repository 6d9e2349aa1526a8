"""Publishes what the store holds, in commit order.

One rule keeps the order through every failure: **go back**. When any record is not acknowledged,
the producer is closed and everything since the saved token is sent again. A single record is
never retried, because that would put it behind its successors. Readers drop the duplicates. When
the token itself is lost, the store is scanned against the published heads.

A batch is on its way while the next one is read and sent, and what has arrived is saved now and
then: heads and token lag behind the log, never the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from events.crashing import crash_point
from events.envelope import Commit, Event
from events.errors import Fenced, Transient
from events.log.port import Producer, Sending
from events.relay.port import Feed, Lease, RelayBook, Token, TokenLost
from events.types import utc_now

log = structlog.get_logger(__name__)

SAVE_SECONDS = 0.25
"""How long heads and token may lag: what a crash makes the successor publish again."""

QUIET_SECONDS = 5.0
"""How often a quiet service saves its token, which must not grow older than the oplog."""

BATCH_EVENTS = 1000
"""Sent together; a larger batch makes a failure dearer, not the send faster."""

MOST_REPLIES = 20
"""Of the feed in one step, when it has ever more: between steps the lease is renewed."""


@dataclass(slots=True)
class RelayCounts:
    """What a relay has done since it started."""

    published: int = 0
    restarts: int = 0
    recoveries: int = 0


@dataclass(frozen=True, slots=True)
class Shipment:
    """Commits to be sent together, and the position after them where one is known."""

    commits: Sequence[Commit]
    token: Token | None = None

    def events(self) -> list[Event]:
        return [event for commit in self.commits for event in commit.events]


@dataclass(slots=True)
class Unsaved:
    """What has arrived since the last saving."""

    heads: dict[str, int] = field(default_factory=dict)
    token: Token | None = None


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
        self._unsaved = Unsaved()
        self._saved_at = -QUIET_SECONDS

    @property
    def leading(self) -> bool:
        return self._open

    def step(self, wait_seconds: float) -> int:
        """Publishes what is there; returns how many events, 0 also when another relay leads.

        All of them have arrived when it returns. Raises `Transient` after having gone back to the
        saved token.
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
        """Saves what has arrived and releases the lease: another relay can take over at once."""
        try:
            fence = self._lease.acquire() if self._open else None
            if fence is not None:
                self._save(fence)
        except (Fenced, Transient) as error:
            log.info("relay.not_saved", reason=str(error))
        self._reset()
        self._lease.release()

    def republish(self, commits: Iterable[Commit], fence: int) -> int:
        """Publishes the events that are above the published heads; returns how many."""
        published = self._publish(map(self._missing, _shipments(commits)), fence)
        self._save(fence)
        return published

    def _publish_next(self, fence: int, wait_seconds: float) -> int:
        try:
            if not self._open:
                self._start(fence)
            published = self._publish(self._fed(wait_seconds), fence)
        except TokenLost:
            log.error("relay.token_lost")
            self._reset()
            self._recover(fence)
            return 0
        if not published:
            self.behind_seconds = 0.0
        return published

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

    def _missing(self, shipment: Shipment) -> Shipment:
        heads = self._book.heads(list({commit.stream for commit in shipment.commits}))
        return Shipment([one for one in shipment.commits if one.last > heads.get(one.stream, 0)])

    def _fed(self, wait_seconds: float) -> Iterator[Shipment]:
        """What the feed has now; only the first reply is waited for."""
        for _ in range(MOST_REPLIES):
            fed = self._feed.take(wait_seconds)
            yield from _shipments(fed.commits, fed.token)
            if not fed.more:
                return
            wait_seconds = 0

    def _publish(self, shipments: Iterable[Shipment], fence: int) -> int:
        """Sends each while the one before it is on its way; returns how many events."""
        published = 0
        ahead: tuple[Shipment, Sending] | None = None
        for shipment in shipments:
            following = (shipment, self._send(shipment.events()))
            if ahead:
                published += self._land(*ahead, fence)
            ahead = following
        if ahead:
            published += self._land(*ahead, fence)
        return published

    def _send(self, events: Sequence[Event]) -> Sending:
        if not events:
            return NOTHING_SENT
        if self._producer is None:
            self._producer = self._make_producer()
        return self._producer.send(events)

    def _land(self, shipment: Shipment, sending: Sending, fence: int) -> int:
        """Waits until it has arrived; only then may its heads and token be saved."""
        sending.wait()
        if shipment.commits:
            crash_point("relay.after_send")
            oldest = shipment.commits[0].events[0].recorded_at
            self.behind_seconds = max(0.0, (utc_now() - oldest).total_seconds())
        arrived = sum(len(commit.events) for commit in shipment.commits)
        self.counts.published += arrived
        self._unsaved.heads.update((commit.stream, commit.last) for commit in shipment.commits)
        self._unsaved.token = shipment.token or self._unsaved.token
        pause = SAVE_SECONDS if self._unsaved.heads else QUIET_SECONDS
        if self._now() - self._saved_at >= pause:
            self._save(fence)
        return arrived

    def _save(self, fence: int) -> None:
        unsaved, self._unsaved = self._unsaved, Unsaved()
        self._book.save(unsaved.heads, unsaved.token, fence)
        self._saved_at = self._now()
        crash_point("relay.after_checkpoint")

    def _reset(self) -> None:
        """Forgets everything in flight: what was not saved will be sent again."""
        if self._open:
            self._feed.close()
        self._open = False
        self._unsaved = Unsaved()
        if self._producer is not None:
            producer, self._producer = self._producer, None
            producer.close()


class _NothingSent:
    def wait(self) -> None:
        """Has arrived already."""


NOTHING_SENT: Sending = _NothingSent()


def _shipments(commits: Iterable[Commit], token: Token | None = None) -> Iterator[Shipment]:
    """Splits between commits, about `BATCH_EVENTS` events each; the last has the token."""
    batch: list[Commit] = []
    size = 0
    for commit in commits:
        if size >= BATCH_EVENTS:
            yield Shipment(batch)
            batch, size = [], 0
        batch.append(commit)
        size += len(commit.events)
    yield Shipment(batch, token)
