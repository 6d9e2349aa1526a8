"""From a command to a durable commit: load, decide, append, and again when somebody was faster.

States are cached by stream. A cached state may be old, so nothing that it leads to is believed
without proof: an append proves it (the version was free), a refusal is decided again on the
stream as the store has it. In the common case a command costs one write and no read.
"""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from events.contracts.base import Fact
from events.contracts.upcasting import upcast
from events.crashing import crash_point
from events.deciding import Decider, Origin, Scope
from events.envelope import Commit, Event
from events.errors import (
    Forbidden,
    KeyReused,
    NotFound,
    PreconditionFailed,
    Rejected,
    VersionConflict,
)
from events.store.port import Appended, EventStore, Receipt
from events.types import StreamId, Version, new_id, utc_now

TRIES = 3
"""How often a lost race is decided again before the caller gets the conflict."""

CACHED_STATES = 10_000


Permit = Callable[[Scope], bool]


def everywhere(_scope: Scope) -> bool:
    """What acts on the service's own behalf reaches everything."""
    return True


@dataclass(frozen=True, slots=True)
class Done:
    """What a command led to. No `event_ids`: nothing had to happen."""

    stream: StreamId
    first: Version
    version: Version
    event_ids: tuple[str, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A stream's state at a version; `key` is the partition key that its first commit fixed."""

    state: Any
    version: Version
    key: str | None


class Commands:
    """Runs deciders against a store. One per process, shared by its threads."""

    def __init__(self, store: EventStore, pause: Callable[[float], None] = time.sleep) -> None:
        self.store = store
        self._pause = pause
        self._cache: OrderedDict[StreamId, Known] = OrderedDict()
        self._lock = threading.Lock()

    def execute(
        self,
        decider: Decider[Any, Any],
        aggregate_id: str,
        command: Any,
        origin: Origin,
        *,
        expected: Version | None = None,
        permit: Permit = everywhere,
    ) -> Done:
        """`expected` is the version that the caller saw; None lets a lost race be decided again.
        `permit` says which places the caller reaches: a record elsewhere is not there for him.

        Raises what `decide` raises, `PreconditionFailed`, `VersionConflict`, `KeyReused`,
        `NotFound` for a record out of reach, `Forbidden` for a new one that would be.
        """
        stream = StreamId.of(decider.aggregate, aggregate_id)
        try:
            return self._race(decider, stream, command, origin, expected, permit)
        except (Rejected, PreconditionFailed, VersionConflict):
            answered = self._answered(origin)
            if answered is None:
                raise
            return answered

    @staticmethod
    def stream_of(decider: Decider[Any, Any], aggregate_id: str) -> StreamId:
        return StreamId.of(decider.aggregate, aggregate_id)

    def state(self, decider: Decider[Any, Any], aggregate_id: str) -> tuple[Any, Version]:
        """The state as the store has it now, and its version."""
        known = self._reload(decider, StreamId.of(decider.aggregate, aggregate_id))
        return known.state, known.version

    def propose(
        self,
        decider: Decider[Any, Any],
        stream: StreamId,
        command: Any,
        origin: Origin,
        pending: Commit | None = None,
    ) -> Commit | None:
        """Decides on the store's truth without appending: for callers with a transaction.

        `pending` is the stream's last commit of that transaction, if it has one already.
        """
        known = self._reload(decider, stream)
        if pending is not None:
            known = _after(decider, known, pending)
        facts = decider.decide(known.state, command)
        return self.commit_of(decider, stream, known, facts, origin) if facts else None

    def _race(
        self,
        decider: Decider[Any, Any],
        stream: StreamId,
        command: Any,
        origin: Origin,
        expected: Version | None,
        permit: Permit,
    ) -> Done:
        known = self._recall(decider, stream, expected)
        for attempt in range(1, TRIES + 1):
            if known is None or attempt > 1:
                known = self._reload(decider, stream)
                fresh = True
            else:
                fresh = known.version == 0 and expected == 0
            try:
                _within(permit, decider, stream, known, fresh=fresh)
                if expected is not None and known.version != expected:
                    raise PreconditionFailed(stream, expected, known.version)
                return self._decide(decider, stream, known, command, origin, permit, fresh=fresh)
            except _Stale:
                continue
            except VersionConflict:
                self._forget(stream)
                if attempt == TRIES:
                    raise
                self._pause(random.uniform(0, 0.01) * attempt)
        raise VersionConflict(stream, known.version + 1 if known else 1)

    def _decide(
        self,
        decider: Decider[Any, Any],
        stream: StreamId,
        known: Known,
        command: Any,
        origin: Origin,
        permit: Permit,
        *,
        fresh: bool,
    ) -> Done:
        try:
            facts = decider.decide(known.state, command)
        except Rejected:
            if fresh:
                raise
            raise _Stale from None
        if not facts:
            if not fresh:
                raise _Stale
            return self._nothing(stream, known, origin)
        commit = self.commit_of(decider, stream, known, facts, origin)
        if not known.version and not permit(commit.events[0].scope):
            raise Forbidden(f"a {decider.aggregate} can't be made there by this caller")
        claims = [claim for one in facts for claim in decider.claims(one)]
        appended = self.store.append(commit, claims)
        crash_point("store.after_append")
        if not appended.replayed:
            state = decider.fold(facts, known.state)
            self._keep(stream, Known(state, commit.last, commit.key))
        return _done(appended)

    def commit_of(
        self,
        decider: Decider[Any, Any],
        stream: StreamId,
        known: Known,
        facts: Sequence[Fact],
        origin: Origin,
    ) -> Commit:
        """Facts with their envelope, as the next commit of the stream."""
        state = decider.fold(facts, known.state)
        subject = decider.subject(state)
        key = known.key or subject or stream
        scope = origin.scope or decider.scope(state)
        recorded_at = utc_now()
        correlation = origin.correlation_id or new_id()
        events = tuple(
            Event(
                id=new_id(),
                type=one.type,
                stream=stream,
                version=Version(known.version + index),
                key=key,
                subject=one.data.get("customer_id") or subject,
                source=self.store.context,
                occurred_at=origin.occurred_at,
                recorded_at=recorded_at,
                actor=origin.actor,
                correlation_id=correlation,
                causation_id=origin.causation_id,
                backfilled=origin.backfilled,
                scope=scope,
                epoch=self.store.epoch,
                traceparent=origin.traceparent,
                data=one.data,
            )
            for index, one in enumerate(facts, start=1)
        )
        return Commit(stream, key, events, origin.command_id, origin.command_hash)

    def _nothing(self, stream: StreamId, known: Known, origin: Origin) -> Done:
        """Nothing is left to do, perhaps because this very command has done it before."""
        answered = self._answered(origin)
        if answered is not None:
            return answered
        if origin.command_id:
            self.store.remember(
                Receipt(origin.command_id, origin.command_hash, stream, known.version)
            )
        return Done(stream, known.version, known.version, ())

    def _answered(self, origin: Origin) -> Done | None:
        """The answer that this command got before, if it did."""
        if not origin.command_id:
            return None
        before = self.store.find_command(origin.command_id)
        if before is None:
            return None
        if before.command_hash != origin.command_hash:
            raise KeyReused(origin.command_id)
        if isinstance(before, Receipt):
            return Done(before.stream, before.version, before.version, (), replayed=True)
        return _done(Appended(before, replayed=True))

    def _recall(
        self, decider: Decider[Any, Any], stream: StreamId, expected: Version | None
    ) -> Known | None:
        """The cached state, when it can serve: it must be at the version that the caller saw."""
        if expected == 0:
            return Known(decider.initial, Version(0), None)
        with self._lock:
            known = self._cache.get(stream)
        return known if known and expected in (None, known.version) else None

    def _reload(self, decider: Decider[Any, Any], stream: StreamId) -> Known:
        with self._lock:
            known = self._cache.get(stream)
        known = known or Known(decider.initial, Version(0), None)
        for commit in self.store.load(stream, known.version):
            known = _after(decider, known, commit)
        if known.version:
            self._keep(stream, known)
        return known

    def _keep(self, stream: StreamId, known: Known) -> None:
        with self._lock:
            held = self._cache.get(stream)
            if held is None or held.version <= known.version:
                self._cache[stream] = known
                self._cache.move_to_end(stream)
            while len(self._cache) > CACHED_STATES:
                self._cache.popitem(last=False)

    def _forget(self, stream: StreamId) -> None:
        with self._lock:
            self._cache.pop(stream, None)


class _Stale(Exception):
    """A refusal on a cached state: decide again on the store's."""


def _within(
    permit: Permit, decider: Decider[Any, Any], stream: StreamId, known: Known, *, fresh: bool
) -> None:
    """A record out of reach is not told from one that is not there."""
    if known.version and not permit(decider.scope(known.state)):
        if fresh:
            raise NotFound(decider.aggregate, stream.id)
        raise _Stale


def _after(decider: Decider[Any, Any], known: Known, commit: Commit) -> Known:
    facts = [Fact(*upcast(event.type, dict(event.data))) for event in commit.events]
    return Known(decider.fold(facts, known.state), commit.last, commit.key)


def _done(appended: Appended) -> Done:
    commit = appended.commit
    ids = tuple(event.id for event in commit.events)
    return Done(commit.stream, commit.first, commit.last, ids, appended.replayed)
