"""The worker's part in webhooks: a pump, with a thread of its own, for each line it serves.

The list of subscriptions comes from the view, what each of them is from the store: what was
paused, disabled or deleted is known within a second, also while the projection is behind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial

import structlog
from pymongo.errors import PyMongoError

from events.commands import Commands
from events.deciding import Origin
from events.errors import Rejected, Transient
from events.mongodb import is_transient
from events.projection.reader import Views
from events.relay.mongo import MongoLease
from events.runtime.loop import Loop
from events.runtime.service import House
from events.types import utc_now
from gateway.directory import Directory
from gateway.platform.domain.subscription import (
    ACTIVE,
    DELETED,
    SUBSCRIPTION,
    CompleteReplay,
    DisableSubscription,
    Subscription,
    SubscriptionCommand,
)
from gateway.platform.feed.feed import Feed
from gateway.platform.feed.wanted import Wanted
from gateway.platform.webhooks.config import load_webhook_config
from gateway.platform.webhooks.courier import Address, Courier, Mailer
from gateway.platform.webhooks.egress import Sender
from gateway.platform.webhooks.keys import Keys
from gateway.platform.webhooks.line import Line
from gateway.platform.webhooks.owners import DirectoryOwners
from gateway.platform.webhooks.pump import REPLAYED, Pump, Stores
from gateway.platform.webhooks.roster import Roster
from gateway.platform.webhooks.source import FeedSource
from gateway.platform.webhooks.trying import PumpCounts

ACTOR = "webhooks"
LOOK_SECONDS = 1.0

LEASE_SECONDS = 30.0
"""Renewed each third of it, so what is left outlasts a try: no successor sends beside it."""

READERS = 500
"""Lines of one worker. Each has a client of Kafka, which is kept as long as it is used."""

log = structlog.get_logger("platform.webhooks")


@dataclass(slots=True)
class WebhookCounts:
    """What this worker has done, and what its lines wait for."""

    delivered: int = 0
    failed: int = 0
    withheld: int = 0
    dead_letters: int = 0
    waiting: int = 0
    oldest_seconds: float = 0.0
    lines: int = 0
    lines_halted: int = 0


_SUMS = tuple(one.name for one in fields(PumpCounts) if one.name not in ("waiting", "oldest_at"))


class _Running:
    """A line with its thread."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.stop = threading.Event()
        self.counts = PumpCounts()
        self.loop: Loop | None = None

    def leave(self) -> None:
        self.stop.set()
        if self.loop is not None:
            self.loop.leave()

    @property
    def alive(self) -> bool:
        return self.loop is not None and self.loop.alive

    @property
    def halted(self) -> bool:
        """Until a person pauses and resumes the subscription."""
        return self.loop is not None and self.loop.halted is not None


class Pumps:
    """A role of the worker: call `step` again and again from one thread."""

    def __init__(self, house: House) -> None:
        config = house.config
        self.counts = WebhookCounts()
        self._db = house.db
        self._commands = Commands(house.store)
        self._views = Views(house.db)
        self._stores = Stores.of(house.db)
        self._keys = Keys(house.db)
        self._sender = Sender(load_webhook_config().allow)
        self._worker = f"webhooks-{config.instance}"
        self._roster = Roster(house.db, self._worker)
        self._draining = threading.Event()
        self._feed = Feed(
            config.kafka_bootstrap,
            config.topics,
            draining=self._draining,
            readers=READERS,
            kept=READERS,
        )
        self._running: dict[str, _Running] = {}
        self._past = PumpCounts()
        self._stores.prepare()
        self._roster.prepare()
        self._directory = Directory(house.store).start()
        self._owners = DirectoryOwners(self._directory)

    def step(self, wait_seconds: float) -> int:
        """Starts and ends pumps as subscriptions come and go; while MongoDB is away, nothing."""
        try:
            self._roster.look()
            self._follow()
        except (PyMongoError, Transient) as error:
            if isinstance(error, PyMongoError) and not is_transient(error):
                raise
            log.warning("subscriptions unread", reason=type(error).__name__)
        self._count()
        self._draining.wait(LOOK_SECONDS)
        return 0

    def close(self) -> None:
        """Lets what is under way finish; others take over at once."""
        self._draining.set()
        for one in self._running.values():
            one.leave()
        for one in self._running.values():
            if one.loop is not None:
                one.loop.stop(LEASE_SECONDS)
        self._roster.leave()
        self._directory.close()
        self._feed.close()

    # --- which lines

    def _follow(self) -> None:
        wanted = {line.id: (line, of) for line, of in self._lines() if self._roster.mine(line.id)}
        for id, running in list(self._running.items()):
            if id not in wanted:
                running.leave()
            if not running.alive and not (id in wanted and running.halted):
                self._forget(self._running.pop(id))
        for id, (line, subscription) in wanted.items():
            if id not in self._running:
                self._running[id] = self._start(line, subscription)

    def _lines(self) -> Iterator[tuple[Line, Subscription]]:
        listed = self._views.collection("subscriptions").find({"status": {"$ne": DELETED}}, ["_id"])
        for document in listed:
            subscription, _ = self._commands.state(SUBSCRIPTION, document["_id"])
            yield from lines_of(subscription)

    def _start(self, line: Line, subscription: Subscription) -> _Running:
        running = _Running(line)
        make = partial(self._pump, running, subscription)
        running.loop = Loop(f"webhook {line.id}", make).start()
        return running

    def _pump(self, running: _Running, subscription: Subscription) -> Pump:
        line = running.line
        to = Address(subscription.id, subscription.url, subscription.owner)
        lease = MongoLease(
            self._db, self._worker, collection="webhook_leases", id=line.id, seconds=LEASE_SECONDS
        )
        return Pump(
            line,
            FeedSource(self._feed, Wanted(subscription.types, subscription.customer)),
            Courier(Mailer(to, self._keys, self._sender), self._owners),
            self._stores,
            lease,
            partial(self._ended, line),
            stop=running.stop,
            counts=running.counts,
        )

    def _ended(self, line: Line, cause: str) -> None:
        """Called in a pump's thread, again until the line is served no more."""
        id = line.subscription
        if cause != REPLAYED:
            self._decide(DisableSubscription(id, cause))
            log.warning("subscription disabled", subscription=id, cause=cause)
        elif line.replay:
            self._decide(CompleteReplay(id, line.replay))
            self._stores.book.end(line)

    def _decide(self, command: SubscriptionCommand) -> None:
        origin = Origin(actor=ACTOR, occurred_at=utc_now())
        try:
            self._commands.execute(SUBSCRIPTION, command.subscription_id, command, origin)
        except Rejected as refusal:
            log.info("webhooks refused", reason=refusal.code)

    def _forget(self, running: _Running) -> None:
        """The line is served no more, here at least."""
        subscription, _ = self._commands.state(SUBSCRIPTION, running.line.subscription)
        if subscription.status == DELETED:
            # Once more: the pump may have written something meanwhile.
            self._stores.drop(subscription.id)
            self._keys.drop(subscription.id)
        for name in _SUMS:
            setattr(self._past, name, getattr(self._past, name) + getattr(running.counts, name))

    # --- figures

    def _count(self) -> None:
        counts = [one.counts for one in self._running.values()]
        for name in _SUMS:
            sums = (getattr(one, name) for one in (self._past, *counts))
            setattr(self.counts, name, sum(sums))
        self.counts.waiting = sum(one.waiting for one in counts)
        oldest = min((one.oldest_at for one in counts if one.oldest_at), default=None)
        self.counts.oldest_seconds = round(_age(oldest), 3)
        self.counts.lines = len(self._running)
        self.counts.lines_halted = sum(one.halted for one in self._running.values())


def lines_of(subscription: Subscription) -> Iterator[tuple[Line, Subscription]]:
    """Its live line and its replays, while it is active."""
    if subscription.status != ACTIVE or subscription.starts_at is None:
        return
    yield Line(subscription.id, subscription.starts_at), subscription
    for id, period in subscription.replays.items():
        yield Line(subscription.id, period.since, id, period.until), subscription


def _age(at: datetime | None) -> float:
    return max(0.0, (utc_now() - at).total_seconds()) if at else 0.0
