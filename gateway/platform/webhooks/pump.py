"""Drives one line: reads the log in order, and sends each event until it has arrived.

Events of one key (a customer) go strictly one after the other, those of different keys beside one
another. What fails goes to the spool, and what follows it of its key waits there behind it, so
that the others go on. The cursor is saved only over events that were delivered or are in the
spool: whenever the process dies, nothing is lost, and a few are sent twice.

A pump has threads of its own: a receiver that is slow keeps nobody waiting but itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

from pymongo.errors import PyMongoError

from events.crashing import crash_point
from events.envelope import Event
from events.errors import Transient
from events.mongodb import Db, is_transient
from events.relay.port import Lease
from gateway.platform.webhooks.book import Book, Standing
from gateway.platform.webhooks.deliveries import Deliveries
from gateway.platform.webhooks.line import Item, Line, Source, key_of
from gateway.platform.webhooks.schedule import Verdict
from gateway.platform.webhooks.spool import Entry, Head, Spool
from gateway.platform.webhooks.trying import Courier, PumpCounts, Rules, Trying

PAGE = 100
LANES = 8
"""Keys that are served beside one another."""

SPOOL_MOST = 1_000
"""With so many waiting the log is read no further: a receiver that is down for days must not turn
the log into a copy."""

CHAIN = 50
"""Entries of one key that are sent in one go."""

GONE, FAILING, REPLAYED = "gone", "failing", "replayed"
"""Why a line is over: the receiver said so, nothing arrived for days, or a replay is through."""

Ended = Callable[[str], None]
"""Told why a line is over, again until it has been taken note of."""


@dataclass(frozen=True)
class Stores:
    """Where lines are kept."""

    book: Book
    spool: Spool
    deliveries: Deliveries

    @classmethod
    def of(cls, db: Db) -> Stores:
        return cls(Book(db), Spool(db), Deliveries(db))

    def prepare(self) -> None:
        for store in (self.book, self.spool, self.deliveries):
            store.prepare()

    def drop(self, subscription: str) -> None:
        """Everything about it."""
        for store in (self.book, self.spool, self.deliveries):
            store.drop(subscription)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An event with its place in the page and in the line."""

    index: int
    sequence: int
    event: Event


class Pump:
    """Call `step` again and again from one thread. `stop` ends a step early."""

    def __init__(
        self,
        line: Line,
        source: Source,
        courier: Courier,
        stores: Stores,
        lease: Lease,
        ended: Ended,
        *,
        rules: Rules | None = None,
        stop: threading.Event | None = None,
        counts: PumpCounts | None = None,
        spool_most: int = SPOOL_MOST,
    ) -> None:
        self.line = line
        self._rules = rules or Rules()
        self.counts = counts or PumpCounts()
        self.trying = Trying(line, courier, stores.deliveries, self._rules, self.counts)
        self._source = source
        self._stores = stores
        self._lease = lease
        self._fence: int | None = None
        self._leading = threading.Lock()
        self._tell_end = ended
        self._over: str | None = None
        self._stop = stop or threading.Event()
        self._spool_most = spool_most
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix=f"webhook {line.id}")
        self._known: Standing | None = None

    def step(self, wait_seconds: float) -> int:
        """Tries what is due again, then the next events of the log; returns how many tries."""
        try:
            return self._step()
        except PyMongoError as error:
            if is_transient(error):
                raise Transient(str(error)[:200]) from error
            raise

    def close(self) -> None:
        """Waits for what is under way: each try has its deadline."""
        self._lanes.shutdown(wait=True)
        self._lease.release()

    def _step(self) -> int:
        if self._over:
            self._tell_end(self._over)
            return self._idle()
        if not self._leads() or not self.trying.ready:
            return self._idle()
        before = self._tries
        heads = self._retry(self._stores.spool.heads(self.line))
        if self._goes_on:
            self._read_on(heads)
        self._stores.deliveries.flush()
        self._judge()
        return self._tries - before

    @property
    def _tries(self) -> int:
        return self.counts.delivered + self.counts.failed

    # --- what waits

    def _retry(self, heads: Sequence[Head]) -> Sequence[Head]:
        """Tries what is due; returns what waits afterwards."""
        now = self._rules.now()
        if due := [head.key for head in heads if head.next_at <= now]:
            self._side_by_side([partial(self._again, key) for key in due])
            heads = self._stores.spool.heads(self.line)
        self.counts.waiting = sum(head.count for head in heads)
        self.counts.oldest_at = min((head.since for head in heads), default=None)
        return heads

    def _again(self, key: str) -> None:
        """The head of a key once more, and when it arrives what waits behind it."""
        arrived: list[Entry] = []
        try:
            for entry in self._stores.spool.waiting(self.line, key, CHAIN):
                early = entry.next_at > self._rules.now()
                if early or not self._goes_on or self.trying.held or not self._arrives(entry):
                    return
                arrived.append(entry)
        finally:
            self._stores.spool.done(arrived)

    def _arrives(self, entry: Entry) -> bool:
        following, tried = self.trying.attempt(entry.event, entry.attempts + 1, entry.first_at)
        if following.at is not None and tried is not None:
            self._stores.spool.try_again(entry, tried, following.at)
        if following.verdict is Verdict.DEAD and tried is not None:
            self._stores.spool.bury(entry, tried, self._rules.now())
        return following.verdict is Verdict.DELIVERED

    # --- what comes

    def _read_on(self, heads: Sequence[Head]) -> None:
        standing = self._standing
        if standing.read and not heads:
            self._over = REPLAYED
            return
        patience = self._until_due(heads)
        if standing.read or self.counts.waiting >= self._spool_most:
            self._idle(patience)
            return
        page = self._source.read(standing.cursor, PAGE, patience)
        done = self._deliver(page.items, {head.key for head in heads}, standing.sequence)
        crash_point("webhook.before_cursor")
        if done == len(page.items):
            read = page.caught_up and self.line.replay is not None
            self._advance(page.next_cursor, done, read=read)
        elif done:
            self._advance(page.items[done - 1].cursor, done)

    def _until_due(self, heads: Sequence[Head]) -> float:
        now = self._rules.now()
        seconds = [(head.next_at - now).total_seconds() for head in heads]
        return max(0.0, min([self._rules.idle_seconds, *seconds]))

    def _deliver(self, items: Sequence[Item], busy: set[str], sequence: int) -> int:
        """Sends a page; returns how many of its first items are delivered or in the spool."""
        keys: dict[str, list[_Numbered]] = {}
        settled = [not self.line.covers(item.event) for item in items]
        for index, item in enumerate(items):
            if not settled[index]:
                one = _Numbered(index, sequence + index + 1, item.event)
                keys.setdefault(key_of(item.event), []).append(one)
        self._side_by_side(
            [
                partial(self._queue if key in busy else self._first, events, settled)
                for key, events in keys.items()
            ]
        )
        return settled.index(False) if False in settled else len(items)

    def _first(self, events: Sequence[_Numbered], settled: list[bool]) -> None:
        """The first try of each event of a key, in their order, up to one that fails."""
        spool = self._stores.spool
        for place, one in enumerate(events):
            if not self._goes_on:
                return
            if self.trying.held:
                self._queue(events[place:], settled)
                return
            following, tried = self.trying.attempt(one.event, 1, None)
            if following.verdict in (Verdict.GONE, Verdict.LATER):
                return
            if following.verdict is not Verdict.DELIVERED:
                now = self._rules.now()
                spool.put(self.line, [(one.sequence, one.event)], now, following.at, tried)
            settled[one.index] = True
            if following.verdict is Verdict.AGAIN:
                self._queue(events[place + 1 :], settled)
                return

    def _queue(self, events: Sequence[_Numbered], settled: list[bool]) -> None:
        """They wait for those before them in the spool, and for the receiver's leave."""
        now = self._rules.now()
        numbered = [(one.sequence, one.event) for one in events]
        self._stores.spool.put(self.line, numbered, now, self.trying.held_until or now)
        for one in events:
            settled[one.index] = True

    def _side_by_side(self, lanes: Sequence[Callable[[], None]]) -> None:
        """Runs all of them, some at a time; raises the first error after all have ended."""
        running = [self._lanes.submit(lane) for lane in lanes]
        wait(running)
        for one in running:
            one.result()

    # --- how far, and whether at all

    @property
    def _goes_on(self) -> bool:
        """Whether another event may be sent. A lease that was renewed just now outlasts a try."""
        return not self._stop.is_set() and not self.trying.gone and self._leads()

    def _leads(self) -> bool:
        with self._leading:
            self._fence = self._lease.acquire()
            return self._fence is not None

    @property
    def _standing(self) -> Standing:
        if self._known is None:
            found = self._stores.book.standing(self.line)
            self._known = found or Standing(self._source.start(self.line.since))
        return self._known

    def _judge(self) -> None:
        """Since when there was nothing but failures, and whether that is too long."""
        successes, failures = self.trying.tally()
        now = self._rules.now()
        before = self._standing.failing_since
        since = None if successes else before or (now if failures else None)
        if since != before:
            self._keep(replace(self._standing, failing_since=since))
        if self.trying.gone:
            self._over = GONE
        elif failures and self._rules.schedule.hopeless(since, now):
            self._over = FAILING

    def _advance(self, cursor: str, more: int, *, read: bool = False) -> None:
        standing = self._standing
        if more or read or cursor != standing.cursor:
            sequence = standing.sequence + more
            self._keep(replace(standing, cursor=cursor, sequence=sequence, read=read))

    def _keep(self, standing: Standing) -> None:
        if self._fence is not None:
            self._stores.book.save(self.line, standing, self._fence)
            self._known = standing

    def _idle(self, seconds: float | None = None) -> int:
        self._stop.wait(self._rules.idle_seconds if seconds is None else seconds)
        return 0
